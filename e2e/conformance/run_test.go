package conformance_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// TestChecksAreComplete: ids are unique and speak, and nothing is missing.
func TestChecksAreComplete(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+$`)
	seen := make(map[string]bool)
	for _, c := range conformance.All() {
		require.Regexp(t, id, c.ID)
		require.False(t, seen[c.ID], "%s is there twice", c.ID)
		seen[c.ID] = true
		require.True(t, strings.HasPrefix(c.ID, string(c.Area)+"."), "%s is in area %s", c.ID, c.Area)
		require.Contains(t, conformance.Areas(), c.Area)
		require.Contains(t, conformance.Levels(), c.Level, c.ID)
		require.NotEmpty(t, c.Source, c.ID)
		require.True(t, strings.HasSuffix(c.Description, "."), "%s: description %q is a sentence", c.ID, c.Description)
		require.NotNil(t, c.Run, c.ID)
	}
}

// check makes a check of a function.
func check(id string, level conformance.Level, run func(context.Context, *conformance.T)) conformance.Check {
	return conformance.Check{ID: id, Level: level, Area: conformance.Querying, Run: run}
}

// TestOutcomes: what a check does to T is what the report says, and no check
// disturbs another.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	at, srv := target(t)
	at.Patience = time.Second
	tries, undone := 0, false
	cases := []struct {
		check   conformance.Check
		outcome conformance.Outcome
		failure string
	}{
		{check("query.pass", conformance.Must, func(_ context.Context, t *conformance.T) {
			t.Eventually("the third try", func() error {
				tries++
				if tries == 1 {
					t.Fatalf("ends this try only")
				}
				if tries == 2 {
					return errors.New("not yet")
				}
				return nil
			})
		}), conformance.Pass, ""},
		{check("query.fatal", conformance.Should, func(_ context.Context, t *conformance.T) {
			t.Cleanup(func(context.Context) error { undone = true; return nil })
			t.Fatalf("expected %d", 1)
			t.Errorf("not reached")
		}), conformance.Fail, "^expected 1$"},
		{check("query.panic", conformance.Should, func(context.Context, *conformance.T) { panic("oh") }), conformance.Fail, "panicked: oh"},
		{check("query.late", conformance.Should, func(_ context.Context, t *conformance.T) {
			t.Eventually("something", func() error { return errors.New("never") })
		}), conformance.Fail, "^something: not within 1s: never$"},
		{check("query.status", conformance.Should, func(_ context.Context, t *conformance.T) {
			t.Workspace().Do(conformance.Get("/api/v1/query?query=1")).ExpectStatus(418).ExpectJSON("data.resultType", "vector").ExpectNoJSON("status")
		}), conformance.Fail, `expected status 418; GET /api/v1/query\?query=1: status 200, body "{`},
		{check("query.cleanup", conformance.Should, func(_ context.Context, t *conformance.T) {
			t.Cleanup(func(context.Context) error { return errors.New("stuck") })
		}), conformance.Fail, "^clean up: stuck$"},
		{check("query.elsewhere", conformance.Must, func(_ context.Context, t *conformance.T) {
			t.NotApplicable("no such thing here")
		}), conformance.NotApplicable, ""},
		{check("query.unknown", conformance.Unknown, func(_ context.Context, t *conformance.T) {
			t.Record("colour", "blue")
		}), conformance.Recorded, ""},
		{conformance.Check{ID: "query.slow", Level: conformance.Must, Area: conformance.Querying, Needs: conformance.NeedsSlow}, conformance.NotRun, ""},
	}
	cfg := conformance.Config{Target: at, Without: conformance.NeedsSlow}
	var told []string
	cfg.OnResult = func(r conformance.Result) { told = append(told, r.Check.ID) }
	for _, c := range cases {
		cfg.Checks = append(cfg.Checks, c.check)
	}
	report, err := conformance.Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Len(t, told, len(cases))
	require.True(t, slices.IsSortedFunc(report.Results, func(a, b conformance.Result) int { return strings.Compare(a.Check.ID, b.Check.ID) }))
	for _, c := range cases {
		i := slices.IndexFunc(report.Results, func(r conformance.Result) bool { return r.Check.ID == c.check.ID })
		require.Equal(t, c.outcome, report.Results[i].Outcome, "%s: %v", c.check.ID, report.Results[i].Failures)
		if c.failure != "" {
			require.Regexp(t, c.failure, report.Results[i].Failures[0])
		}
	}
	require.Equal(t, 3, tries)
	require.True(t, undone)
	require.False(t, report.Failed(), "no MUST has failed")
	require.Empty(t, srv.Workspaces())

	cfg.Checks = []conformance.Check{check("query.must", conformance.Must, func(_ context.Context, t *conformance.T) { t.Errorf("no") })}
	report, err = conformance.Run(t.Context(), cfg)
	require.NoError(t, err)
	require.True(t, report.Failed())
}

