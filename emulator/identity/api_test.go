package identity_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// call asks the API and returns status and body.
func (h *house) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	server := httptest.NewServer(h.Handler())
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL+identity.APIPath+path, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := server.Client().Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(raw)
}

func TestAPIShowsNoSecret(t *testing.T) {
	h := fixture(t)
	s := h.assume(t, queryRole, "keda")
	for _, path := range []string{"", "/", "/users", "/keys", "/roles", "/sessions", "/oidcProviders"} {
		status, body := h.call(t, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, status)
		for _, secret := range []string{"root-secret", "collector-secret", "an-old-secret", "partner-secret", s.SecretAccessKey, s.SessionToken} {
			require.NotContains(t, body, secret, path)
		}
	}
	_, body := h.call(t, http.MethodGet, "", "")
	var all identity.Listing
	require.NoError(t, json.Unmarshal([]byte(body), &all))
	require.Equal(t, h.List(), all)
	require.Len(t, all.Keys, 5)
	require.Equal(t, identity.KeyInfo{
		AccessKeyID: "AKIAIOSFODNN7COLLECT", User: "collector", ARN: collector, Status: identity.KeyActive, Created: all.Keys[0].Created,
	}, all.Keys[0])
	require.Equal(t, []string{
		"arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess", "arn:aws:iam::123456789012:policy/OwnWorkspaceOnly", "NoMetadata",
	}, all.Users[1].Policies)
	require.Equal(t, s.Principal.ARN, all.Sessions[0].ARN)
}

func TestAPIKeys(t *testing.T) {
	h := fixture(t)
	var created identity.CreatedKey

	status, body := h.call(t, http.MethodPost, "/keys", `{"user":"nobody"}`)
	require.Equal(t, http.StatusOK, status, body)
	require.NoError(t, json.Unmarshal([]byte(body), &created))
	require.Regexp(t, `^AKIA[A-Z2-7]{16}$`, created.AccessKeyID)
	require.Len(t, created.SecretAccessKey, 40)
	key, ok := h.LookupKey(created.AccessKeyID)
	require.True(t, ok)
	require.Equal(t, created.SecretAccessKey, key.SecretAccessKey)
	require.Equal(t, "arn:aws:iam::123456789012:user/nobody", key.Principal.(identity.Principal).ARN)

	status, body = h.call(t, http.MethodPost, "/keys", `{"user":"nobody"}`)
	require.Equal(t, http.StatusConflict, status, body)

	status, body = h.call(t, http.MethodPost, "/keys/"+created.AccessKeyID+"/rotate", "")
	require.Equal(t, http.StatusOK, status, body)
	old := created.AccessKeyID
	require.NoError(t, json.Unmarshal([]byte(body), &created))
	_, ok = h.LookupKey(old)
	require.False(t, ok)
	require.Contains(t, h.WhyUnknown(old), "rotated at 2026-05-06T07:08:09Z: it is now "+created.AccessKeyID)

	status, body = h.call(t, http.MethodPatch, "/keys/"+created.AccessKeyID, `{"status":"Inactive"}`)
	require.Equal(t, http.StatusNoContent, status, body)
	_, ok = h.LookupKey(created.AccessKeyID)
	require.False(t, ok)
	status, _ = h.call(t, http.MethodPatch, "/keys/"+created.AccessKeyID, `{"status":"Active"}`)
	require.Equal(t, http.StatusNoContent, status)
	h.knows(t, created.AccessKeyID)

	status, _ = h.call(t, http.MethodDelete, "/keys/"+created.AccessKeyID, "")
	require.Equal(t, http.StatusNoContent, status)
	_, ok = h.LookupKey(created.AccessKeyID)
	require.False(t, ok)

	status, body = h.call(t, http.MethodPost, "/keys/AKIDEXAMPLE/rotate", "")
	require.Equal(t, http.StatusOK, status, body)
	require.NoError(t, json.Unmarshal([]byte(body), &created))
	require.Equal(t, "root", created.User)
	require.Equal(t, h.Root(), h.principal(t, created.AccessKeyID))
}

