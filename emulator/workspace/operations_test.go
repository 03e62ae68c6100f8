package workspace_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// TestAllOperations fails when the SDK has an operation that is not called.
func TestAllOperations(t *testing.T) {
	missing := map[string]bool{}
	for m := range reflect.TypeFor[*amp.Client]().Methods() {
		if m.Name != "Options" {
			missing[m.Name] = true
		}
	}
	require.Len(t, missing, 44)
	f := start(t, nil)
	c, v := f.client(), newTour(t)
	for _, s := range v.steps() {
		out, err := s.call(c)
		require.NoError(t, err, s.name)
		requireComplete(t, s.name, reflect.ValueOf(out))
		delete(missing, s.name)
	}
	require.Empty(t, missing, "operations of the SDK that nothing called")
}

// requireComplete fails for a status, an id or a time that a client did not
// find in the answer, at any depth.
func requireComplete(t *testing.T, where string, v reflect.Value) {
	t.Helper()
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			requireComplete(t, where, v.Index(i))
		}
	case reflect.Struct:
		for f, field := range v.Fields() {
			switch f.Name {
			case "Status", "StatusCode", "PolicyStatus", "RevisionId", "Arn", "CreatedAt", "ModifiedAt", "LastModifiedAt",
				"WorkspaceId", "ScraperId", "AnomalyDetectorId", "Name", "Data", "RoleArn", "Source", "Destination",
				"LoggingDestination", "ScraperComponents", "Destinations", "Workspace", "LogGroupArn", "Scraper":
				require.False(t, field.IsZero(), "%s: %s", where, f.Name)
			}
			if f.IsExported() && f.Name != "ResultMetadata" {
				requireComplete(t, where+"."+f.Name, field)
			}
		}
	}
}

// TestStatusesOfSuccess holds every operation's HTTP status against the SDK's
// own table: the shape of the response does not show it.
func TestStatusesOfSuccess(t *testing.T) {
	f := start(t, nil)
	seen := map[string]int{}
	f.spy = func(op workspace.Operation, status int) { seen[string(op)] = status }
	newTour(t).play(t, f.client(), "")
	require.Len(t, seen, 44)
	for op, status := range seen {
		want := http.StatusAccepted
		switch {
		case op == "UpdateWorkspaceAlias":
			want = http.StatusNoContent
		case strings.HasPrefix(op, "Describe"), strings.HasPrefix(op, "List"), strings.HasPrefix(op, "Get"),
			op == "TagResource", op == "UntagResource":
			want = http.StatusOK
		}
		require.Equal(t, want, status, op)
	}
}

// TestRestartKeepsEverything compares all answers that read before and after a
// restart.
func TestRestartKeepsEverything(t *testing.T) {
	f := start(t, nil)
	c, v := f.client(), newTour(t)
	v.play(t, c, "DeleteScraperLoggingConfiguration")
	before, inForce := answers(t, v, c), mustInForce(t, f, v.ws)
	f.open(t)
	require.Equal(t, before, answers(t, v, c))
	require.Equal(t, inForce, mustInForce(t, f, v.ws))
	require.Equal(t, []byte("rules: 2"), inForce.Rules[namespace])
	require.Equal(t, []byte("two"), inForce.AlertManager)
	require.Equal(t, 7*24*time.Hour, inForce.Retention)
}

// answers returns what all operations that read answer, as JSON.
func answers(t *testing.T, v *tour, c *amp.Client) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, s := range v.steps() {
		if !strings.HasPrefix(s.name, "Describe") && !strings.HasPrefix(s.name, "List") {
			continue
		}
		out, err := s.call(c)
		require.NoError(t, err, s.name)
		reflect.ValueOf(out).Elem().FieldByName("ResultMetadata").SetZero()
		raw, err := json.Marshal(out)
		require.NoError(t, err)
		all[s.name] = string(raw)
	}
	return all
}

func mustInForce(t *testing.T, f *fixture, id string) workspace.InForce {
	t.Helper()
	got, ok := f.InForce(id)
	require.True(t, ok)
	return got
}

