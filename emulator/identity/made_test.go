package identity_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

const (
	madeTrust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}}`
	ownPolicy = `
policies:
  - name: Own
    document: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "aps:QueryMetrics", Resource: "*"}}
`
	ownARN = "arn:aws:iam::123456789012:policy/Own"
)

func parsed(t testing.TB, parse func([]byte) (*identity.Policy, error), document string) *identity.Policy {
	t.Helper()
	p, err := parse([]byte(document))
	require.NoError(t, err)
	return p
}

// keptHouse opens a store whose run-time identities are kept in a file.
func keptHouse(t testing.TB, dir, text string) (*house, error) {
	t.Helper()
	h := &house{clock: newClock(), file: filepath.Join(dir, "identity.yaml"), log: &journal{}}
	require.NoError(t, os.WriteFile(h.file, []byte(text), 0o600))
	cfg := config(h.file)
	cfg.Now, cfg.StateFile = h.clock.Now, filepath.Join(dir, "identity.json")
	var err error
	if h.Store, err = identity.Open(cfg); err == nil {
		t.Cleanup(func() { require.NoError(t, h.Close()) })
	}
	return h, err
}

// furnish makes one of each sort and returns the role and the user's key.
func furnish(t testing.TB, h *house) (identity.Role, identity.CreatedKey) {
	t.Helper()
	role, err := h.CreateRole(identity.RoleInput{
		Name: "made", Path: "/e2e/", Description: "d", Tags: map[string]string{"run": "1"},
		TrustPolicy: parsed(t, identity.ParseTrustPolicy, madeTrust), MaxSessionDuration: 2 * time.Hour,
	})
	require.NoError(t, err)
	require.NoError(t, h.AttachPolicy(role.ARN, ownARN))
	require.NoError(t, h.AttachPolicy(role.ARN, "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"))
	require.NoError(t, h.PutPolicy(role.ARN, "more", parsed(t, identity.ParsePolicy,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:ListRules","Resource":"*"}}`)))
	user, err := h.CreateUser(identity.UserInput{Name: "made"})
	require.NoError(t, err)
	key, err := h.CreateKey(user.ARN)
	require.NoError(t, err)
	_, err = h.CreateProvider(identity.ProviderInput{
		Issuer: "https://a.example/x", ClientIDs: []string{"sts.amazonaws.com"}, Thumbprints: []string{"00"},
	})
	require.NoError(t, err)
	return role, key
}

// TestMadeOutlivesTheFile has the file change around who was made at run time.
func TestMadeOutlivesTheFile(t *testing.T) {
	h := open(t, ownPolicy)
	role, key := furnish(t, h)
	session := h.assume(t, role.ARN, "s")
	may := func(action string) bool {
		return h.Authorize(session.Principal, identity.Request{Action: action, Resource: workspace}).Allowed
	}
	before := h.List()
	require.Equal(t, identity.FromAPI, before.Roles[0].Origin)
	require.NoError(t, h.Reload())
	after := h.List()
	after.File.Loaded = before.File.Loaded
	require.Equal(t, before, after)
	require.True(t, may("aps:QueryMetrics") && may("aps:RemoteWrite") && may("aps:ListRules"))
	h.knows(t, key.AccessKeyID)

	replace(t, h.file, "users: []\n")
	require.NoError(t, h.Reload())
	require.False(t, may("aps:QueryMetrics"), "the file's policy is gone")
	require.True(t, may("aps:RemoteWrite") && may("aps:ListRules"))
	require.Contains(t, h.log.String(), ownARN)

	replace(t, h.file, `
users: [{name: made}]
roles: [{name: made, trustPolicy: {Version: 2012-10-17, Statement: {Effect: Allow, Principal: {AWS: "123456789012"}, Action: "sts:AssumeRole"}}}]
oidcProviders: [{issuer: "https://a.example/x", clientIDs: [other]}]
`)
	require.NoError(t, h.Reload())
	l := h.List()
	require.Len(t, l.Users, 1)
	require.Len(t, l.Roles, 1)
	require.Len(t, l.Providers, 1)
	require.Equal(t, []identity.Origin{identity.FromFile, identity.FromFile, identity.FromFile},
		[]identity.Origin{l.Users[0].Origin, l.Roles[0].Origin, l.Providers[0].Origin})
	require.Empty(t, l.Sessions, "its role is another one")
	_, ok := h.LookupKey(key.AccessKeyID)
	require.False(t, ok, "the file's user is another one")
}

