// Package workspace is the control plane of the emulator: workspaces and their
// tags, their life cycle, the file that keeps them, and the REST-JSON operations
// that the `amp` clients of AWS call.
//
// It holds no samples. Where samples are is behind the small interface Data.
//
// The operations: CreateWorkspace, DescribeWorkspace, ListWorkspaces,
// UpdateWorkspaceAlias, DeleteWorkspace, TagResource, UntagResource and
// ListTagsForResource. Others are refused as an unknown route is (see Route).
//
// Evidence marks in this package: [D] documented by AWS or its API model
// (botocore amp/2020-08-01, aws-sdk-go-v2 service/amp), [O] observed by others on
// the real service, [M] measured with real clients, [I] inferred, [R] recalled.
package workspace
