package fault_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// watch is a clock that is set by hand.
type watch struct{ at time.Time }

func (w *watch) now() time.Time { return w.at }

// ask leads one request past the rules and reports the effects that it met and its answer.
func ask(t testing.TB, set *fault.Set, target fault.Target) (met []string, status int) {
	t.Helper()
	w := httptest.NewRecorder()
	set.Serve(target, fault.Exchange{
		Context: t.Context(), Writer: w,
		Serve:  func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
		Refuse: func(w http.ResponseWriter, s fault.Status) { w.WriteHeader(s.Code) },
		OnHit:  func(h fault.Hit) { met = append(met, h.Rule) },
	})
	return met, w.Code
}

func refusal(name string) fault.Rule {
	return fault.Rule{Name: name, Action: fault.Patterns{"aps:*"}, Status: &fault.Status{Code: 503}}
}

var write = fault.Target{Action: "aps:RemoteWrite"}

func TestSchedule(t *testing.T) {
	type moment struct {
		at    time.Duration
		state fault.State
		since time.Duration
	}
	second := func(n int) fault.Duration { return fault.Duration(time.Duration(n) * time.Second) }
	for name, tt := range map[string]struct {
		schedule fault.Schedule
		moments  []moment
	}{
		"always": {fault.Schedule{}, []moment{{0, fault.Active, 0}, {time.Hour, fault.Active, 0}}},
		"after": {fault.Schedule{After: second(10)}, []moment{
			{0, fault.Waiting, 0}, {10*time.Second - 1, fault.Waiting, 0}, {10 * time.Second, fault.Active, 10 * time.Second}, {time.Hour, fault.Active, 10 * time.Second},
		}},
		"for": {fault.Schedule{After: second(10), For: second(20)}, []moment{
			{29 * time.Second, fault.Active, 10 * time.Second}, {30 * time.Second, fault.Over, 30 * time.Second}, {time.Hour, fault.Over, 30 * time.Second},
		}},
		"every": {fault.Schedule{After: second(10), For: second(20), Every: second(60)}, []moment{
			{9 * time.Second, fault.Waiting, 0}, {10 * time.Second, fault.Active, 10 * time.Second},
			{30 * time.Second, fault.Waiting, 30 * time.Second}, {70 * time.Second, fault.Active, 70 * time.Second},
			{90 * time.Second, fault.Waiting, 90 * time.Second}, {130 * time.Second, fault.Active, 130 * time.Second},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			clock := &watch{begin}
			set := fault.NewSet(fault.Config{Now: clock.now})
			rule := refusal("r")
			rule.Schedule = tt.schedule
			require.NoError(t, set.Replace([]fault.Rule{rule}))
			hits := 0
			for _, m := range tt.moments {
				clock.at = begin.Add(m.at)
				want := http.StatusOK
				if m.state == fault.Active {
					want, hits = http.StatusServiceUnavailable, hits+1
				}
				_, status := ask(t, set, write)
				require.Equal(t, want, status, m.at)
				require.Equal(t, []fault.Report{{Rule: rule, State: m.state, Since: begin.Add(m.since), Put: begin, Hits: hits}}, set.List(), m.at)
			}
		})
	}
}

func TestCount(t *testing.T) {
	clock := &watch{time.Unix(1e9, 0).UTC()}
	set := fault.NewSet(fault.Config{Now: clock.now})
	rule := refusal("twice")
	rule.Count = 2
	_, err := set.Put(rule)
	require.NoError(t, err)
	for _, want := range []int{503, 503, 200, 200} {
		clock.at = clock.at.Add(time.Second)
		_, status := ask(t, set, write)
		require.Equal(t, want, status)
	}
	got := set.List()[0]
	require.Equal(t, fault.Over, got.State)
	require.Equal(t, time.Unix(1e9+2, 0).UTC(), got.Since)
	_, err = set.Put(rule)
	require.NoError(t, err)
	require.Zero(t, set.List()[0].Hits, "a rule that is put anew begins anew")
}

