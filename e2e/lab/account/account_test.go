package account_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/account"
	"github.com/ampersand-amp/ampersand/emulator"
)

const collector = "system:serviceaccount:ho11y:adot-collector"

// TestWorkspace follows a workspace that takes its time through its life.
func TestWorkspace(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Config{StateDelay: 300 * time.Millisecond})
	require.Equal(t, "123456789012", r.ID)
	require.Equal(t, "arn:aws:iam::123456789012:root", r.Caller)
	w, err := r.CreateWorkspace(t.Context(), "1")
	require.NoError(t, err)
	again, err := r.CreateWorkspace(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, w.ID, again.ID, "a repeated request is one and the same")

	w, err = r.AwaitWorkspace(t.Context(), w)
	require.NoError(t, err)
	require.Equal(t, aws.ToString(r.settings.BaseEndpoint), w.Endpoint)
	got, err := r.amp.DescribeWorkspace(t.Context(), &amp.DescribeWorkspaceInput{WorkspaceId: &w.ID})
	require.NoError(t, err)
	require.Equal(t, map[string]string{account.Tag: "1", "created-by": "ampersand"}, got.Workspace.Tags)
	list, err := r.Workspaces(t.Context())
	require.NoError(t, err)
	require.Equal(t, []account.Workspace{{ID: w.ID, Alias: "ampersand-e2e-1", Run: "1"}}, list)

	require.NoError(t, r.DeleteWorkspace(t.Context(), w))
	list, err = r.Workspaces(t.Context())
	require.NoError(t, err)
	require.Empty(t, list, "one that is being deleted is none that was left")
	require.NoError(t, r.DeleteWorkspace(t.Context(), account.Workspace{ID: "ws-00000000-0000-4000-8000-000000000000"}), "there is none")
	_, err = r.AwaitWorkspace(t.Context(), account.Workspace{ID: "ws-00000000-0000-4000-8000-000000000000"})
	require.ErrorContains(t, err, "ResourceNotFoundException")
}

// TestRole gives a cluster's service account a role, and nobody else.
func TestRole(t *testing.T) {
	t.Parallel()
	r, c := newRig(t, emulator.Config{}), newCluster(t)
	p, err := r.EnsureProvider(t.Context(), c.URL, "1")
	require.NoError(t, err)
	require.Equal(t, account.Provider{ARN: "arn:aws:iam::123456789012:oidc-provider/" + c.host(), Issuer: c.host(), Made: true}, p)
	role, err := r.CreateRole(t.Context(), "1", p, account.RoleSpec{Use: "write", Policy: account.WritePolicy, Subjects: []string{collector}})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::123456789012:role/ampersand-e2e/ampersand-e2e-1-write", role.ARN)

	attached, err := r.iam.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: &role.Name})
	require.NoError(t, err)
	require.Len(t, attached.AttachedPolicies, 1)
	require.Equal(t, account.WritePolicy, aws.ToString(attached.AttachedPolicies[0].PolicyArn))

	require.NoError(t, r.Assume(t.Context(), role.ARN, c.token(t, collector)))
	for name, token := range map[string]string{
		"another account":         c.token(t, "system:serviceaccount:ho11y:default"),
		"a cluster of others":     newCluster(t).token(t, collector),
		"no token of a cluster's": "e30.e30.e30",
	} {
		require.Error(t, r.Assume(t.Context(), role.ARN, token), name)
	}
	require.NoError(t, r.DeleteRole(t.Context(), role))
	require.NoError(t, r.DeleteRole(t.Context(), role), "there is none")
	require.NoError(t, r.DeleteProvider(t.Context(), p))
	require.Empty(t, r.everything(t))
}

// TestProviderOfTheCluster uses the provider that a cluster has already, and leaves it alone.
func TestProviderOfTheCluster(t *testing.T) {
	t.Parallel()
	r, c, other := newRig(t, emulator.Config{}), newCluster(t), newCluster(t)
	for issuer, audience := range map[string]string{c.URL: "sts.amazonaws.com", other.URL: "somebody-else"} {
		_, err := r.iam.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: &issuer, ClientIDList: []string{audience}})
		require.NoError(t, err)
	}
	before := r.everything(t)
	p, err := r.EnsureProvider(t.Context(), c.URL, "1")
	require.NoError(t, err)
	require.False(t, p.Made)
	require.NoError(t, r.DeleteProvider(t.Context(), p))
	_, err = r.EnsureProvider(t.Context(), other.URL, "1")
	require.ErrorContains(t, err, "is for the audiences [somebody-else], not for sts.amazonaws.com")
	_, err = r.EnsureProvider(t.Context(), "http://127.0.0.1", "1")
	require.ErrorContains(t, err, "no https URL")
	require.Equal(t, before, r.everything(t))
}

// TestCleanup removes what runs have left, by name and tag together, and nothing else.
func TestCleanup(t *testing.T) {
	t.Parallel()
	r, c := newRig(t, emulator.Config{}), newCluster(t)
	for _, run := range []string{"1", "2"} {
		_, err := r.CreateWorkspace(t.Context(), run)
		require.NoError(t, err)
		p, err := r.EnsureProvider(t.Context(), c.URL, run)
		require.NoError(t, err)
		_, err = r.CreateRole(t.Context(), run, p, account.RoleSpec{Use: "query", Policy: account.QueryPolicy, Subjects: []string{collector}})
		require.NoError(t, err)
	}
	// A role whose policy was not attached: the run was ended in between, or refused.
	_, err := r.as(t, "AKIACLUMSYCLUMSYCLUM", "clumsy-secret").CreateRole(t.Context(), "3",
		account.Provider{ARN: "arn:aws:iam::123456789012:oidc-provider/" + c.host(), Issuer: c.host()},
		account.RoleSpec{Use: "write", Policy: account.WritePolicy, Subjects: []string{collector}})
	require.ErrorContains(t, err, "attach")

	// What only looks alike.
	for alias, tags := range map[string]map[string]string{
		"ampersand-e2e-mine": nil,
		"production":         {account.Tag: "copied"},
	} {
		_, err := r.amp.CreateWorkspace(t.Context(), &amp.CreateWorkspaceInput{Alias: &alias, Tags: tags})
		require.NoError(t, err)
	}
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}}`
	_, err = r.iam.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("ampersand-e2e-mine"), Path: aws.String("/ampersand-e2e/"), AssumeRolePolicyDocument: &trust,
	})
	require.NoError(t, err)
	foreign := newCluster(t)
	_, err = r.iam.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: &foreign.URL, ClientIDList: []string{"sts.amazonaws.com"}})
	require.NoError(t, err)

	removed, err := r.Cleanup(t.Context())
	require.NoError(t, err)
	require.Len(t, removed, 2+3+1, "workspaces, roles and the provider: %v", removed)
	left, err := r.Workspaces(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
	removed, err = r.Cleanup(t.Context())
	require.NoError(t, err)
	require.Empty(t, removed, "there is nothing left")
	all := r.everything(t)
	for _, name := range []string{"workspace ampersand-e2e-mine", "workspace production", "role ampersand-e2e-mine", "provider " + foreign.host()} {
		require.Contains(t, all, name)
	}
}

// TestOpen says what is missing.
func TestOpen(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Config{})
	settings := r.settings.Copy()
	settings.Region = ""
	_, err := account.New(t.Context(), settings)
	require.ErrorContains(t, err, "no AWS region is set")
	settings = r.settings.Copy()
	settings.Credentials = aws.AnonymousCredentials{}
	_, err = account.New(t.Context(), settings)
	require.ErrorContains(t, err, "are there AWS credentials?")
}
