package workspace

import (
	"fmt"
	"net/url"
	"strings"
)

// Call is an operation and what its path names, decoded.
type Call struct {
	Operation Operation
	// WorkspaceID is empty for operations on no workspace, on scrapers and on
	// tags.
	WorkspaceID string
	// Name is what the path names besides: a rule groups namespace, a scraper's
	// id or an anomaly detector's.
	Name string
	// ResourceARN is the ARN of the tag operations.
	ResourceARN string
}

// Route returns the operation that method and path name. The path is the one on
// the wire, not decoded, so that an encoded slash in a name stays part of it.
func Route(method, rawPath string) (Call, bool) {
	// An ARN has slashes of its own, encoded by SDKs and not by others, and both
	// are accepted [M; moto does the same].
	if arn, ok := strings.CutPrefix(rawPath, "/tags/"); ok {
		rawPath = "/tags/" + strings.ReplaceAll(arn, "/", "%2F")
	}
	segments := strings.Split(rawPath, "/")
	for _, op := range operations() {
		if op.method != method {
			continue
		}
		if call, ok := op.match(segments); ok {
			return call, true
		}
	}
	return Call{}, false
}

// match compares the segments of a path with those of the operation's.
func (o operation) match(segments []string) (Call, bool) {
	pattern := strings.Split(o.path, "/")
	if len(pattern) != len(segments) {
		return Call{}, false
	}
	call := Call{Operation: o.name}
	for i, want := range pattern {
		var into *string
		switch want {
		case "{workspaceId}":
			into = &call.WorkspaceID
		case "{name}":
			into = &call.Name
		case "{resourceArn}":
			into = &call.ResourceARN
		default:
			if segments[i] != want {
				return Call{}, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return Call{}, false
		}
		*into = value
	}
	return call, true
}

// ResourceARN returns the ARN that the right to make the call is judged on
// [D service authorization reference]. Where the path names nothing it is the
// collection, as the real service's refusal of CreateWorkspace has it
// [O kedacore/keda#5373; others I].
func (r *Registry) ResourceARN(call Call) string {
	switch {
	case call.ResourceARN != "":
		return call.ResourceARN
	case call.Operation == GetDefaultScraperConfiguration:
		return "*"
	case call.Operation == ListScrapers || call.Operation == CreateScraper:
		return r.arn("/scrapers")
	case call.WorkspaceID == "" && call.Name == "":
		return r.arn("/workspaces")
	case call.WorkspaceID == "":
		return r.scraperARN(call.Name)
	}
	switch call.Operation {
	case CreateRuleGroupsNamespace, DescribeRuleGroupsNamespace, PutRuleGroupsNamespace, DeleteRuleGroupsNamespace:
		return r.rulesARN(call.WorkspaceID, call.Name)
	case DescribeAnomalyDetector, PutAnomalyDetector, DeleteAnomalyDetector:
		return r.detectorARN(call.WorkspaceID, call.Name)
	default:
		return r.ARN(call.WorkspaceID)
	}
}

// ARN returns the ARN of a workspace [D service authorization reference].
func (r *Registry) ARN(id string) string { return r.arn("workspace/" + id) }

func (r *Registry) rulesARN(workspaceID, name string) string {
	return r.arn("rulegroupsnamespace/" + workspaceID + "/" + name)
}

func (r *Registry) scraperARN(id string) string { return r.arn("scraper/" + id) }

func (r *Registry) detectorARN(workspaceID, id string) string {
	return r.arn("anomalydetector/" + workspaceID + "/" + id)
}

func (r *Registry) arn(resource string) string {
	return fmt.Sprintf("arn:%s:aps:%s:%s:%s", r.cfg.Partition, r.cfg.Region, r.cfg.AccountID, resource)
}
