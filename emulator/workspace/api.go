package workspace

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// Input is the request behind a Call, freed of its transport.
type Input struct {
	// RawQuery is the query string on the wire.
	RawQuery string
	// Body is the whole body; empty is the same as {}.
	Body []byte
	// BaseURL is how the caller reaches the emulator, without a slash at its
	// end. The endpoint of a workspace is below it.
	BaseURL string
}

// Output is an answer. A nil Body is an empty one.
type Output struct {
	Status int
	Body   any
}

// request is a call with all that belongs to it.
type request struct {
	Call
	Input
	query url.Values
}

// Do carries out the call. The error is an *awsapi.Error in the dialect of the
// control plane, of a type that the operation declares.
func (r *Registry) Do(call Call, in Input) (Output, error) {
	for _, op := range operations() {
		if op.name != call.Operation {
			continue
		}
		query, err := url.ParseQuery(in.RawQuery)
		if err != nil {
			return Output{}, op.answer(cannotParse("The query string cannot be parsed."))
		}
		body, err := r.dispatch(request{call, in, query})
		if err != nil {
			return Output{}, op.answer(err)
		}
		return Output{Status: op.status, Body: body}, nil
	}
	return Output{}, awsapi.MissingAuthenticationToken()
}

// dispatch carries out the operation and returns the body of its answer.
func (r *Registry) dispatch(q request) (any, error) {
	handle := map[Operation]func(request) (any, error){
		ListWorkspaces:       r.listWorkspaces,
		CreateWorkspace:      r.createWorkspace,
		DeleteWorkspace:      r.deleteWorkspace,
		DescribeWorkspace:    r.describeWorkspace,
		UpdateWorkspaceAlias: r.updateAlias,

		ListRuleGroupsNamespaces:    r.listRules,
		CreateRuleGroupsNamespace:   r.createRules,
		DeleteRuleGroupsNamespace:   r.deleteRules,
		DescribeRuleGroupsNamespace: r.describeRules,
		PutRuleGroupsNamespace:      r.putRules,

		CreateAlertManagerDefinition:   r.createAlertManager,
		DeleteAlertManagerDefinition:   r.deleteAlertManager,
		DescribeAlertManagerDefinition: r.describeAlertManager,
		PutAlertManagerDefinition:      r.putAlertManager,

		CreateLoggingConfiguration:        r.createLogging,
		DeleteLoggingConfiguration:        r.deleteLogging,
		DescribeLoggingConfiguration:      r.describeLogging,
		UpdateLoggingConfiguration:        r.updateLogging,
		CreateQueryLoggingConfiguration:   r.createQueryLogging,
		DeleteQueryLoggingConfiguration:   r.deleteQueryLogging,
		DescribeQueryLoggingConfiguration: r.describeQueryLogging,
		UpdateQueryLoggingConfiguration:   r.updateQueryLogging,

		DescribeWorkspaceConfiguration: r.describeConfiguration,
		UpdateWorkspaceConfiguration:   r.updateConfiguration,

		DeleteResourcePolicy:   r.deletePolicy,
		DescribeResourcePolicy: r.describePolicy,
		PutResourcePolicy:      r.putPolicy,

		GetDefaultScraperConfiguration: r.defaultScraper,
		ListScrapers:                   r.listScrapers,
		CreateScraper:                  r.createScraper,
		DeleteScraper:                  r.deleteScraper,
		DescribeScraper:                r.describeScraper,
		UpdateScraper:                  r.updateScraper,

		DeleteScraperLoggingConfiguration:   r.deleteScraperLogging,
		DescribeScraperLoggingConfiguration: r.describeScraperLogging,
		UpdateScraperLoggingConfiguration:   r.updateScraperLogging,

		ListAnomalyDetectors:    r.listDetectors,
		CreateAnomalyDetector:   r.createDetector,
		DeleteAnomalyDetector:   r.deleteDetector,
		DescribeAnomalyDetector: r.describeDetector,
		PutAnomalyDetector:      r.putDetector,

		UntagResource:       r.untag,
		ListTagsForResource: r.listTags,
		TagResource:         r.tag,
	}[q.Operation]
	return handle(q)
}

// decode reads the JSON body. Members that the model does not have are passed
// over, as AWS does [I].
func (q request) decode(into any) error {
	if len(bytes.TrimSpace(q.Body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(q.Body, into); err != nil {
		return cannotParse("The request body cannot be parsed: " + err.Error())
	}
	return nil
}

// optional returns the query parameter, or nil if it is absent.
func (q request) optional(name string) *string {
	if !q.query.Has(name) {
		return nil
	}
	v := q.query.Get(name)
	return &v
}

// remove carries out a deletion that is told no more than what and a
// clientToken.
func (r *Registry) remove(q request, change func(*state) error) (any, error) {
	clientToken := q.optional("clientToken")
	var c checker
	c.path(q.Call)
	c.clientToken(clientToken)
	if err := c.err(); err != nil {
		return nil, err
	}
	return r.once(q, clientToken, func(s *state) (answer, error) { return answer{}, change(s) })
}

// epochSeconds is a time as the protocol writes it: a number of seconds with
// milliseconds behind the point [M].
type epochSeconds time.Time

// MarshalJSON implements json.Marshaler.
func (t epochSeconds) MarshalJSON() ([]byte, error) {
	ms := time.Time(t).UnixMilli()
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', -1, 64), nil
}

// statusOnly is the answer of operations that return nothing but the status [D].
type statusOnly struct {
	Status statusShape `json:"status"`
}
