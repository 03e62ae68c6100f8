package workspace

import (
	"net/http"
	"net/url"
	"strings"
)

// Operation is the name of a control-plane operation, which is also that of its
// IAM action [D service authorization reference].
type Operation string

// The operations that this package has.
const (
	CreateWorkspace      Operation = "CreateWorkspace"
	DescribeWorkspace    Operation = "DescribeWorkspace"
	ListWorkspaces       Operation = "ListWorkspaces"
	UpdateWorkspaceAlias Operation = "UpdateWorkspaceAlias"
	DeleteWorkspace      Operation = "DeleteWorkspace"
	TagResource          Operation = "TagResource"
	UntagResource        Operation = "UntagResource"
	ListTagsForResource  Operation = "ListTagsForResource"
)

// Call is an operation and what its path names.
type Call struct {
	Operation Operation
	// WorkspaceID is decoded; it is empty for operations on no workspace and on
	// tags.
	WorkspaceID string
	// ResourceARN is the decoded ARN of the tag operations.
	ResourceARN string
}

// Route returns the operation that method and path name. The path is the one on
// the wire, not decoded: an ARN in it has slashes of its own, encoded by SDKs
// and not by others, and both are accepted [M; moto does the same].
func Route(method, rawPath string) (Call, bool) {
	if rest, ok := strings.CutPrefix(rawPath, "/tags/"); ok {
		return routeTags(method, rest)
	}
	if rawPath == "/workspaces" {
		switch method {
		case http.MethodGet:
			return Call{Operation: ListWorkspaces}, true
		case http.MethodPost:
			return Call{Operation: CreateWorkspace}, true
		}
		return Call{}, false
	}
	rest, ok := strings.CutPrefix(rawPath, "/workspaces/")
	if !ok {
		return Call{}, false
	}
	segment, sub, hasSub := strings.Cut(rest, "/")
	id, err := url.PathUnescape(segment)
	if err != nil || id == "" {
		return Call{}, false
	}
	switch {
	case !hasSub && method == http.MethodGet:
		return Call{Operation: DescribeWorkspace, WorkspaceID: id}, true
	case !hasSub && method == http.MethodDelete:
		return Call{Operation: DeleteWorkspace, WorkspaceID: id}, true
	case sub == "alias" && method == http.MethodPost:
		return Call{Operation: UpdateWorkspaceAlias, WorkspaceID: id}, true
	}
	return Call{}, false
}

func routeTags(method, rest string) (Call, bool) {
	arn, err := url.PathUnescape(rest)
	if err != nil || arn == "" {
		return Call{}, false
	}
	call := Call{ResourceARN: arn}
	switch method {
	case http.MethodGet:
		call.Operation = ListTagsForResource
	case http.MethodPost:
		call.Operation = TagResource
	case http.MethodDelete:
		call.Operation = UntagResource
	default:
		return Call{}, false
	}
	return call, true
}
