package identity_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// FuzzPolicy: any text is refused or decides; a Deny of everything added to it always
// wins, and what it says does not change from one time to the next.
func FuzzPolicy(f *testing.F) {
	f.Add(`{"Effect":"Allow","Action":"aps:*","Resource":"arn:aws:aps:*:*:workspace/ws-?*"}`, "aps:RemoteWrite", workspace, "aws:RequestTag/a", "b")
	f.Add(`{"Effect":"Deny","NotAction":["aps:*"],"NotResource":"*:a*b?:*"}`, "s3:GetObject", "arn:a:b:c:d:e", "aws:TagKeys", "")
	f.Add(`{"Effect":"Allow","Action":"*","Resource":"${aws:username}","Condition":{"ForAllValues:StringLike":{"aws:TagKeys":["${aws:PrincipalTag/team, 'x'}*"]}}}`, "", "", "aws:TagKeys", "blue")
	f.Add(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2030-01-01"},"NumericLessThan":{"aws:n":1},"IpAddress":{"aws:SourceIp":"::/0"}}}`, "a:b", "*", "aws:SourceIp", "1.2.3.4")
	f.Fuzz(func(t *testing.T, statement, action, resource, key, value string) {
		p, err := identity.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[` + statement + `]}`))
		if err != nil {
			require.Nil(t, p)
			return
		}
		req := identity.Request{Action: action, Resource: resource, Context: map[string][]string{key: {value}}, Time: time.Unix(1e9, 0)}
		first := p.Evaluate(req, user())
		require.Equal(t, first, p.Evaluate(req, user()))
		denied, err := identity.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[` + statement +
			`,{"Effect":"Deny","Action":"*","Resource":"*"}]}`))
		if err == nil { // it may have become too long
			require.Equal(t, identity.Deny, denied.Evaluate(req, user()).Effect)
		}
		_, err = identity.ParseTrustPolicy([]byte(statement))
		require.Error(t, err, "a statement is no policy")
	})
}

// FuzzIdentityFile: any file is refused or gives a store that knows its root.
func FuzzIdentityFile(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "identity.yaml"))
	require.NoError(f, err)
	f.Add(string(text))
	f.Add("")
	f.Add("users: [{name: a, accessKeys: [{id: AKIAA, secret: x}], policies: [{name: p, document: &x {Statement: *x}}]}]")
	f.Add("roles:\n- {name: a, trustPolicy: '{}', maxSessionDuration: 99999999999}\n---\n")
	f.Add("a: &a [x, x]\nb: &b [*a, *a]\nusers: *b\n")
	file := filepath.Join(f.TempDir(), "identity.yaml")
	require.NoError(f, os.WriteFile(file, nil, 0o600))
	h := openFile(f, file)
	require.NoError(f, h.Close()) // the file is read by Reload alone
	root := h.principal(f, "AKIDEXAMPLE")
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_ = h.Reload() // wrong or right: the root stays
		require.Equal(t, root, h.principal(t, "AKIDEXAMPLE"))
		require.True(t, h.Authorize(root, identity.Request{Action: "aps:RemoteWrite", Resource: workspace}).Allowed)
		for _, u := range h.List().Users {
			h.Authorize(identity.Principal{Kind: identity.KindUser, ARN: u.ARN, AccountID: account}, identity.Request{Action: "aps:RemoteWrite", Resource: workspace})
		}
	})
}