// TestEverythingIsRemoved: also what a check made by hand, and also after an
// interruption; and what the run did not make stays.
func TestEverythingIsRemoved(t *testing.T) {
	t.Parallel()
	at, srv := target(t)
	foreign, err := srv.CreateWorkspace(t.Context(), conformance.AliasPrefix+"of-somebody-else")
	require.NoError(t, err)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	making := 0
	cfg := conformance.Config{Target: at, Parallel: 1, Checks: []conformance.Check{
		check("query.a", conformance.Must, func(_ context.Context, t *conformance.T) {
			t.OwnWorkspace()
			t.BorrowWorkspace()
			t.Do(conformance.PostJSON("/workspaces", `{}`)).RequireStatus(202)
			making = len(srv.Workspaces())
		}),
		check("query.b", conformance.Must, func(ctx context.Context, t *conformance.T) {
			_, err := t.Control().CreateWorkspace(ctx, &amp.CreateWorkspaceInput{})
			interrupt()
			<-ctx.Done()
			t.Errorf("%v", err)
		}),
		check("query.c", conformance.Must, func(context.Context, *conformance.T) { panic("not reached") }),
	}}
	report, err := conformance.Run(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 5, making)
	require.Equal(t, conformance.Pass, report.Results[0].Outcome, report.Results[0].Failures)
	require.Equal(t, conformance.NotRun, report.Results[1].Outcome)
	require.Equal(t, conformance.NotRun, report.Results[2].Outcome)
	require.Empty(t, report.Leftovers)
	require.Len(t, srv.Workspaces(), 1)
	require.Equal(t, foreign.ID, srv.Workspaces()[0].ID)
}

// TestTransportKnowsTheCheck: a transport of the caller's sees every request with
// the id of its check, be it the SDK's or one made by hand, byte for byte.
func TestTransportKnowsTheCheck(t *testing.T) {
	t.Parallel()
	at, _ := target(t)
	var (
		mu   sync.Mutex
		seen = make(map[string][]string)
	)
	at.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		id := conformance.CheckID(r.Context())
		seen[id] = append(seen[id], r.Method+" "+r.URL.RequestURI())
		mu.Unlock()
		return http.DefaultTransport.RoundTrip(r)
	})}
	const odd = "//api/v1/query?time=1&query=vector%281%29&query="
	report, err := conformance.Run(t.Context(), conformance.Config{Target: at, Checks: []conformance.Check{
		check("query.raw", conformance.Must, func(_ context.Context, t *conformance.T) {
			t.Workspace().Do(conformance.Get(odd)).ExpectStatus(200)
		}),
		check("query.sdk", conformance.Must, func(_ context.Context, t *conformance.T) {
			if _, err := t.Control().ListWorkspaces(context.Background(), nil); err != nil {
				t.Errorf("%v", err)
			}
		}),
	}})
	require.NoError(t, err)
	require.Equal(t, conformance.Pass, report.Results[0].Outcome, report.Results[0].Failures)
	require.Equal(t, 1, report.Results[0].Requests)
	require.Len(t, seen["query.raw"], 1)
	require.True(t, strings.HasSuffix(seen["query.raw"][0], odd), seen["query.raw"][0])
	require.Equal(t, []string{"GET /workspaces"}, seen["query.sdk"])
	require.NotEmpty(t, seen[conformance.SetupID])
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestTargetIsComplete: what is missing is said before anything is sent.
func TestTargetIsComplete(t *testing.T) {
	t.Parallel()
	at, _ := target(t)
	at.Credentials = credentials.NewStaticCredentialsProvider("AKIAEXAMPLENOBODY000", "x", "")
	for name, c := range map[string]struct {
		target conformance.Target
		want   string
	}{
		"nothing": {conformance.Target{}, "no region\ntarget: no credentials"},
		"no URL":  {conformance.Target{Region: "us-east-1", Credentials: conformance.StandInCredentials(), Endpoint: "localhost:1"}, "is no http or https URL"},
		"no key":  {at, "prepare the run: create workspace"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := conformance.Run(t.Context(), conformance.Config{Target: c.target, Checks: []conformance.Check{}})
			require.ErrorContains(t, err, c.want)
		})
	}
}
