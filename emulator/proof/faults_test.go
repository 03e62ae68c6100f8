package proof

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/storage/remote"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// fails puts the one rule that there is.
func (s *stage) fails(t *testing.T, rule fault.Rule) {
	t.Helper()
	if rule.Name == "" {
		rule.Name = "the-rule"
	}
	require.NoError(t, s.SetFaults(rule))
}

// hits is how often the one rule was hit.
func (s *stage) hits(t *testing.T) int {
	t.Helper()
	require.Len(t, s.Faults(), 1)
	return s.Faults()[0].Hits
}

func writes() fault.Patterns  { return fault.Patterns{"aps:RemoteWrite"} }
func queries() fault.Patterns { return fault.Patterns{fault.QueryAction} }

// stored is what a query answers once no rule is there any more.
func (s *stage) stored(t *testing.T, query string) model.Vector {
	t.Helper()
	require.NoError(t, s.SetFaults())
	return s.query(t, query)
}

func (s *stage) query(t *testing.T, query string) model.Vector {
	t.Helper()
	got, _, err := s.reader(t, s.ws.QueryURL).Query(t.Context(), query, time.Now())
	require.NoError(t, err)
	return got.(model.Vector)
}

// reader is client_golang's API client, signed as Prometheus signs.
func (s *stage) reader(t *testing.T, address string) promv1.API {
	t.Helper()
	rt, err := promsigv4.NewSigV4RoundTripper(rootKey(), http.DefaultTransport)
	require.NoError(t, err)
	c, err := api.NewClient(api.Config{Address: address, RoundTripper: rt})
	require.NoError(t, err)
	return promv1.NewAPI(c)
}

// lastWith returns the newest request that the inspector says a rule changed.
func (s *stage) lastWith(t *testing.T, rule string) explain.Request {
	t.Helper()
	var found explain.Request
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var list explain.List
		require.NoError(c, json.Unmarshal([]byte(s.own(t, http.MethodGet, "/_ampersand/api/requests", "").body), &list))
		for _, r := range list.Requests {
			if strings.Contains(r.Fault, rule) {
				found = r
				return
			}
		}
		c.Errorf("no request of %s", rule)
	}, 10*time.Second, 5*time.Millisecond)
	whole, err := s.inspect.Find(t.Context(), found.ID)
	require.NoError(t, err)
	return whole
}

// own asks the emulator's own API.
func (s *stage) own(t *testing.T, method, path, body string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	require.NoError(t, err)
	return roundTrip(t, http.DefaultTransport, req)
}

// TestFaultStatus has Prometheus's remote write client judge what it is answered.
func TestFaultStatus(t *testing.T) {
	s := stand(t, emulator.Config{})
	for name, tt := range map[string]struct {
		status    fault.Status
		text      string
		retried   bool
		carried   bool
		errorType string
	}{
		"unavailable":      {fault.Status{Code: 503}, "Service Unavailable", true, false, ""},
		"internal, after":  {fault.Status{Code: 500, When: fault.After}, "Internal server error", true, true, ""},
		"own words":        {fault.Status{Code: 502, Message: "no upstream", When: fault.Before}, "no upstream", true, false, ""},
		"throttled":        {fault.Status{Code: 429, RetryAfter: fault.Duration(7 * time.Second)}, `{"message":"Rate exceeded"}`, false, false, "ThrottlingException"}, // unless retry_on_http_429 is on
		"bad":              {fault.Status{Code: 400, Message: "no"}, "no", false, false, ""},
		"forbidden, after": {fault.Status{Code: 403, When: fault.After}, `{"message":"Forbidden"}`, false, true, "AccessDeniedException"},
	} {
		t.Run(name, func(t *testing.T) {
			metric := strings.NewReplacer(" ", "_", ",", "").Replace(name)
			s.fails(t, fault.Rule{Action: writes(), Status: &tt.status})
			_, err := s.ws.writer.Store(t.Context(), sampleAt(t, metric, time.Now()), 0)
			var recoverable remote.RecoverableError
			require.Equal(t, tt.retried, errors.As(err, &recoverable), "%v", err)
			require.ErrorContains(t, err, tt.text)
			require.Equal(t, 1, s.hits(t))

			rt, err := promsigv4.NewSigV4RoundTripper(rootKey(), http.DefaultTransport)
			require.NoError(t, err)
			got := roundTrip(t, rt, remoteWrite(t, s.ws.RemoteWriteURL, sampleAt(t, metric, time.Now())))
			require.Equal(t, tt.status.Code, got.status)
			require.Equal(t, tt.text, strings.TrimSuffix(got.body, "\n"))
			require.Equal(t, tt.errorType, got.header.Get("X-Amzn-Errortype"))
			wantRetry := ""
			if tt.status.RetryAfter > 0 {
				wantRetry = "7"
			}
			require.Equal(t, wantRetry, got.header.Get("Retry-After"))

			known := s.find(t, got)
			require.Equal(t, "the-rule (status)", known.Fault)
			require.Equal(t, "fault", known.Reason)
			require.Equal(t, rootARN, known.Identity)
			require.Contains(t, known.Explanation.Text, "Made by fault rule the-rule (status)")
			var printed bytes.Buffer
			require.NoError(t, explain.Print(&printed, known))
			require.Contains(t, printed.String(), "Made by fault rule the-rule (status), on purpose.")
			require.Contains(t, s.log.String(), `fault="the-rule (status)"`)
			require.Len(t, s.stored(t, metric), map[bool]int{true: 1}[tt.carried])
		})
	}
	require.Regexp(t, `(?m)^ampersand_faults_total\{effect="status",rule="the-rule"\} 12$`, s.own(t, http.MethodGet, "/metrics", "").body)
}

