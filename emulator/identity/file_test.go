package identity_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

func TestFileSaysAll(t *testing.T) {
	h := fixture(t)

	key, ok := h.LookupKey("AKIAIOSFODNN7COLLECT")
	require.True(t, ok)
	require.Equal(t, "collector-secret", key.SecretAccessKey)
	require.Empty(t, key.SessionToken)
	require.True(t, key.Expires.IsZero())
	who := key.Principal.(identity.Principal)
	require.Equal(t, "arn:aws:iam::123456789012:user/workloads/collector", who.ARN)
	require.Equal(t, identity.KindUser, who.Kind)
	require.Regexp(t, `^AIDA[A-Z2-7]{17}$`, who.UserID)
	require.Equal(t, "210987654321", h.principal(t, "AKIAIOSFODNN7PARTNER").AccountID)
	require.Equal(t, h.Root(), h.principal(t, "AKIDEXAMPLE"))

	_, ok = h.LookupKey("AKIAIOSFODNN7COLLOLD")
	require.False(t, ok, "an inactive key")
	require.Equal(t, "access key of user/collector is inactive", h.WhyUnknown("AKIAIOSFODNN7COLLOLD"))
	_, ok = h.LookupKey("")
	require.False(t, ok)

	role, ok := h.Role("arn:aws:iam::123456789012:role/amp-query")
	require.True(t, ok)
	require.Equal(t, 2*time.Hour, role.MaxSessionDuration)
	require.Regexp(t, `^AROA[A-Z2-7]{17}$`, role.ID)
	_, ok = h.Role(who.ARN)
	require.False(t, ok, "a user is no role")

	p, ok := h.Provider("https://kubernetes.default.svc.cluster.local/")
	require.True(t, ok)
	require.Equal(t, identity.Provider{
		ARN:       "arn:aws:iam::123456789012:oidc-provider/kubernetes.default.svc.cluster.local",
		Issuer:    "https://kubernetes.default.svc.cluster.local",
		ClientIDs: []string{"sts.amazonaws.com"},
		JWKSURL:   "https://kubernetes.default.svc/openid/v1/jwks",
		CAFile:    filepath.Join(filepath.Dir(h.file), "ca.crt"), BearerTokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token",
		Thumbprints: []string{"9e99a48a9960b14926bb7f3b02e22da2b0ab7280"}, Created: h.clock.Now(),
	}, p)
	_, ok = h.Provider("https://example.com")
	require.False(t, ok)

	trusted := role.TrustPolicy.Evaluate(identity.Request{
		Action: "sts:AssumeRoleWithWebIdentity", Resource: role.ARN,
		Context: map[string][]string{
			"kubernetes.default.svc.cluster.local:aud": {"sts.amazonaws.com"},
			"kubernetes.default.svc.cluster.local:sub": {"system:serviceaccount:keda:keda-operator"},
		},
	}, identity.Principal{Kind: identity.KindFederated, ARN: p.ARN})
	require.Equal(t, identity.Allow, trusted.Effect)
	require.Equal(t, `"Keda"`, trusted.Statement)
}

func TestNoFile(t *testing.T) {
	h := openFile(t, "")
	require.Equal(t, h.Root(), h.principal(t, "AKIDEXAMPLE"))
	require.True(t, h.Authorize(h.Root(), identity.Request{Action: "aps:RemoteWrite", Resource: workspace}).Allowed)
	require.NoError(t, h.DeleteKey("AKIDEXAMPLE"))
	_, ok := h.LookupKey("AKIDEXAMPLE")
	require.False(t, ok)
	require.NoError(t, h.Reload())
	require.Equal(t, h.Root(), h.principal(t, "AKIDEXAMPLE"))
	require.Empty(t, openEmpty(t).List().Users)
}

func openEmpty(t *testing.T) *house {
	t.Helper()
	return open(t, "# nobody yet\n")
}