// TestMadeIsKept opens the store again.
func TestMadeIsKept(t *testing.T) {
	dir := t.TempDir()
	h, err := keptHouse(t, dir, ownPolicy)
	require.NoError(t, err)
	role, key := furnish(t, h)
	require.NoError(t, h.SetKeyStatus(key.AccessKeyID, identity.KeyInactive))
	require.NoError(t, h.TagRole(role.ARN, map[string]string{"Run": "2"}))
	before := h.List()
	kept, ok := h.Role(role.ARN)
	require.True(t, ok)

	again, err := keptHouse(t, dir, ownPolicy)
	require.NoError(t, err)
	require.Equal(t, before, again.List())
	got, ok := again.Role(role.ARN)
	require.True(t, ok)
	require.Equal(t, kept, got)
	require.NoError(t, again.SetKeyStatus(key.AccessKeyID, identity.KeyActive))
	known, ok := again.LookupKey(key.AccessKeyID)
	require.True(t, ok)
	require.Equal(t, key.SecretAccessKey, known.SecretAccessKey)
	info, err := os.Stat(filepath.Join(dir, "identity.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())

	require.NoError(t, again.DeleteKey(key.AccessKeyID))
	require.NoError(t, again.DeleteUser("arn:aws:iam::123456789012:user/made"))
	require.NoError(t, again.DeleteProvider("arn:aws:iam::123456789012:oidc-provider/a.example/x"))
	last, err := keptHouse(t, dir, ownPolicy)
	require.NoError(t, err)
	require.Empty(t, last.List().Users)
	require.Empty(t, last.List().Providers)
	require.Len(t, last.List().Roles, 1)
}

func TestKeptIsRefused(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"another account": {`{"account":"999999999999"}`, "it is of account 999999999999, this is 123456789012"},
		"no JSON":         {`{`, "identity.json"},
		"unknown member":  {`{"account":"123456789012","groups":[]}`, "groups"},
		"bad policy":      {`{"account":"123456789012","roles":[{"name":"a","path":"/","id":"x","created":"2026-01-01T00:00:00Z","trustPolicy":"{}","maxSessionDuration":1}]}`, "role a: policy has no Statement"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "identity.json"), []byte(tc.text), 0o600))
			_, err := keptHouse(t, dir, "")
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// TestWhatCannotBeKeptIsNotDone takes the folder away under the store.
func TestWhatCannotBeKeptIsNotDone(t *testing.T) {
	dir := t.TempDir()
	h, err := keptHouse(t, dir, ownPolicy)
	require.NoError(t, err)
	role, key := furnish(t, h)
	session := h.assume(t, role.ARN, "s")
	before := h.List()
	// A folder in the place of the file that is written first.
	require.NoError(t, os.Mkdir(filepath.Join(dir, "identity.json.tmp"), 0o700))
	changes := map[string]func() error{
		"create role": func() error {
			_, err := h.CreateRole(identity.RoleInput{Name: "x", TrustPolicy: parsed(t, identity.ParseTrustPolicy, madeTrust)})
			return err
		},
		"create user":     func() error { _, err := h.CreateUser(identity.UserInput{Name: "x"}); return err },
		"create key":      func() error { _, err := h.CreateKey("made"); return err },
		"key status":      func() error { return h.SetKeyStatus(key.AccessKeyID, identity.KeyInactive) },
		"remove policy":   func() error { return h.RemovePolicy(role.ARN, "more") },
		"tag":             func() error { return h.TagRole(role.ARN, map[string]string{"a": "b"}) },
		"delete provider": func() error { return h.DeleteProvider("arn:aws:iam::123456789012:oidc-provider/a.example/x") },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, change(), "keep the change")
			require.Equal(t, before, h.List())
			require.True(t, h.Authorize(session.Principal, identity.Request{Action: "aps:ListRules", Resource: workspace}).Allowed)
		})
	}
}

func TestMembersRefuse(t *testing.T) {
	h := fixture(t)
	before := h.List()
	trust := parsed(t, identity.ParseTrustPolicy, madeTrust)
	unknown := parsed(t, identity.ParseTrustPolicy,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/absent"},"Action":"sts:AssumeRole"}}`)
	create := func(name string, p *identity.Policy) error {
		_, err := h.CreateRole(identity.RoleInput{Name: name, TrustPolicy: p})
		return err
	}
	tests := map[string]struct {
		err  error
		want error
	}{
		"role is there":         {create("AMP-query", trust), identity.ErrConflict},
		"no name":               {create("", trust), identity.ErrInvalid},
		"no trust policy":       {create("x", nil), identity.ErrInvalid},
		"trusts nobody there":   {create("x", unknown), identity.ErrInvalid},
		"changed to trust him":  {h.SetTrustPolicy(queryRole, unknown), identity.ErrInvalid},
		"no role":               {h.SetTrustPolicy(collector, trust), identity.ErrUnknown},
		"tags for no role":      {h.TagRole(collector, nil), identity.ErrUnknown},
		"role with policies":    {h.DeleteRole(queryRole), identity.ErrConflict},
		"user as a role":        {h.DeleteRole(collector), identity.ErrUnknown},
		"user with keys":        {h.DeleteUser(collector), identity.ErrConflict},
		"unknown provider":      {h.DeleteProvider("arn:aws:iam::123456789012:oidc-provider/x"), identity.ErrUnknown},
		"provider without host": {func() error { _, err := h.CreateProvider(identity.ProviderInput{Issuer: "https://"}); return err }(), identity.ErrInvalid},
		"root as a user":        {func() error { _, err := h.CreateUser(identity.UserInput{Name: "root"}); return err }(), identity.ErrInvalid},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { require.ErrorIs(t, tc.err, tc.want) })
	}
	require.Equal(t, before, h.List())
}