// TestTokensOfAllOperations makes every call with a clientToken twice, which
// gives the first answer and changes nothing, and then with other parameters.
func TestTokensOfAllOperations(t *testing.T) {
	f := start(t, nil)
	v := newTour(t)
	v.token = func(op string) *string { return aws.String("token-of-" + op) }
	c := f.client()
	for _, s := range v.steps() {
		var first, second string
		f.tap = func(body string) { first = body }
		_, err := s.call(c)
		require.NoError(t, err, s.name)
		if !mutates(s.name) || strings.HasSuffix(s.name, "agResource") || s.name == "UpdateScraperLoggingConfiguration" {
			continue
		}
		before := f.file(t)
		f.tap = func(body string) { second = body }
		_, err = s.call(c)
		require.NoError(t, err, s.name)
		require.Equal(t, first, second, s.name)
		if s.name != "DeleteWorkspace" { // whose samples are being erased
			require.True(t, before == f.file(t), "%s changed the file again", s.name)
		}
	}
	// The same token with other parameters: a conflict where the operation
	// declares one, else a refusal of another kind.
	other := start(t, nil)
	w := newTour(t)
	w.play(t, other.client(), "UpdateWorkspaceAlias")
	for _, alias := range []string{"one", "two"} {
		_, err := other.client().UpdateWorkspaceAlias(t.Context(), &amp.UpdateWorkspaceAliasInput{WorkspaceId: &w.ws, Alias: &alias, ClientToken: aws.String("t")})
		if alias == "two" {
			var conflict *types.ConflictException
			require.ErrorAs(t, err, &conflict)
			require.Equal(t, w.ws, *conflict.ResourceId)
		}
	}
	for i, group := range []string{logGroup, strings.Replace(logGroup, "amp", "other", 1)} {
		_, err := other.client().CreateLoggingConfiguration(t.Context(), &amp.CreateLoggingConfigurationInput{WorkspaceId: &w.ws, LogGroupArn: &group, ClientToken: aws.String("t")})
		if i == 1 {
			var invalid *types.ValidationException
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, types.ValidationExceptionReasonOther, invalid.Reason)
			require.Contains(t, invalid.ErrorMessage(), "clientToken was already used")
		}
	}
}

func mutates(op string) bool {
	return !strings.HasPrefix(op, "Describe") && !strings.HasPrefix(op, "List") && !strings.HasPrefix(op, "Get")
}

// TestOnlyDeclaredErrors makes every call on what is not there.
func TestOnlyDeclaredErrors(t *testing.T) {
	f := start(t, nil)
	v := newTour(t)
	v.ws, v.s = "ws-none", "s-none"
	before := f.file(t)
	for _, s := range v.steps() {
		switch s.name {
		case "CreateWorkspace", "ListWorkspaces", "ListScrapers", "GetDefaultScraperConfiguration":
			continue
		}
		_, err := s.call(f.client())
		if s.name == "CreateAnomalyDetector" || s.name == "PutAnomalyDetector" {
			require.ErrorAs(t, err, new(*types.ValidationException), s.name)
			continue
		}
		var missing *types.ResourceNotFoundException
		require.ErrorAs(t, err, &missing, s.name)
		require.NotEmpty(t, *missing.ResourceId, s.name)
		require.NotEmpty(t, *missing.ResourceType, s.name)
	}
	require.True(t, before == f.file(t))
}

func TestResourceARN(t *testing.T) {
	f := start(t, nil)
	const p = "arn:aws:aps:us-east-1:123456789012:"
	for target, want := range map[string]string{
		"GET /workspaces":                             p + "/workspaces",
		"POST /workspaces":                            p + "/workspaces",
		"GET /workspaces/ws-1":                        p + "workspace/ws-1",
		"GET /workspaces/ws-1/rulegroupsnamespaces":   p + "workspace/ws-1",
		"PUT /workspaces/w/rulegroupsnamespaces/a%2f": p + "rulegroupsnamespace/w/a/",
		"GET /workspaces/w/anomalydetectors/ad-1":     p + "anomalydetector/w/ad-1",
		"POST /scrapers":                              p + "/scrapers",
		"DELETE /scrapers/s-1/logging-configuration":  p + "scraper/s-1",
		"GET /scraperconfiguration":                   "*",
		"GET /tags/" + url.PathEscape(p+"scraper/s"):  p + "scraper/s",
	} {
		method, path, _ := strings.Cut(target, " ")
		call, ok := workspace.Route(method, path)
		require.True(t, ok, target)
		require.Equal(t, want, f.ResourceARN(call), target)
	}
}

// file returns the bytes of the state.
func (f *fixture) file(t testing.TB) string {
	t.Helper()
	raw, err := os.ReadFile(f.path)
	require.NoError(t, err)
	return string(raw)
}