func TestProbability(t *testing.T) {
	half := 0.5
	rule := refusal("half")
	rule.Probability, rule.Seed = &half, 42
	pattern := func(c fault.Config, seed uint64) (out string) {
		set := fault.NewSet(c)
		r := rule
		r.Seed = seed
		require.NoError(t, set.Replace([]fault.Rule{r}))
		for range 200 {
			_, status := ask(t, set, write)
			out += fmt.Sprint(status/100, "")
		}
		return out
	}
	first := pattern(fault.Config{}, 42)
	require.Equal(t, first, pattern(fault.Config{}, 42), "the same seed hits the same requests")
	require.NotEqual(t, first, pattern(fault.Config{}, 43))
	for random, want := range map[float64]int{0.49: 503, 0.5: 200} {
		set := fault.NewSet(fault.Config{Random: func(uint64) func() float64 { return func() float64 { return random } }})
		require.NoError(t, set.Replace([]fault.Rule{rule}))
		_, status := ask(t, set, write)
		require.Equal(t, want, status)
	}
	for probability, want := range map[float64]int{0: 200, 1: 503} {
		rule.Probability = &probability
		set := fault.NewSet(fault.Config{})
		require.NoError(t, set.Replace([]fault.Rule{rule}))
		for range 50 {
			_, status := ask(t, set, write)
			require.Equal(t, want, status)
		}
	}
}

func TestTargets(t *testing.T) {
	keda := fault.Target{
		Action: "aps:QueryMetrics", WorkspaceID: "ws-1", WorkspaceAlias: "A",
		Principals: []string{"arn:aws:sts::1:assumed-role/keda/x", "arn:aws:iam::1:role/keda"},
	}
	for name, tt := range map[string]struct {
		change func(*fault.Rule)
		target fault.Target
		hit    bool
	}{
		"all":                {func(*fault.Rule) {}, keda, true},
		"case of the action": {func(r *fault.Rule) { r.Action = fault.Patterns{"APS:query?etrics"} }, keda, true},
		"second action":      {func(r *fault.Rule) { r.Action = fault.Patterns{"sts:*", "aps:Query*"} }, keda, true},
		"other action":       {func(r *fault.Rule) { r.Action = fault.Patterns{"aps:Query"} }, keda, false},
		"dots are dots":      {func(r *fault.Rule) { r.Action = fault.Patterns{"aps:........etrics"} }, keda, false},
		"id":                 {func(r *fault.Rule) { r.Workspace = "ws-1" }, keda, true},
		"alias":              {func(r *fault.Rule) { r.Workspace = "A" }, keda, true},
		"other workspace":    {func(r *fault.Rule) { r.Workspace = "ws-2" }, keda, false},
		"no workspace":       {func(r *fault.Rule) { r.Workspace = "ws-1" }, fault.Target{Action: "aps:ListWorkspaces"}, false},
		"session":            {func(r *fault.Rule) { r.Principal = "arn:aws:sts::*:assumed-role/keda/*" }, keda, true},
		"role":               {func(r *fault.Rule) { r.Principal = "arn:aws:iam::?:role/keda" }, keda, true},
		"other role":         {func(r *fault.Rule) { r.Principal = "arn:aws:iam::*:role/ked" }, keda, false},
		"nobody":             {func(r *fault.Rule) { r.Principal = "arn:*" }, fault.Target{Action: "aps:QueryMetrics"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			set := fault.NewSet(fault.Config{})
			rule := refusal("r")
			tt.change(&rule)
			require.NoError(t, set.Replace([]fault.Rule{rule}))
			met, _ := ask(t, set, tt.target)
			require.Equal(t, tt.hit, len(met) == 1)
		})
	}
}

// TestOrder has the first rule that keeps a request leave nothing to those behind it.
func TestOrder(t *testing.T) {
	set := fault.NewSet(fault.Config{})
	wait := fault.Rule{Name: "wait", Action: fault.Patterns{"aps:*"}, Delay: fault.Duration(time.Microsecond)}
	require.NoError(t, set.Replace([]fault.Rule{wait, refusal("first"), refusal("second")}))
	met, status := ask(t, set, write)
	require.Equal(t, []string{"wait", "first"}, met)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.True(t, set.Delete("first"))
	require.False(t, set.Delete("first"))
	met, _ = ask(t, set, write)
	require.Equal(t, []string{"wait", "second"}, met)
	set.Clear()
	require.True(t, set.None())
	met, status = ask(t, set, write)
	require.Empty(t, met)
	require.Equal(t, http.StatusOK, status)
}

