package workspace_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/stretchr/testify/require"
)

func TestTags(t *testing.T) {
	f := start(t, nil)
	c, ctx := f.client(), t.Context()
	made, err := c.CreateWorkspace(ctx, nil)
	require.NoError(t, err)
	arn := made.Arn
	list := func() map[string]string {
		out, err := c.ListTagsForResource(ctx, &amp.ListTagsForResourceInput{ResourceArn: arn})
		require.NoError(t, err)
		return out.Tags
	}
	require.Empty(t, list())

	_, err = c.TagResource(ctx, &amp.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2", "c d": ""}})
	require.NoError(t, err)
	_, err = c.TagResource(ctx, &amp.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"b": "3"}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "1", "b": "3", "c d": ""}, list())

	f.open(t)
	_, err = c.UntagResource(ctx, &amp.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a", "c d", "none"}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"b": "3"}, list())
	got, err := c.DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: made.WorkspaceId})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"b": "3"}, got.Workspace.Tags)

	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint(i)] = "x"
	}
	_, err = c.TagResource(ctx, &amp.TagResourceInput{ResourceArn: arn, Tags: many})
	require.ErrorAs(t, err, new(*types.ValidationException), "fifty and the one that is there")
	require.Equal(t, map[string]string{"b": "3"}, list())
}

func TestTagsOfAnARNAsItIsWritten(t *testing.T) {
	f := start(t, nil)
	made, err := f.client().CreateWorkspace(t.Context(), &amp.CreateWorkspaceInput{Tags: map[string]string{"k": "v"}})
	require.NoError(t, err)
	for name, target := range map[string]string{
		"encoded":        "/tags/" + url.QueryEscape(*made.Arn),
		"decoded":        "/tags/" + *made.Arn,
		"colons decoded": "/tags/" + url.PathEscape(*made.Arn),
	} {
		t.Run(name, func(t *testing.T) {
			status, _, body := f.call(t, http.MethodGet, target, "")
			require.Equal(t, 200, status)
			require.JSONEq(t, `{"tags":{"k":"v"}}`, body)
		})
	}
}

func TestTagsOfWhatIsNotHere(t *testing.T) {
	f := start(t, nil)
	made, err := f.client().CreateWorkspace(t.Context(), nil)
	require.NoError(t, err)
	id := *made.WorkspaceId
	tests := map[string]struct {
		arn  string
		want any
	}{
		"unknown workspace": {"arn:aws:aps:us-east-1:123456789012:workspace/ws-none", new(*types.ResourceNotFoundException)},
		"other account":     {"arn:aws:aps:us-east-1:999999999999:workspace/" + id, new(*types.ResourceNotFoundException)},
		"other region":      {"arn:aws:aps:eu-west-1:123456789012:workspace/" + id, new(*types.ResourceNotFoundException)},
		"other kind":        {"arn:aws:aps:us-east-1:123456789012:scraper/s-1", new(*types.ResourceNotFoundException)},
		"other service":     {"arn:aws:s3:::bucket", new(*types.ValidationException)},
		"no ARN":            {"ws", new(*types.ValidationException)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, c := t.Context(), f.client()
			_, err := c.ListTagsForResource(ctx, &amp.ListTagsForResourceInput{ResourceArn: &tc.arn})
			require.ErrorAs(t, err, tc.want)
			_, err = c.TagResource(ctx, &amp.TagResourceInput{ResourceArn: &tc.arn, Tags: map[string]string{"a": "b"}})
			require.ErrorAs(t, err, tc.want)
			_, err = c.UntagResource(ctx, &amp.UntagResourceInput{ResourceArn: &tc.arn, TagKeys: []string{"a"}})
			require.ErrorAs(t, err, tc.want)
		})
	}
	status, _, _ := f.call(t, http.MethodDelete, "/tags/"+url.QueryEscape(*made.Arn), "")
	require.Equal(t, 400, status, "tagKeys is required")
	status, _, _ = f.call(t, http.MethodPost, "/tags/"+url.QueryEscape(*made.Arn), `{}`)
	require.Equal(t, 400, status, "tags is required")
	_, err = f.client().TagResource(t.Context(), &amp.TagResourceInput{ResourceArn: made.Arn, Tags: map[string]string{}})
	require.NoError(t, err)
}
