package proof

import (
	"bytes"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// TestFaultResults changes what queries answer, for a client that reads results.
func TestFaultResults(t *testing.T) {
	s := stand(t, emulator.Config{})
	now := time.Now()
	for _, name := range []string{"a", "b"} {
		_, err := s.ws.writer.Store(t.Context(), sampleAt(t, name, now.Add(-time.Minute)), 0)
		require.NoError(t, err)
		_, err = s.ws.writer.Store(t.Context(), sampleAt(t, name, now), 0)
		require.NoError(t, err)
	}
	both := `{__name__=~"a|b"}`
	values := func(t *testing.T) (all []float64) {
		t.Helper()
		for _, sample := range s.query(t, both) {
			all = append(all, float64(sample.Value))
		}
		return all
	}
	require.Equal(t, []float64{1, 1}, values(t))

	t.Run("empty", func(t *testing.T) {
		s.fails(t, fault.Rule{Action: queries(), Empty: true})
		require.Empty(t, values(t))
		require.Empty(t, s.query(t, "vector(1)"))
		known := s.lastWith(t, "the-rule")
		require.Equal(t, explain.Accepted, known.Verdict)
		var printed bytes.Buffer
		require.NoError(t, explain.Print(&printed, known))
		require.Contains(t, printed.String(), "made by fault rule the-rule (empty)")
		names, _, err := s.reader(t, s.ws.QueryURL).LabelValues(t.Context(), "__name__", nil, now.Add(-time.Hour), now)
		require.NoError(t, err)
		require.Equal(t, model.LabelValues{"a", "b"}, names, "not the result of a query")
	})
	t.Run("series", func(t *testing.T) {
		s.fails(t, fault.Rule{Action: fault.Patterns{"aps:*"}, Series: 3})
		got := s.query(t, "a")
		require.Len(t, got, 3)
		for i, sample := range got {
			require.Equal(t, model.LabelValue([]string{"1", "2", "3"}[i]), sample.Metric[fault.SeriesLabel])
			require.Equal(t, model.LabelValue("a"), sample.Metric["__name__"])
		}
	})
	for value, want := range map[fault.Value]float64{"+Inf": math.Inf(1), "-Inf": math.Inf(-1), "-2.5": -2.5, "1e3": 1000} {
		t.Run(string(value), func(t *testing.T) {
			s.fails(t, fault.Rule{Action: queries(), Value: value})
			require.Equal(t, []float64{want, want}, values(t))
		})
	}
	ranged := func(t *testing.T) int {
		t.Helper()
		got, _, err := s.reader(t, s.ws.QueryURL).QueryRange(t.Context(), "a", promv1.Range{Start: now.Add(-time.Minute), End: now.Add(3 * time.Minute), Step: time.Minute})
		require.NoError(t, err)
		points := 0
		for _, stream := range got.(model.Matrix) {
			points += len(stream.Values)
		}
		return points
	}
	before := ranged(t)
	t.Run("NaN", func(t *testing.T) {
		s.fails(t, fault.Rule{Action: queries(), Value: "NaN"})
		for _, v := range values(t) {
			require.True(t, math.IsNaN(v))
		}
		require.Equal(t, before, ranged(t))
		got, _, err := s.reader(t, s.ws.QueryURL).Query(t.Context(), "scalar(a)", now)
		require.NoError(t, err)
		require.True(t, math.IsNaN(float64(got.(*model.Scalar).Value)))
	})
	t.Run("stale", func(t *testing.T) {
		s.fails(t, fault.Rule{Action: queries(), Value: fault.Stale})
		require.Empty(t, values(t))
		left := ranged(t)
		require.Positive(t, left, "what was before the rule is left")
		require.Less(t, left, before)
	})
	t.Run("errors are passed on", func(t *testing.T) {
		s.fails(t, fault.Rule{Action: queries(), Empty: true})
		_, _, err := s.reader(t, s.ws.QueryURL).Query(t.Context(), "(", now)
		require.ErrorContains(t, err, "parse error")
	})
	require.NoError(t, s.SetFaults())
	require.Equal(t, []float64{1, 1}, values(t), "what is stored was not touched")
}

// TestFaultCredentials expires a session; one that is opened afterwards is good.
func TestFaultCredentials(t *testing.T) {
	s := stand(t, emulator.Config{})
	session := func() aws.Credentials {
		out, err := s.sts(rootCredentials()).GetSessionToken(t.Context(), nil)
		require.NoError(t, err)
		s.secrets = append(s.secrets, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
		return aws.Credentials{
			AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
		}
	}
	old := session()
	ask := func(key aws.Credentials) reply {
		return roundTrip(t, keda(emulator.DefaultRegion, key), kedaQuery(t, s.ws.QueryURL))
	}
	s.accepted(t, ask(old), rootARN)
	s.fails(t, fault.Rule{Action: fault.Patterns{"aps:*"}, Principal: "arn:aws:iam::*:root", Credentials: fault.Expired})
	known := s.refused(t, ask(old), refusal{
		kind: "ExpiredTokenException", body: expiredTokenBody, reason: "expired-token", cause: "expired-token",
		remedy: "Made by fault rule the-rule (credentials)",
	})
	require.Equal(t, "the-rule (credentials)", known.Fault)
	s.accepted(t, ask(session()), rootARN)
	require.Equal(t, 1, s.hits(t), "the new session is none of the rule's")
	require.Equal(t, http.StatusForbidden, ask(rootCredentials()).status)
	forged := old
	forged.SessionToken = "another"
	require.Contains(t, ask(forged).body, "is invalid", "what is wrong before stays wrong in AWS's order")
	require.NoError(t, s.SetFaults(fault.Rule{Action: fault.Patterns{"aps:*"}, Principal: "arn:aws:iam::*:user/*", Credentials: fault.Expired}))
	s.accepted(t, ask(old), rootARN)
}

// TestFaultClock moves the clock: Prometheus cannot help itself, AWS's SDK can.
func TestFaultClock(t *testing.T) {
	s := stand(t, emulator.Config{})
	for offset, want := range map[time.Duration]string{
		10 * time.Minute:  "Signature expired",
		-10 * time.Minute: "Signature not yet current",
	} {
		s.fails(t, fault.Rule{Action: fault.Patterns{"aps:*"}, Clock: fault.Duration(offset)})
		_, err := s.ws.writer.Store(t.Context(), sampleAt(t, "clock", time.Now()), 0)
		require.ErrorContains(t, err, want)
		require.Contains(t, s.lastWith(t, "the-rule").Explanation.Text, "Made by fault rule the-rule (clock)")
		_, err = amp.NewFromConfig(s.AWSConfig()).ListWorkspaces(t.Context(), nil)
		require.NoError(t, err, "it reads the time from the answer")
		require.Equal(t, 3, s.hits(t))
	}
	s.fails(t, fault.Rule{Action: fault.Patterns{"aps:*"}, Clock: fault.Duration(time.Minute)})
	_, err := s.ws.writer.Store(t.Context(), sampleAt(t, "clock", time.Now()), 0)
	require.NoError(t, err, "within what clocks may differ")
}