// TestFaultStatusDialects has each client read the error that it was made for.
func TestFaultStatusDialects(t *testing.T) {
	s := stand(t, emulator.Config{})
	cfg := s.AWSConfig()
	cfg.RetryMaxAttempts = 1
	code := func(err error) string {
		var e smithy.APIError
		require.ErrorAs(t, err, &e)
		return e.ErrorCode()
	}
	s.fails(t, fault.Rule{Action: fault.Patterns{"aps:ListWorkspaces"}, Status: &fault.Status{Code: 500}})
	_, err := amp.NewFromConfig(cfg).ListWorkspaces(t.Context(), nil)
	require.Equal(t, "InternalServerException", code(err))
	_, err = amp.NewFromConfig(cfg).DescribeWorkspace(t.Context(), &amp.DescribeWorkspaceInput{WorkspaceId: &s.ws.ID})
	require.NoError(t, err, "another action")

	s.fails(t, fault.Rule{Action: fault.Patterns{"aps:ListWorkspaces"}, Count: 1, Status: &fault.Status{Code: 429, RetryAfter: fault.Duration(time.Second)}})
	_, err = amp.NewFromConfig(s.AWSConfig()).ListWorkspaces(t.Context(), nil)
	require.NoError(t, err, "the SDK tries again")
	require.Equal(t, 1, s.hits(t))

	s.fails(t, fault.Rule{Action: fault.Patterns{"sts:*"}, Status: &fault.Status{Code: 503}})
	_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	require.Equal(t, "ServiceUnavailable", code(err))

	s.fails(t, fault.Rule{Action: queries(), Status: &fault.Status{Code: 503, Message: "away"}})
	_, _, err = s.reader(t, s.ws.QueryURL).Query(t.Context(), "up", time.Now())
	var promError *promv1.Error
	require.ErrorAs(t, err, &promError)
	require.Equal(t, promv1.ErrServer, promError.Type)
	require.JSONEq(t, `{"status":"error","errorType":"unavailable","error":"away"}`, promError.Detail)
}

// TestFaultCut closes connections before and after requests are carried out, and in the
// middle of an answer.
func TestFaultCut(t *testing.T) {
	s := stand(t, emulator.Config{})
	for cut, carried := range map[fault.Cut]int{fault.CutBefore: 0, fault.CutAfter: 1, fault.CutMid: 1} {
		t.Run(string(cut), func(t *testing.T) {
			metric := "cut_" + string(cut)
			s.fails(t, fault.Rule{Name: metric, Action: fault.Patterns{"aps:RemoteWrite", fault.QueryAction}, Cut: cut})
			_, err := s.ws.writer.Store(t.Context(), sampleAt(t, metric, time.Now()), 0)
			var recoverable remote.RecoverableError
			require.ErrorAs(t, err, &recoverable, "Prometheus tries again")
			known := s.lastWith(t, metric)
			require.Equal(t, explain.Failed, known.Verdict)
			require.Zero(t, known.Status, "there was no answer")

			_, err = s.ws.instant(t.Context(), "vector(1)", time.Now().UnixMilli())
			if cut == fault.CutMid {
				require.ErrorContains(t, err, "read the answer")
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			} else {
				require.ErrorContains(t, err, "send request")
			}
			require.Len(t, s.stored(t, metric), carried)
		})
	}
}