func TestAPIPoliciesAndSessions(t *testing.T) {
	h := fixture(t)
	write := identity.Request{Action: "aps:RemoteWrite", Resource: workspace}
	s := h.assume(t, queryRole, "keda")
	may := func() bool { return h.Authorize(s.Principal, write).Allowed }
	do := func(method, path, body string) {
		t.Helper()
		status, answer := h.call(t, method, path, body)
		require.Equal(t, http.StatusNoContent, status, answer)
	}
	const writeARN = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"

	require.False(t, may())
	do(http.MethodPost, "/policies", `{"to":"`+queryRole+`","policyArn":"`+writeARN+`"}`)
	do(http.MethodPost, "/policies", `{"to":"`+queryRole+`","policyArn":"`+writeARN+`"}`)
	require.True(t, may())
	do(http.MethodDelete, "/policies?of="+queryRole+"&policy="+writeARN, "")
	require.False(t, may())

	do(http.MethodPost, "/policies", `{"to":"`+queryRole+`","name":"w","document":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:*","Resource":"*"}}}`)
	require.True(t, may())
	do(http.MethodPost, "/policies", `{"to":"`+queryRole+`","name":"w","document":{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"aps:*","Resource":"*"}}}`)
	require.False(t, may())
	do(http.MethodDelete, "/policies?of="+queryRole+"&policy=w", "")

	h.clock.Advance(1e9)
	do(http.MethodPost, "/revocations", `{"role":"`+queryRole+`"}`)
	require.True(t, h.Authorize(s.Principal, identity.Request{Action: "aps:QueryMetrics", Resource: workspace}).Explicit)
	do(http.MethodDelete, "/revocations?role="+queryRole, "")
	do(http.MethodPost, "/sessions/"+s.AccessKeyID+"/expire", "")
	require.True(t, h.List().Sessions[0].Expired)
	do(http.MethodDelete, "/sessions/"+s.AccessKeyID, "")
	require.Empty(t, h.List().Sessions)

	require.NoError(t, h.DeleteKey("AKIDEXAMPLE"))
	do(http.MethodPost, "/reload", "")
	h.knows(t, "AKIDEXAMPLE")
	replace(t, h.file, "users: 1\n")
	status, body := h.call(t, http.MethodPost, "/reload", "")
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "line 1")
}

func TestAPIRefuses(t *testing.T) {
	h := fixture(t)
	before := h.List()
	const statement = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:*","Resource":"*"}}`
	tests := map[string]struct {
		method, path, body string
		status             int
	}{
		"unknown path":       {"GET", "/nothing", "", 404},
		"method":             {"PUT", "/keys", "", 405},
		"no body":            {"POST", "/keys", "", 400},
		"unknown member":     {"POST", "/keys", `{"name":"nobody"}`, 400},
		"long body":          {"POST", "/keys", `{"user":"` + strings.Repeat("x", 100_000) + `"}`, 400},
		"unknown user":       {"POST", "/keys", `{"user":"x"}`, 404},
		"a role has no keys": {"POST", "/keys", `{"user":"` + queryRole + `"}`, 404},
		"unknown key":        {"POST", "/keys/AKIAX/rotate", "", 404},
		"unknown key, patch": {"PATCH", "/keys/AKIAX", `{"status":"Active"}`, 404},
		"status":             {"PATCH", "/keys/AKIDEXAMPLE", `{"status":"off"}`, 400},
		"unknown key, del":   {"DELETE", "/keys/AKIAX", "", 404},
		"unknown policy":     {"POST", "/policies", `{"to":"` + queryRole + `","policyArn":"arn:aws:iam::aws:policy/X"}`, 404},
		"policy for nobody":  {"POST", "/policies", `{"to":"` + queryRole + `x","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`, 404},
		"for no ARN":         {"POST", "/policies", `{"to":"amp-query","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`, 400},
		"both":               {"POST", "/policies", `{"to":"` + queryRole + `","policyArn":"x","name":"y"}`, 400},
		"no document":        {"POST", "/policies", `{"to":"` + queryRole + `","name":"y"}`, 400},
		"bad document":       {"POST", "/policies", `{"to":"` + queryRole + `","name":"y","document":{}}`, 400},
		"no name":            {"POST", "/policies", `{"to":"` + queryRole + `","document":` + statement + `}`, 400},
		"name":               {"POST", "/policies", `{"to":"` + queryRole + `","name":"a b\n<x>","document":` + statement + `}`, 400},
		"long name":          {"POST", "/policies", `{"to":"` + queryRole + `","name":"` + strings.Repeat("x", 129) + `","document":` + statement + `}`, 400},
		"policy not had":     {"DELETE", "/policies?of=" + queryRole + "&policy=x", "", 404},
		"unknown role":       {"POST", "/revocations", `{"role":"x"}`, 404},
		"nothing revoked":    {"DELETE", "/revocations?role=" + queryRole, "", 404},
		"unknown session":    {"POST", "/sessions/ASIAX/expire", "", 404},
		"unknown session, d": {"DELETE", "/sessions/ASIAX", "", 404},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			status, body := h.call(t, tc.method, tc.path, tc.body)
			require.Equal(t, tc.status, status, body)
			require.Equal(t, before, h.List())
		})
	}
}
