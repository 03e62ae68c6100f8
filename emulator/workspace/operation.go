package workspace

import (
	"errors"
	"net/http"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// Operation is the name of a control-plane operation, which is also that of its
// IAM action [D service authorization reference].
type Operation string

// The operations, all of the API model [D].
const (
	ListWorkspaces                      Operation = "ListWorkspaces"
	CreateWorkspace                     Operation = "CreateWorkspace"
	DeleteWorkspace                     Operation = "DeleteWorkspace"
	DescribeWorkspace                   Operation = "DescribeWorkspace"
	UpdateWorkspaceAlias                Operation = "UpdateWorkspaceAlias"
	ListRuleGroupsNamespaces            Operation = "ListRuleGroupsNamespaces"
	CreateRuleGroupsNamespace           Operation = "CreateRuleGroupsNamespace"
	DeleteRuleGroupsNamespace           Operation = "DeleteRuleGroupsNamespace"
	DescribeRuleGroupsNamespace         Operation = "DescribeRuleGroupsNamespace"
	PutRuleGroupsNamespace              Operation = "PutRuleGroupsNamespace"
	DeleteAlertManagerDefinition        Operation = "DeleteAlertManagerDefinition"
	DescribeAlertManagerDefinition      Operation = "DescribeAlertManagerDefinition"
	CreateAlertManagerDefinition        Operation = "CreateAlertManagerDefinition"
	PutAlertManagerDefinition           Operation = "PutAlertManagerDefinition"
	DeleteLoggingConfiguration          Operation = "DeleteLoggingConfiguration"
	DescribeLoggingConfiguration        Operation = "DescribeLoggingConfiguration"
	CreateLoggingConfiguration          Operation = "CreateLoggingConfiguration"
	UpdateLoggingConfiguration          Operation = "UpdateLoggingConfiguration"
	DeleteQueryLoggingConfiguration     Operation = "DeleteQueryLoggingConfiguration"
	DescribeQueryLoggingConfiguration   Operation = "DescribeQueryLoggingConfiguration"
	CreateQueryLoggingConfiguration     Operation = "CreateQueryLoggingConfiguration"
	UpdateQueryLoggingConfiguration     Operation = "UpdateQueryLoggingConfiguration"
	DescribeWorkspaceConfiguration      Operation = "DescribeWorkspaceConfiguration"
	UpdateWorkspaceConfiguration        Operation = "UpdateWorkspaceConfiguration"
	DeleteResourcePolicy                Operation = "DeleteResourcePolicy"
	DescribeResourcePolicy              Operation = "DescribeResourcePolicy"
	PutResourcePolicy                   Operation = "PutResourcePolicy"
	GetDefaultScraperConfiguration      Operation = "GetDefaultScraperConfiguration"
	ListScrapers                        Operation = "ListScrapers"
	CreateScraper                       Operation = "CreateScraper"
	DeleteScraper                       Operation = "DeleteScraper"
	DescribeScraper                     Operation = "DescribeScraper"
	UpdateScraper                       Operation = "UpdateScraper"
	DeleteScraperLoggingConfiguration   Operation = "DeleteScraperLoggingConfiguration"
	DescribeScraperLoggingConfiguration Operation = "DescribeScraperLoggingConfiguration"
	UpdateScraperLoggingConfiguration   Operation = "UpdateScraperLoggingConfiguration"
	ListAnomalyDetectors                Operation = "ListAnomalyDetectors"
	CreateAnomalyDetector               Operation = "CreateAnomalyDetector"
	DeleteAnomalyDetector               Operation = "DeleteAnomalyDetector"
	DescribeAnomalyDetector             Operation = "DescribeAnomalyDetector"
	PutAnomalyDetector                  Operation = "PutAnomalyDetector"
	UntagResource                       Operation = "UntagResource"
	ListTagsForResource                 Operation = "ListTagsForResource"
	TagResource                         Operation = "TagResource"
)

// operation is what the API model says of an operation.
type operation struct {
	name   Operation
	method string
	// path has the members of Call in braces.
	path string
	// status is that of success: 204 for UpdateWorkspaceAlias, 202 for the other
	// mutations, 200 for what reads and for tags.
	status int
	// errors are those that the operation declares: AccessDenied, Conflict,
	// InternalServer, ResourceNotFound, ServiceQuotaExceeded, Throttling,
	// Validation.
	errors string
}

// operationCount is how many operations the API has.
const operationCount = 44

// operations returns the table of the API model [D botocore, SDK].
func operations() [operationCount]operation {
	return [operationCount]operation{
		{ListWorkspaces, http.MethodGet, "/workspaces", http.StatusOK, "AITV"},
		{CreateWorkspace, http.MethodPost, "/workspaces", http.StatusAccepted, "ACIQTV"},
		{DeleteWorkspace, http.MethodDelete, "/workspaces/{workspaceId}", http.StatusAccepted, "ACINTV"},
		{DescribeWorkspace, http.MethodGet, "/workspaces/{workspaceId}", http.StatusOK, "AINTV"},
		{UpdateWorkspaceAlias, http.MethodPost, "/workspaces/{workspaceId}/alias", http.StatusNoContent, "ACINQTV"},
		{ListRuleGroupsNamespaces, http.MethodGet, "/workspaces/{workspaceId}/rulegroupsnamespaces", http.StatusOK, "AINTV"},
		{CreateRuleGroupsNamespace, http.MethodPost, "/workspaces/{workspaceId}/rulegroupsnamespaces", http.StatusAccepted, "ACINQTV"},
		{DeleteRuleGroupsNamespace, http.MethodDelete, "/workspaces/{workspaceId}/rulegroupsnamespaces/{name}", http.StatusAccepted, "ACINTV"},
		{DescribeRuleGroupsNamespace, http.MethodGet, "/workspaces/{workspaceId}/rulegroupsnamespaces/{name}", http.StatusOK, "AINTV"},
		{PutRuleGroupsNamespace, http.MethodPut, "/workspaces/{workspaceId}/rulegroupsnamespaces/{name}", http.StatusAccepted, "ACINQTV"},
		{DeleteAlertManagerDefinition, http.MethodDelete, "/workspaces/{workspaceId}/alertmanager/definition", http.StatusAccepted, "ACINTV"},
		{DescribeAlertManagerDefinition, http.MethodGet, "/workspaces/{workspaceId}/alertmanager/definition", http.StatusOK, "AINTV"},
		{CreateAlertManagerDefinition, http.MethodPost, "/workspaces/{workspaceId}/alertmanager/definition", http.StatusAccepted, "ACINQTV"},
		{PutAlertManagerDefinition, http.MethodPut, "/workspaces/{workspaceId}/alertmanager/definition", http.StatusAccepted, "ACINQTV"},
		{DeleteLoggingConfiguration, http.MethodDelete, "/workspaces/{workspaceId}/logging", http.StatusAccepted, "ACINV"},
		{DescribeLoggingConfiguration, http.MethodGet, "/workspaces/{workspaceId}/logging", http.StatusOK, "AINV"},
		{CreateLoggingConfiguration, http.MethodPost, "/workspaces/{workspaceId}/logging", http.StatusAccepted, "AINV"},
		{UpdateLoggingConfiguration, http.MethodPut, "/workspaces/{workspaceId}/logging", http.StatusAccepted, "ACINV"},
		{DeleteQueryLoggingConfiguration, http.MethodDelete, "/workspaces/{workspaceId}/logging/query", http.StatusAccepted, "ACINV"},
		{DescribeQueryLoggingConfiguration, http.MethodGet, "/workspaces/{workspaceId}/logging/query", http.StatusOK, "AINV"},
		{CreateQueryLoggingConfiguration, http.MethodPost, "/workspaces/{workspaceId}/logging/query", http.StatusAccepted, "AINV"},
		{UpdateQueryLoggingConfiguration, http.MethodPut, "/workspaces/{workspaceId}/logging/query", http.StatusAccepted, "ACINV"},
		{DescribeWorkspaceConfiguration, http.MethodGet, "/workspaces/{workspaceId}/configuration", http.StatusOK, "AINTV"},
		{UpdateWorkspaceConfiguration, http.MethodPatch, "/workspaces/{workspaceId}/configuration", http.StatusAccepted, "ACINQTV"},
		{DeleteResourcePolicy, http.MethodDelete, "/workspaces/{workspaceId}/policy", http.StatusAccepted, "ACINTV"},
		{DescribeResourcePolicy, http.MethodGet, "/workspaces/{workspaceId}/policy", http.StatusOK, "AINTV"},
		{PutResourcePolicy, http.MethodPut, "/workspaces/{workspaceId}/policy", http.StatusAccepted, "ACINTV"},
		{GetDefaultScraperConfiguration, http.MethodGet, "/scraperconfiguration", http.StatusOK, "AIT"},
		{ListScrapers, http.MethodGet, "/scrapers", http.StatusOK, "AITV"},
		{CreateScraper, http.MethodPost, "/scrapers", http.StatusAccepted, "ACINQTV"},
		{DeleteScraper, http.MethodDelete, "/scrapers/{name}", http.StatusAccepted, "ACINTV"},
		{DescribeScraper, http.MethodGet, "/scrapers/{name}", http.StatusOK, "AINTV"},
		{UpdateScraper, http.MethodPut, "/scrapers/{name}", http.StatusAccepted, "ACINQTV"},
		{DeleteScraperLoggingConfiguration, http.MethodDelete, "/scrapers/{name}/logging-configuration", http.StatusAccepted, "ACINV"},
		{DescribeScraperLoggingConfiguration, http.MethodGet, "/scrapers/{name}/logging-configuration", http.StatusOK, "AINV"},
		{UpdateScraperLoggingConfiguration, http.MethodPut, "/scrapers/{name}/logging-configuration", http.StatusAccepted, "ACINV"},
		{ListAnomalyDetectors, http.MethodGet, "/workspaces/{workspaceId}/anomalydetectors", http.StatusOK, "AINTV"},
		{CreateAnomalyDetector, http.MethodPost, "/workspaces/{workspaceId}/anomalydetectors", http.StatusAccepted, "ACIQTV"},
		{DeleteAnomalyDetector, http.MethodDelete, "/workspaces/{workspaceId}/anomalydetectors/{name}", http.StatusAccepted, "ACINTV"},
		{DescribeAnomalyDetector, http.MethodGet, "/workspaces/{workspaceId}/anomalydetectors/{name}", http.StatusOK, "AINTV"},
		{PutAnomalyDetector, http.MethodPut, "/workspaces/{workspaceId}/anomalydetectors/{name}", http.StatusAccepted, "ACIQTV"},
		{UntagResource, http.MethodDelete, "/tags/{resourceArn}", http.StatusOK, "AINTV"},
		{ListTagsForResource, http.MethodGet, "/tags/{resourceArn}", http.StatusOK, "AINTV"},
		{TagResource, http.MethodPost, "/tags/{resourceArn}", http.StatusOK, "AINTV"},
	}
}

// answer returns err as the operation can say it. Clients know only the errors
// that it declares, so another one becomes a ValidationException with the same
// text [I]: the second CreateLoggingConfiguration of a workspace is one, because
// it has no ConflictException, and so is CreateAnomalyDetector in a workspace
// that does not exist.
func (o operation) answer(err error) error {
	if err == nil {
		return nil
	}
	var e *awsapi.Error
	if !errors.As(err, &e) {
		return awsapi.Internal(err)
	}
	letter := map[string]string{
		awsapi.TypeConflict:             "C",
		awsapi.TypeInternalServer:       "I",
		awsapi.TypeResourceNotFound:     "N",
		awsapi.TypeServiceQuotaExceeded: "Q",
		awsapi.TypeValidation:           "V",
	}[e.Type]
	switch {
	case strings.Contains(o.errors, letter):
		return e
	case strings.Contains(o.errors, "V"):
		return awsapi.Validation(awsapi.ReasonOther, e.Message)
	default:
		return awsapi.Internal(err)
	}
}
