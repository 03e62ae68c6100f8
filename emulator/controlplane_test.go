package emulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

func TestSDKAgainstTheEmulator(t *testing.T) {
	srv := start(t, emulator.Config{})
	c, ctx := amp.NewFromConfig(srv.AWSConfig()), t.Context()

	made, err := c.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{Alias: aws.String("a b/c%"), Tags: map[string]string{"k": "v"}})
	require.NoError(t, err)
	in := &amp.DescribeWorkspaceInput{WorkspaceId: made.WorkspaceId}
	require.NoError(t, amp.NewWorkspaceActiveWaiter(c).Wait(ctx, in, 30*time.Second))
	got, err := c.DescribeWorkspace(ctx, in)
	require.NoError(t, err)
	require.Equal(t, srv.URL()+"/workspaces/"+*made.WorkspaceId+"/", *got.Workspace.PrometheusEndpoint)

	// The endpoint as users use it: api/v1/remote_write appended.
	store(t, *got.Workspace.PrometheusEndpoint+"api/v1/remote_write", series("up", time.Now(), 1))

	// An ARN in the path, encoded by the SDK and signed over its encoding.
	_, err = c.TagResource(ctx, &amp.TagResourceInput{ResourceArn: made.Arn, Tags: map[string]string{"x y": "+"}})
	require.NoError(t, err)
	_, err = c.UntagResource(ctx, &amp.UntagResourceInput{ResourceArn: made.Arn, TagKeys: []string{"k", "none"}})
	require.NoError(t, err)
	tags, err := c.ListTagsForResource(ctx, &amp.ListTagsForResourceInput{ResourceArn: made.Arn})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"x y": "+"}, tags.Tags)

	list, err := c.ListWorkspaces(ctx, &amp.ListWorkspacesInput{Alias: aws.String("a b/c%"), MaxResults: aws.Int32(1)})
	require.NoError(t, err)
	require.Len(t, list.Workspaces, 1)

	_, err = c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: made.WorkspaceId})
	require.NoError(t, err)
	require.NoError(t, amp.NewWorkspaceDeletedWaiter(c, func(o *amp.WorkspaceDeletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 50*time.Millisecond
	}).Wait(ctx, in, 30*time.Second))
}

func TestSDKErrors(t *testing.T) {
	srv := start(t, emulator.Config{})
	ctx := t.Context()
	with := func(change func(*aws.Config)) *amp.Client {
		cfg := srv.AWSConfig()
		change(&cfg)
		return amp.NewFromConfig(cfg)
	}
	tests := map[string]struct {
		client *amp.Client
		code   string
	}{
		"wrong secret": {with(func(c *aws.Config) {
			c.Credentials = credentials.NewStaticCredentialsProvider(emulator.DefaultAccessKeyID, "wrong", "")
		}), "InvalidSignatureException"},
		"unknown key": {with(func(c *aws.Config) {
			c.Credentials = credentials.NewStaticCredentialsProvider("AKIDSTRANGER", "x", "")
		}), "UnrecognizedClientException"},
		"other region": {with(func(c *aws.Config) { c.Region = "eu-west-1" }), "InvalidSignatureException"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tc.client.ListWorkspaces(ctx, nil)
			var api smithy.APIError
			require.ErrorAs(t, err, &api)
			require.Equal(t, tc.code, api.ErrorCode())
		})
	}
	t.Run("not found", func(t *testing.T) {
		_, err := amp.NewFromConfig(srv.AWSConfig()).DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: aws.String("ws-none")})
		require.ErrorAs(t, err, new(*types.ResourceNotFoundException))
	})
}
