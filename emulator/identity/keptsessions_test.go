package identity_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// TestSessionsAreKept opens the store again, as after a kill: nothing was closed.
func TestSessionsAreKept(t *testing.T) {
	dir := t.TempDir()
	h, err := keptHouse(t, dir, ownPolicy)
	require.NoError(t, err)
	role, _ := furnish(t, h)
	plain, expired, revoked := h.assume(t, role.ARN, "plain"), h.assume(t, role.ARN, "expired"), h.assume(t, role.ARN, "revoked")
	bound, err := h.NewSession(identity.SessionInput{
		Role: &role, Name: "bound", Duration: time.Hour,
		Policy: parsed(t, identity.ParsePolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:ListRules","Resource":"*"}}`),
	})
	require.NoError(t, err)
	require.NoError(t, h.ExpireSession(expired.AccessKeyID))
	require.NoError(t, h.RevokeSession(revoked.AccessKeyID))
	file := filepath.Join(dir, "sessions.jsonl")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())

	// A line that was cut off is of a session that nobody got.
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.WriteString(`{"id":"ASIA`)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	again, err := keptHouse(t, dir, ownPolicy)
	require.NoError(t, err)
	require.Len(t, again.List().Sessions, 3)
	key, ok := again.LookupKey(plain.AccessKeyID)
	require.True(t, ok)
	require.Equal(t, plain.SecretAccessKey, key.SecretAccessKey)
	require.Equal(t, plain.SessionToken, key.SessionToken)
	require.True(t, plain.Expires.Equal(key.Expires))
	may := func(who any, action string) bool {
		return again.Authorize(who.(identity.Principal), identity.Request{Action: action, Resource: workspace}).Allowed
	}
	require.True(t, may(key.Principal, "aps:RemoteWrite"))
	key, ok = again.LookupKey(bound.AccessKeyID)
	require.True(t, ok)
	require.True(t, may(key.Principal, "aps:ListRules"))
	require.False(t, may(key.Principal, "aps:RemoteWrite"), "its session policy still binds it")
	key, ok = again.LookupKey(expired.AccessKeyID)
	require.True(t, ok)
	require.False(t, again.clock.Now().Before(key.Expires))
	_, ok = again.LookupKey(revoked.AccessKeyID)
	require.False(t, ok)

	for _, policy := range []string{ownARN, "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess", "more"} {
		require.NoError(t, again.RemovePolicy(role.ARN, policy))
	}
	require.NoError(t, again.DeleteRole(role.ARN))
	last, err := keptHouse(t, dir, ownPolicy)
	require.NoError(t, err)
	require.Empty(t, last.List().Sessions, "those of a role that is gone have gone with it")
}

// TestSessionsFileIsWrong: nothing is guessed.
func TestSessionsFileIsWrong(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sessions.jsonl"), []byte("{\"id\":\"a\",\"over\":true}\n{\"foo\":1}\n"), 0o600))
	_, err := keptHouse(t, dir, ownPolicy)
	require.ErrorContains(t, err, "sessions.jsonl: line 2")
}
