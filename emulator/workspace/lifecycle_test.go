package workspace_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

const someKey = "arn:aws:kms:us-east-1:123456789012:key/0123abcd-0123-abcd-0123-0123456789ab"

func TestLifeOfAWorkspace(t *testing.T) {
	f := start(t, func(c *workspace.Config) { c.CreateTime = 5 * time.Second })
	c, ctx := f.client(), t.Context()

	made, err := c.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{
		Alias: aws.String("  AMP-KEDA "), Tags: map[string]string{"team": "sre"}, KmsKeyArn: aws.String(someKey),
	})
	require.NoError(t, err)
	id := *made.WorkspaceId
	require.Regexp(t, `^ws-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
	require.Equal(t, "arn:aws:aps:us-east-1:123456789012:workspace/"+id, *made.Arn)
	require.Equal(t, types.WorkspaceStatusCodeCreating, made.Status.StatusCode)
	require.Equal(t, map[string]string{"team": "sre"}, made.Tags)
	require.Equal(t, someKey, *made.KmsKeyArn)

	in := &amp.DescribeWorkspaceInput{WorkspaceId: &id}
	got, err := c.DescribeWorkspace(ctx, in)
	require.NoError(t, err)
	require.Equal(t, types.WorkspaceStatusCodeCreating, got.Workspace.Status.StatusCode)
	_, err = c.UpdateWorkspaceAlias(ctx, &amp.UpdateWorkspaceAliasInput{WorkspaceId: &id, Alias: aws.String("x")})
	require.ErrorAs(t, err, new(*types.ConflictException), "a workspace being created cannot be changed")

	f.clock.Advance(5 * time.Second)
	got, err = c.DescribeWorkspace(ctx, in)
	require.NoError(t, err)
	ws := got.Workspace
	require.Equal(t, types.WorkspaceStatusCodeActive, ws.Status.StatusCode)
	require.Equal(t, "AMP-KEDA", *ws.Alias, "blanks at the ends are trimmed")
	require.Equal(t, *made.Arn, *ws.Arn)
	require.Equal(t, f.url+"/workspaces/"+id+"/", *ws.PrometheusEndpoint)
	require.Equal(t, map[string]string{"team": "sre"}, ws.Tags)
	require.Equal(t, someKey, *ws.KmsKeyArn)
	require.Equal(t, time.Date(2026, 11, 23, 12, 0, 0, 123e6, time.UTC), ws.CreatedAt.UTC(), "milliseconds are kept")

	_, err = c.UpdateWorkspaceAlias(ctx, &amp.UpdateWorkspaceAliasInput{WorkspaceId: &id, Alias: aws.String("other")})
	require.NoError(t, err)
	list, err := c.ListWorkspaces(ctx, &amp.ListWorkspacesInput{Alias: aws.String("oth")})
	require.NoError(t, err)
	require.Len(t, list.Workspaces, 1)
	require.Equal(t, id, *list.Workspaces[0].WorkspaceId)
	_, err = c.UpdateWorkspaceAlias(ctx, &amp.UpdateWorkspaceAliasInput{WorkspaceId: &id})
	require.NoError(t, err)
	got, err = c.DescribeWorkspace(ctx, in)
	require.NoError(t, err)
	require.Nil(t, got.Workspace.Alias, "an update without an alias takes it away")

	_, err = c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: &id})
	require.NoError(t, err)
	got, err = c.DescribeWorkspace(ctx, in)
	require.NoError(t, err)
	require.Equal(t, types.WorkspaceStatusCodeDeleting, got.Workspace.Status.StatusCode)
	_, err = c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: &id})
	requireConflictOrDone(t, err)
	_, _, ok := f.Hold(id)
	require.False(t, ok, "the data plane does not serve what is being deleted")
}

// requireConflictOrDone accepts both answers to a second deletion: the first
// may still be erasing, and then the second takes part in it.
func requireConflictOrDone(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		require.ErrorAs(t, err, new(*types.ConflictException))
	}
}

func TestWaiters(t *testing.T) {
	f := start(t, func(c *workspace.Config) {
		c.Now = time.Now // the waiters sleep in real time
		c.CreateTime, c.DeleteTime = 20*time.Millisecond, 20*time.Millisecond
	})
	c, ctx := f.client(), t.Context()
	made, err := c.CreateWorkspace(ctx, nil)
	require.NoError(t, err)
	in := &amp.DescribeWorkspaceInput{WorkspaceId: made.WorkspaceId}

	active := amp.NewWorkspaceActiveWaiter(c, func(o *amp.WorkspaceActiveWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 5*time.Millisecond
	})
	out, err := active.WaitForOutput(ctx, in, 10*time.Second)
	require.NoError(t, err)
	require.Equal(t, types.WorkspaceStatusCodeActive, out.Workspace.Status.StatusCode)

	_, err = c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: made.WorkspaceId})
	require.NoError(t, err)
	gone := amp.NewWorkspaceDeletedWaiter(c, func(o *amp.WorkspaceDeletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 5*time.Millisecond
	})
	require.NoError(t, gone.Wait(ctx, in, 10*time.Second))
	_, err = c.DescribeWorkspace(ctx, in)
	requireNotFound(t, err, *made.WorkspaceId)
	require.Equal(t, []string{*made.WorkspaceId}, f.data.list())
}

func requireNotFound(t *testing.T, err error, id string) {
	t.Helper()
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "Workspace not found", missing.ErrorMessage())
	require.Equal(t, id, *missing.ResourceId)
	require.Equal(t, "AWS::APS::Workspace", *missing.ResourceType)
}

func TestUnknownWorkspace(t *testing.T) {
	f := start(t, nil)
	c, ctx := f.client(), t.Context()
	id := aws.String("ws-none")
	calls := map[string]func() error{
		"describe": func() error {
			_, err := c.DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: id})
			return err
		},
		"alias": func() error {
			_, err := c.UpdateWorkspaceAlias(ctx, &amp.UpdateWorkspaceAliasInput{WorkspaceId: id, Alias: aws.String("a")})
			return err
		},
		"delete": func() error {
			_, err := c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: id})
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { requireNotFound(t, call(), "ws-none") })
	}
}

func TestListPages(t *testing.T) {
	f := start(t, nil)
	c, ctx := f.client(), t.Context()
	var want []string
	for i := range 7 {
		made, err := c.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{Alias: aws.String(fmt.Sprintf("team-%d", i))})
		require.NoError(t, err)
		want = append(want, *made.WorkspaceId)
		f.clock.Advance(time.Second)
	}
	other, err := c.CreateWorkspace(ctx, nil)
	require.NoError(t, err)

	var got []string
	pages := amp.NewListWorkspacesPaginator(c, &amp.ListWorkspacesInput{
		Alias: aws.String(" team- "), MaxResults: aws.Int32(3),
	})
	for n := 0; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Workspaces), 3)
		for _, ws := range page.Workspaces {
			require.Equal(t, types.WorkspaceStatusCodeActive, ws.Status.StatusCode)
			got = append(got, *ws.WorkspaceId)
		}
		if n == 0 {
			// What is deleted between two pages is shown as DELETING or not at
			// all; the others are neither repeated nor lost.
			_, err := c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: &want[0]})
			require.NoError(t, err)
		}
	}
	require.Equal(t, want, got)

	all, err := c.ListWorkspaces(ctx, nil)
	require.NoError(t, err)
	require.Nil(t, all.NextToken)
	require.Equal(t, *other.WorkspaceId, *all.Workspaces[len(all.Workspaces)-1].WorkspaceId)

	// A page that ends exactly at the end says so.
	exact, err := c.ListWorkspaces(ctx, &amp.ListWorkspacesInput{MaxResults: aws.Int32(int32(len(all.Workspaces)))})
	require.NoError(t, err)
	require.Nil(t, exact.NextToken)
}

func TestQuota(t *testing.T) {
	f := start(t, nil)
	c, ctx := f.client(), t.Context()
	var last string
	for range quota.New().Int(quota.Workspaces) {
		made, err := c.CreateWorkspace(ctx, nil)
		require.NoError(t, err)
		last = *made.WorkspaceId
	}
	_, err := c.CreateWorkspace(ctx, nil)
	var quota *types.ServiceQuotaExceededException
	require.ErrorAs(t, err, &quota)
	require.Equal(t, "Limit exceeded. Maximum workspaces per account.", quota.ErrorMessage())
	require.Equal(t, "aps", *quota.ServiceCode)
	require.NotNil(t, quota.QuotaCode)
	require.NotNil(t, quota.ResourceId)
	require.NotNil(t, quota.ResourceType)
	var http interface{ HTTPStatusCode() int }
	require.ErrorAs(t, err, &http)
	require.Equal(t, 402, http.HTTPStatusCode())

	_, err = c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: &last})
	require.NoError(t, err)
	_, err = c.CreateWorkspace(ctx, nil)
	require.NoError(t, err, "a workspace that is being deleted makes room")
}

func TestClientToken(t *testing.T) {
	f := start(t, nil)
	c, ctx := f.client(), t.Context()
	in := &amp.CreateWorkspaceInput{
		Alias: aws.String("a"), ClientToken: aws.String("token-1"), Tags: map[string]string{"k": "v", "l": "w"},
	}
	first, err := c.CreateWorkspace(ctx, in)
	require.NoError(t, err)
	f.open(t) // the token survives a restart
	again, err := c.CreateWorkspace(ctx, in)
	require.NoError(t, err)
	require.Equal(t, *first.WorkspaceId, *again.WorkspaceId)

	_, err = c.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{Alias: aws.String("b"), ClientToken: in.ClientToken})
	require.ErrorAs(t, err, new(*types.ConflictException), "same token, other parameters")
	list, err := c.ListWorkspaces(ctx, nil)
	require.NoError(t, err)
	require.Len(t, list.Workspaces, 1)

	// The token of one operation is not that of another.
	id := first.WorkspaceId
	_, err = c.UpdateWorkspaceAlias(ctx, &amp.UpdateWorkspaceAliasInput{WorkspaceId: id, Alias: aws.String("c"), ClientToken: in.ClientToken})
	require.NoError(t, err)
	_, err = c.UpdateWorkspaceAlias(ctx, &amp.UpdateWorkspaceAliasInput{WorkspaceId: id, Alias: aws.String("d"), ClientToken: in.ClientToken})
	require.ErrorAs(t, err, new(*types.ConflictException))

	del := &amp.DeleteWorkspaceInput{WorkspaceId: id, ClientToken: aws.String("token-2")}
	for range 2 {
		_, err = c.DeleteWorkspace(ctx, del)
		require.NoError(t, err, "the retry of a deletion is not an error")
	}

	f.clock.Advance(25 * time.Hour)
	fresh, err := c.CreateWorkspace(ctx, in)
	require.NoError(t, err)
	require.NotEqual(t, *first.WorkspaceId, *fresh.WorkspaceId, "tokens are forgotten in the end")
}

func TestDeletionThatFailsIsTriedAgain(t *testing.T) {
	f := start(t, nil)
	c, ctx := f.client(), t.Context()
	made, err := c.CreateWorkspace(ctx, nil)
	require.NoError(t, err)
	id := *made.WorkspaceId
	f.data.fail(errors.New("disk on fire"))
	_, err = c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: &id})
	require.NoError(t, err)
	f.Close()
	f.clock.Advance(time.Hour)
	in := &amp.DescribeWorkspaceInput{WorkspaceId: &id}
	got, err := c.DescribeWorkspace(ctx, in)
	require.NoError(t, err)
	require.Equal(t, types.WorkspaceStatusCodeDeleting, got.Workspace.Status.StatusCode, "not gone before its samples are")

	f.data.fail(nil)
	f.open(t) // a restart finishes it
	require.Equal(t, []string{id}, f.data.list())
	_, err = c.DescribeWorkspace(ctx, in)
	requireNotFound(t, err, id)
}

func TestValidation(t *testing.T) {
	f := start(t, nil)
	c, ctx := f.client(), t.Context()
	long := func(n int) *string { return aws.String(strings.Repeat("a", n)) }
	many := map[string]string{}
	for i := range 51 {
		many[fmt.Sprint(i)] = ""
	}
	create := func(in amp.CreateWorkspaceInput) func() error {
		return func() error { _, err := c.CreateWorkspace(ctx, &in); return err }
	}
	list := func(in amp.ListWorkspacesInput) func() error {
		return func() error { _, err := c.ListWorkspaces(ctx, &in); return err }
	}
	tests := map[string]struct {
		call  func() error
		field string
	}{
		"alias too long":           {create(amp.CreateWorkspaceInput{Alias: long(101)}), "alias"},
		"alias empty":              {create(amp.CreateWorkspaceInput{Alias: aws.String("")}), "alias"},
		"alias blank":              {create(amp.CreateWorkspaceInput{Alias: aws.String("  ")}), "alias"},
		"token too long":           {create(amp.CreateWorkspaceInput{ClientToken: long(65)}), "clientToken"},
		"token with a blank":       {create(amp.CreateWorkspaceInput{ClientToken: aws.String("a b")}), "clientToken"},
		"key too short":            {create(amp.CreateWorkspaceInput{KmsKeyArn: aws.String("arn:aws:kms")}), "kmsKeyArn"},
		"key of another form":      {create(amp.CreateWorkspaceInput{KmsKeyArn: long(40)}), "kmsKeyArn"},
		"too many tags":            {create(amp.CreateWorkspaceInput{Tags: many}), "tags"},
		"tag key empty":            {create(amp.CreateWorkspaceInput{Tags: map[string]string{"": "v"}}), "tags"},
		"tag key too long":         {create(amp.CreateWorkspaceInput{Tags: map[string]string{*long(129): "v"}}), "tags"},
		"tag key of AWS":           {create(amp.CreateWorkspaceInput{Tags: map[string]string{"aws:x": "v"}}), "tags"},
		"tag key with odd letters": {create(amp.CreateWorkspaceInput{Tags: map[string]string{"a#b": "v"}}), "tags"},
		"tag value too long":       {create(amp.CreateWorkspaceInput{Tags: map[string]string{"k": *long(257)}}), "tags.k"},
		"tag value odd":            {create(amp.CreateWorkspaceInput{Tags: map[string]string{"k": "a\nb"}}), "tags.k"},
		"page of nothing":          {list(amp.ListWorkspacesInput{MaxResults: aws.Int32(0)}), "maxResults"},
		"page too large":           {list(amp.ListWorkspacesInput{MaxResults: aws.Int32(1001)}), "maxResults"},
		"page token of nobody":     {list(amp.ListWorkspacesInput{NextToken: aws.String("x")}), "nextToken"},
		"page token too long":      {list(amp.ListWorkspacesInput{NextToken: long(1001)}), "nextToken"},
		"alias filter too long":    {list(amp.ListWorkspacesInput{Alias: long(101)}), "alias"},
		"id too long": {func() error {
			_, err := c.DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: long(65)})
			return err
		}, "workspaceId"},
		"id without a letter": {func() error {
			_, err := c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: aws.String("---")})
			return err
		}, "workspaceId"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := tc.call()
			var invalid *types.ValidationException
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, types.ValidationExceptionReasonFieldValidationFailed, invalid.Reason)
			require.NotEmpty(t, invalid.FieldList)
			require.Equal(t, tc.field, *invalid.FieldList[0].Name)
			require.NotEmpty(t, *invalid.FieldList[0].Message)
			var api smithy.APIError
			require.ErrorAs(t, err, &api)
			require.Equal(t, "ValidationException", api.ErrorCode())
		})
	}
	require.Empty(t, f.All(), "nothing was created")

	_, err := c.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{
		Alias: aws.String(strings.Repeat("ü", 100)), Tags: map[string]string{strings.Repeat("é", 128): strings.Repeat("ñ", 256)},
	})
	require.NoError(t, err, "lengths are counted in characters")
}

// TestOpenSaysWhatTheDiskSaid has a folder that cannot be written: the operator is
// no client of AWS and gets no AWS error.
func TestOpenSaysWhatTheDiskSaid(t *testing.T) {
	_, err := workspace.Open(workspace.Config{Path: filepath.Join(t.TempDir(), "none", "workspaces.json")})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotContains(t, err.Error(), "InternalServer")
}
