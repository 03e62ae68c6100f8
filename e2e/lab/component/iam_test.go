package component

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// TestIAM drives the emulator's own API of identities, with the identity file of the manifests.
func TestIAM(t *testing.T) {
	t.Parallel()
	identities, err := readIdentities(filepath.Join(fixtures, "irsa/emulator/identity.yaml"), 0)
	require.NoError(t, err)
	text, err := yaml.Marshal(identities)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "identity.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	store, err := identity.Open(identity.Config{
		Region: "us-east-1", AccountID: accountID, RootAccessKeyID: "AKIAIOSFODNN7EXAMPLE", RootSecretKey: "secret", File: file,
		Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	server := httptest.NewServer(store.Handler())
	t.Cleanup(server.Close)
	iam := NewAMP("us-east-1", Keys{}).ServedAt(server.URL, server.Client()).IAM()
	ctx := t.Context()

	role, found := store.Role(RoleARN(QueryRole))
	require.True(t, found, "the manifests' roles are those of the constants")
	session, err := store.NewSession(identity.SessionInput{Role: &role, Name: "KEDA", Duration: time.Hour})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(session.Principal.ARN, SessionARN(QueryRole)), session.Principal.ARN)
	allowed := func(action string) bool {
		return store.Authorize(session.Principal, identity.Request{Action: action, Resource: "*"}).Allowed
	}
	require.True(t, allowed("aps:QueryMetrics"))
	require.False(t, allowed("aps:RemoteWrite"))

	require.NoError(t, iam.DetachPolicy(ctx, QueryRole, QueryPolicy))
	require.False(t, allowed("aps:QueryMetrics"))
	require.ErrorContains(t, iam.DetachPolicy(ctx, QueryRole, QueryPolicy), "404")
	require.NoError(t, iam.AttachPolicy(ctx, QueryRole, QueryPolicy))
	require.True(t, allowed("aps:QueryMetrics"))

	sessions, err := iam.Sessions(ctx, QueryRole)
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	require.Equal(t, session.AccessKeyID, sessions[0].AccessKeyID)
	require.False(t, sessions[0].Expired)
	n, err := iam.ExpireSessions(ctx, WriteRole)
	require.NoError(t, err)
	require.Zero(t, n, "the other role has none")
	for _, want := range []int{1, 0} {
		n, err = iam.ExpireSessions(ctx, QueryRole)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	key, known := store.LookupKey(session.AccessKeyID)
	require.True(t, known)
	require.False(t, time.Now().Before(key.Expires))

	first, err := iam.CreateRootKey(ctx)
	require.NoError(t, err)
	second, err := iam.RotateKey(ctx, first.AccessKeyID)
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	_, known = store.LookupKey(first.AccessKeyID)
	require.False(t, known)
	key, known = store.LookupKey(second.AccessKeyID)
	require.True(t, known)
	require.Equal(t, second.SecretAccessKey, key.SecretAccessKey)
	require.NoError(t, iam.DeleteKey(ctx, second.AccessKeyID))
	_, known = store.LookupKey(second.AccessKeyID)
	require.False(t, known)
}