func TestNamesAndBounds(t *testing.T) {
	set := fault.NewSet(fault.Config{})
	require.NoError(t, set.Replace([]fault.Rule{refusal(""), refusal("fault-1"), refusal("")}))
	names := func() (all []string) {
		for _, r := range set.List() {
			all = append(all, r.Rule.Name)
		}
		return all
	}
	require.Equal(t, []string{"fault-2", "fault-1", "fault-3"}, names())
	require.Error(t, set.Replace([]fault.Rule{refusal("x"), refusal("x")}))
	require.Error(t, set.Replace([]fault.Rule{{Name: "x"}}))
	require.Error(t, set.Replace(make([]fault.Rule, fault.MaxRules+1)))
	_, err := set.Put(fault.Rule{})
	require.Error(t, err)
	require.Equal(t, []string{"fault-2", "fault-1", "fault-3"}, names(), "what is wrong changes nothing")
	for len(set.List()) < fault.MaxRules {
		_, err = set.Put(refusal(""))
		require.NoError(t, err)
	}
	_, err = set.Put(refusal(""))
	require.ErrorContains(t, err, "100 rules already")
	_, err = set.Put(refusal("fault-1"))
	require.NoError(t, err)
}

// TestRemovalEndsADelay removes a rule while it holds up a request.
func TestRemovalEndsADelay(t *testing.T) {
	for name, remove := range map[string]func(*fault.Set){
		"delete":  func(s *fault.Set) { s.Delete("wait") },
		"clear":   func(s *fault.Set) { s.Clear() },
		"put":     func(s *fault.Set) { _, _ = s.Put(refusal("wait")) },
		"replace": func(s *fault.Set) { _ = s.Replace(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			set := fault.NewSet(fault.Config{})
			require.NoError(t, set.Replace([]fault.Rule{{Name: "wait", Action: fault.Patterns{"*"}, Delay: fault.Duration(time.Hour)}}))
			held, served := make(chan struct{}), make(chan struct{})
			go set.Serve(write, fault.Exchange{ // ends with the test, which waits for served
				Context: context.Background(), Writer: httptest.NewRecorder(),
				OnHit: func(fault.Hit) { close(held) },
				Serve: func(http.ResponseWriter) { close(served) },
			})
			<-held
			remove(set)
			<-served
		})
	}
}

// TestConcurrentUse has rules change while requests pass, for the race detector; a rule
// with a count hits no more often.
func TestConcurrentUse(t *testing.T) {
	set := fault.NewSet(fault.Config{})
	limited := refusal("limited")
	limited.Count = 50
	require.NoError(t, set.Replace([]fault.Rule{limited}))
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for range 50 {
				ask(t, set, write)
				_, err := set.Put(fault.Rule{Name: fmt.Sprint("r", n), Action: fault.Patterns{"sts:*"}, Slow: 1})
				if err != nil {
					t.Error(err)
				}
				set.List()
			}
		})
	}
	all.Wait()
	require.Equal(t, 50, set.List()[0].Hits)
}

// BenchmarkNone is what a request pays while there are no rules.
func BenchmarkNone(b *testing.B) {
	set := fault.NewSet(fault.Config{})
	for b.Loop() {
		if !set.None() {
			b.Fatal("there are none")
		}
	}
}

// BenchmarkOthers is what a request pays for ten rules of other workspaces.
func BenchmarkOthers(b *testing.B) {
	set := fault.NewSet(fault.Config{})
	for range 10 {
		r := refusal("")
		r.Workspace = "ws-2"
		if _, err := set.Put(r); err != nil {
			b.Fatal(err)
		}
	}
	target := fault.Target{Action: "aps:RemoteWrite", WorkspaceID: "ws-1"}
	x := fault.Exchange{Context: b.Context(), Serve: func(http.ResponseWriter) {}}
	for b.Loop() {
		set.Serve(target, x)
	}
}