func TestFileRefuses(t *testing.T) {
	const trust = `{Version: 2012-10-17, Statement: {Effect: Allow, Action: "sts:*", Principal: "*"}}`
	tests := map[string]struct{ text, want string }{
		"no YAML":          {"users: [", "line 1"},
		"unknown word":     {"users:\n  - name: a\n    key: b\n", "line 3: field key not found"},
		"unknown at top":   {"user:\n  - name: a\n", "line 1: field user not found"},
		"word twice":       {"users: []\nusers: []\n", "line 2: mapping key \"users\" already defined"},
		"shape":            {"users:\n  name: a\n", "line 2: cannot unmarshal"},
		"two documents":    {"users: []\n---\nusers: []\n", "more than one YAML document"},
		"no name":          {"users:\n  - path: /\n", `line 2: users[0].name: "" is no name`},
		"name":             {"users:\n  - path: /\n    name: a b\n", `line 3: users[0].name: "a b"`},
		"root":             {"users:\n  - name: root\n", "another user is called root"},
		"name twice":       {"users:\n  - name: a\n  - name: a\n", "line 3: users[1].name: another user is called a"},
		"path":             {"users:\n  - name: a\n    path: x/\n", `line 3: users[0].path: "x/"`},
		"key id":           {"users:\n  - name: a\n    accessKeys:\n      - secret: x\n", `line 4: users[0].accessKeys[0].id: this is no access key id`},
		"temporary key":    {"users:\n  - name: a\n    accessKeys: [{id: ASIAX, secret: x}]\n", "those come from STS"},
		"root's key":       {"users:\n  - name: a\n    accessKeys: [{id: AKIDEXAMPLE, secret: x}]\n", "users[0].accessKeys[0].id: another access key has this id"},
		"swapped":          {"users:\n  - name: a\n    accessKeys: [{id: LongSecretOfLettersOnly, secret: AKIAIOSFODNN7COLLECT}]\n", "accessKeys[0].secret: the secret has the form of an access key id"},
		"no secret":        {"users:\n  - name: a\n    accessKeys: [{id: AKIA1}]\n", "accessKeys[0].secret: the secret is empty"},
		"secret's newline": {"users:\n  - name: a\n    accessKeys: [{id: AKIA1, secret: \"x\\n\"}]\n", "characters other than"},
		"status":           {"users:\n  - name: a\n    accessKeys:\n     - {id: AKIA1, secret: x,\n       status: on}\n", `line 5: users[0].accessKeys[0].status: "on"`},
		"created":          {"users:\n  - name: a\n    accessKeys: [{id: AKIA1, secret: x, created: today}]\n", `line 3: users[0].accessKeys[0].created: "today" is no time`},
		"unknown policy":   {"users:\n  - name: a\n    policies:\n      - arn: arn:aws:iam::aws:policy/X\n", "line 4: users[0].policies[0].arn: there is no policy arn:aws:iam::aws:policy/X"},
		"arn and name":     {"users:\n  - name: a\n    policies:\n      - {arn: arn:aws:iam::aws:policy/AdministratorAccess, name: x}\n", "either an arn, or"},
		"policy twice": {"users:\n  - name: a\n    policies:\n      - arn: arn:aws:iam::aws:policy/AdministratorAccess\n" +
			"      - arn: arn:aws:iam::aws:policy/AdministratorAccess\n", "line 5: users[0].policies[1]: policy AdministratorAccess is there twice"},
		"no document":   {"users:\n  - name: a\n    policies: [{name: x}]\n", "no policy document"},
		"bad document":  {"policies:\n  - name: a\n    document:\n      Version: 2012-10-17\n      Statement: {Effect: Maybe}\n", `line 4: policies[0].document: statement number 1: Effect "Maybe"`},
		"empty value":   {"policies:\n  - name: a\n    document:\n      Version:\n", "line 4: an empty value"},
		"no trust":      {"roles:\n  - name: a\n", "line 2: roles[0].trustPolicy: no policy document"},
		"trust":         {"roles:\n  - name: a\n    trustPolicy: {Statement: []}\n", "line 3: roles[0].trustPolicy: policy has no Statement"},
		"session":       {"roles:\n  - name: a\n    maxSessionDuration: 13h\n    trustPolicy: " + trust + "\n", "line 3: roles[0].maxSessionDuration: 13h is not within 1s and 12h"},
		"session word":  {"roles:\n  - name: a\n    maxSessionDuration: long\n    trustPolicy: " + trust + "\n", "neither a duration"},
		"role twice":    {"roles:\n  - name: a\n    trustPolicy: " + trust + "\n  - name: a\n    trustPolicy: " + trust + "\n", "another role is called a"},
		"issuer":        {"oidcProviders:\n  - issuer: http://x\n    clientIDs: [a]\n", `line 2: oidcProviders[0].issuer: "http://x"`},
		"issuer twice":  {"oidcProviders:\n  - {issuer: https://x, clientIDs: [a]}\n  - {issuer: https://x/, clientIDs: [a]}\n", "line 3: oidcProviders[1].issuer: another"},
		"audience":      {"oidcProviders:\n  - issuer: https://x\n", "line 2: oidcProviders[0]: no clientIDs"},
		"two sources":   {"oidcProviders:\n  - {issuer: https://x, clientIDs: [a], jwksFile: a, jwksURL: https://b}\n", "exclude each other"},
		"keys' URL":     {"oidcProviders:\n  - {issuer: https://x, clientIDs: [a], jwksURL: b}\n", `jwksURL: "b" is no URL`},
		"account":       {"accounts:\n  - id: 12\n", `line 2: accounts[0].id: "12"`},
		"own account":   {"accounts:\n  - id: 123456789012\n", "is there already"},
		"other's user":  {"accounts:\n  - id: 210987654321\n    users: [{name: \"\"}]\n", "line 3: accounts[0].users[0].name"},
		"alias to self": {"policies:\n  - name: a\n    document: &a\n      Version: *a\n", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "identity.yaml")
			require.NoError(t, os.WriteFile(file, []byte(tc.text), 0o600))
			_, err := identity.Open(config(file))
			require.ErrorContains(t, err, tc.want)
			require.ErrorContains(t, err, file)
		})
	}

	_, err := identity.Open(config(filepath.Join(t.TempDir(), "none.yaml")))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = identity.Open(config(filepath.Join(t.TempDir(), "none", "none.yaml")))
	require.ErrorIs(t, err, os.ErrNotExist)

	t.Run("all at once", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "identity.yaml")
		require.NoError(t, os.WriteFile(file, []byte("users: [{name: \"\"}]\nroles: [{name: \"\"}]\n"), 0o600))
		_, err := identity.Open(config(file))
		require.ErrorContains(t, err, "users[0]")
		require.ErrorContains(t, err, "roles[0]")
	})
}