// TestFaultDelay has a client give up, as KEDA does after 3 s, and one that waits.
func TestFaultDelay(t *testing.T) {
	s := stand(t, emulator.Config{})
	const delay = 200 * time.Millisecond
	s.fails(t, fault.Rule{Action: fault.Patterns{"aps:*"}, Delay: fault.Duration(delay)})
	began := time.Now()
	_, err := s.ws.writer.Store(t.Context(), sampleAt(t, "delayed", time.Now()), 0)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), delay)
	require.Equal(t, explain.Accepted, s.lastWith(t, "the-rule").Verdict)
	require.Len(t, s.stored(t, "delayed"), 1)

	s.fails(t, fault.Rule{Name: "long", Action: fault.Patterns{"aps:*"}, Delay: fault.Duration(time.Hour)})
	ctx, cancel := context.WithTimeout(t.Context(), delay)
	defer cancel()
	_, err = s.ws.instant(ctx, "delayed", time.Now().UnixMilli())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Zero(t, s.lastWith(t, "long").Status)

	answered := make(chan error, 1)
	go func() { // ends below
		_, err := s.ws.instant(context.Background(), "delayed", time.Now().UnixMilli())
		answered <- err
	}()
	require.Eventually(t, func() bool { return s.hits(t) == 2 }, 10*time.Second, time.Millisecond)
	require.True(t, s.DeleteFault("long"))
	require.NoError(t, <-answered, "removed, the rule lets go at once")
}

// TestFaultSlow has an answer trickle in.
func TestFaultSlow(t *testing.T) {
	s := stand(t, emulator.Config{})
	want, err := s.ws.instant(t.Context(), "vector(1)", time.Now().UnixMilli())
	require.NoError(t, err)
	s.fails(t, fault.Rule{Action: queries(), Slow: 500})
	began := time.Now()
	got, err := s.ws.instant(t.Context(), "vector(1)", time.Now().UnixMilli())
	require.NoError(t, err)
	require.Len(t, got.body, len(want.body))
	require.GreaterOrEqual(t, time.Since(began), time.Duration(len(got.body))*time.Second/500)
}

// TestFaultIsolation has rules for one workspace leave the others alone, whatever they do.
func TestFaultIsolation(t *testing.T) {
	s := stand(t, emulator.Config{})
	hit, err := s.CreateWorkspace(t.Context(), "hit")
	require.NoError(t, err)
	sick, well := s.client(t, hit), s.ws
	now := time.Now()
	for _, ws := range []*space{sick, well} {
		_, err := ws.writer.Store(t.Context(), sampleAt(t, "here", now), 0)
		require.NoError(t, err)
	}
	want, err := well.instant(t.Context(), "here", now.UnixMilli())
	require.NoError(t, err)
	for name, rule := range map[string]fault.Rule{
		"status": {Status: &fault.Status{Code: 503}}, "cut": {Cut: fault.CutBefore}, "empty": {Empty: true},
		"series": {Series: 2}, "value": {Value: "7"}, "credentials": {Credentials: fault.Expired}, "clock": {Clock: fault.Duration(time.Hour)},
		"delay": {Delay: fault.Duration(time.Hour)},
	} {
		for _, workspace := range []string{hit.ID, "hit"} {
			t.Run(name+" "+workspace, func(t *testing.T) {
				rule.Action, rule.Workspace = fault.Patterns{"*"}, workspace
				s.fails(t, rule)
				got, err := well.instant(t.Context(), "here", now.UnixMilli())
				require.NoError(t, err)
				require.Equal(t, want, got)
				require.Zero(t, s.hits(t))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				got, err = sick.instant(ctx, "here", now.UnixMilli())
				require.True(t, err != nil || !bytes.Equal(got.body, want.body), "%s", got.body)
				require.Equal(t, 1, s.hits(t))
			})
		}
	}
}

// TestFaultOutage has 503 for 20 s of the emulator's clock, by schedule: Prometheus's
// own queue loses no sample (I07).
func TestFaultOutage(t *testing.T) {
	var ahead atomic.Int64
	s := stand(t, emulator.Config{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	app := startApp(t)
	p := startProm(t, s.ws, "prometheus.WriteRequest", app.address)
	stop := p.scrape(t)
	arrived := func() int { return len(s.query(t, "app_calls_total")) }
	require.Eventually(t, func() bool { return arrived() == 1 }, 30*time.Second, 20*time.Millisecond)

	require.NoError(t, s.SetFaults(fault.Rule{
		Name: "outage", Action: writes(), Schedule: fault.Schedule{After: fault.Duration(time.Minute), For: fault.Duration(20 * time.Second)},
		Status: &fault.Status{Code: 503},
	}))
	state := func() fault.State { return s.Faults()[0].State }
	require.Equal(t, fault.Waiting, state())
	ahead.Add(int64(time.Minute))
	require.Equal(t, fault.Active, state())
	scrapes := app.scrapes.Load()
	require.Eventually(t, func() bool { return s.hits(t) >= 3 && app.scrapes.Load() >= scrapes+10 }, 15*time.Second, 10*time.Millisecond)
	ahead.Add(int64(20 * time.Second))
	require.Equal(t, fault.Over, state())
	require.Eventually(t, func() bool { return app.scrapes.Load() >= scrapes+20 }, 30*time.Second, 10*time.Millisecond)
	stop()
	p.arrives(t, s.ws, `{job="app"}[5m]`, time.Now())
}
