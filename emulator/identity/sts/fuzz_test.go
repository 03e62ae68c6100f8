package sts_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/identity/sts"
)

// newFuzzService is a service whose issuer's keys are in a file, and a good token of it.
func newFuzzService(f *testing.F) (*sts.Service, *identity.Store, string) {
	f.Helper()
	const issuerURL = "https://issuer.example.com"
	folder, k := f.TempDir(), newKey(f, "first")
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.public()}})
	require.NoError(f, err)
	require.NoError(f, os.WriteFile(filepath.Join(folder, "jwks.json"), keys, 0o600))
	file := strings.NewReplacer("ISSUER", issuerURL, "HOST", "issuer.example.com", "caFile: CA", "jwksFile: jwks.json").Replace(identities)
	path := filepath.Join(folder, "identity.yaml")
	require.NoError(f, os.WriteFile(path, []byte(file), 0o600))
	c := &clock{}
	store, err := identity.Open(identity.Config{Region: region, AccountID: account, File: path, Now: c.Now})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, store.Close()) })
	return sts.New(sts.Config{Store: store, AccountID: account, Now: c.Now}), store, k.token(f, claims(issuerURL, c.Now(), nil))
}

// FuzzToken sends tokens, made of the parts of a good one or not: only what the issuer
// signed opens a session. The parts are put in here, since every process that fuzzes
// has an issuer of its own.
func FuzzToken(f *testing.F) {
	service, _, good := newFuzzService(f)
	parts := strings.Split(good, ".")
	insert := strings.NewReplacer("$head", parts[0], "$claims", parts[1], "$signature", parts[2])
	const whole = "$head.$claims.$signature"
	for _, seed := range []string{
		whole, "", "a.b.c", "$head.$claims.", "$head..$signature", whole + ".", whole + "=", " " + whole, "$head.$claimsA.$signature",
		"eyJhbGciOiJub25lIn0.$claims.", "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdfQ.$claims.$signature",
		`{"payload":"$claims","protected":"$head","signature":"$signature"}`, "\x00\xff<&>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, template string) {
		token := insert.Replace(template)
		outcome, status := play(t, service, webIdentity(token, nil).Encode(), nil)
		// Base64 has several spellings of the same bytes, so the signature may differ.
		if status == http.StatusOK && !strings.HasPrefix(strings.TrimSpace(token), parts[0]+"."+parts[1]+".") {
			t.Fatalf("a session for %q", token)
		}
		if token == good && status != http.StatusOK {
			t.Fatalf("no session for the good token: %v", outcome.Err)
		}
	})
}

// FuzzForm sends forms, unsigned and signed: whatever comes, the answer is well-formed,
// and there is no session without a good token or a caller that may have it.
func FuzzForm(f *testing.F) {
	service, store, good := newFuzzService(f)
	key, ok := store.LookupKey("AKIABOBBOBBOBBOBBOB0")
	require.True(f, ok)
	bob := &sts.Caller{Principal: key.Principal.(identity.Principal), AccessKeyID: key.AccessKeyID}
	for _, seed := range []string{
		webIdentity("$token", nil).Encode(),
		"Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/partner&RoleSessionName=ab&ExternalId=contract-7",
		"Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/writer&RoleSessionName=ab&Tags.member.1.Key=a&Tags.member.01.Value=b",
		"Action=GetSessionToken&Version=2011-06-15&DurationSeconds=99999999999999999999",
		"Action=GetCallerIdentity&Version=2011-06-15", "Action=GetAccessKeyInfo&Version=2011-06-15&AccessKeyId=AKIABOBBOBBOBBOBBOB0",
		"Action=%3Ca%3E&Version=%00", "Policy=%7B%7D&PolicyArns.member.9999999999999999999.arn=x&PolicyArns.member.-1.arn=", "%", ";", "",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, form string, signed bool) {
		form = strings.ReplaceAll(form, "%24token", good)
		var caller *sts.Caller
		if signed {
			caller = bob
		}
		outcome, status := play(t, service, form, caller)
		values, _ := url.ParseQuery(form)
		mayHave := values.Get("WebIdentityToken") == good ||
			signed && (outcome.Action == "GetSessionToken" || strings.HasSuffix(outcome.Role, ":role/partner") && values.Get("ExternalId") == "contract-7")
		if outcome.Session != "" && !mayHave {
			t.Fatalf("a session for %q", form)
		}
		if (outcome.Err == nil) != (status == http.StatusOK) {
			t.Fatalf("status %d with %v", status, outcome.Err)
		}
	})
}

func play(t *testing.T, service *sts.Service, form string, caller *sts.Caller) (sts.Outcome, int) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	outcome := service.ServeHTTP(w, r, []byte(form), caller)
	resp := w.Result()
	defer func() { _ = resp.Body.Close() }()
	got := read(t, resp)
	if got.status >= http.StatusInternalServerError {
		t.Fatalf("a fault of ours: %v", outcome.Err)
	}
	return outcome, got.status
}
