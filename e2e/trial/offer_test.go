package trial

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/ampersand-amp/ampersand/e2e/load"
)

// Bounds for what cannot be waited for otherwise.
const (
	eventually = 10 * time.Second
	tick       = time.Millisecond
)

func TestShortfall(t *testing.T) {
	t.Parallel()
	before := load.Stats{Offered: 500, Answered: 400, Unsent: 60, Dropped: 30, Skipped: 10}
	for name, test := range map[string]struct {
		offered, unsent, dropped, skipped uint64
		fails                             string
	}{
		"no load":                  {},
		"all of it":                {offered: 1000},
		"a hundredth is missing":   {offered: 1000, unsent: 3, dropped: 3, skipped: 4},
		"more than that":           {1000, 3, 4, 4, "of 1000 requests, 4 were dropped (too many under way), 4 skipped (the load fell behind) and 3 had no target"},
		"there was never a target": {198, 198, 0, 0, "198 had no target"},
	} {
		after := before
		after.Offered += test.offered
		after.Unsent += test.unsent
		after.Dropped += test.dropped
		after.Skipped += test.skipped
		if err := shortfall(before, after); test.fails == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, test.fails, name)
		}
	}
}

// sink is a load that takes targets slowly.
type sink struct {
	gate chan error // each set takes one answer from it

	mu   sync.Mutex
	sets [][]string
}

func (s *sink) set(ctx context.Context, urls []string) error {
	s.mu.Lock()
	s.sets = append(s.sets, slices.Clone(urls))
	s.mu.Unlock()
	select {
	case err := <-s.gate:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *sink) seen() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sets)
}

func TestAimSendsTheNewestList(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var list []string
	s := &sink{gate: make(chan error)}
	a := newAim(func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}, s.set)
	becomes := func(now ...string) {
		mu.Lock()
		list = now
		mu.Unlock()
		a.look()
	}
	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { a.follow(ctx) })

	becomes("http://b/", "http://a/")
	require.Eventually(t, func() bool { return len(s.seen()) == 1 }, eventually, tick)
	for _, more := range []string{"http://c/", "http://d/", "http://e/"} { // while the first is under way
		becomes("http://a/", more)
	}
	s.gate <- nil
	require.Eventually(t, func() bool { return len(s.seen()) == 2 }, eventually, tick)
	s.gate <- errors.New("nobody answers")
	require.Eventually(t, func() bool { return len(s.seen()) == 3 }, eventually, tick, "it is sent again by itself")
	s.gate <- nil
	becomes("http://e/", "http://a/") // the same in another order, as a cache lists them
	becomes()
	require.Eventually(t, func() bool { return len(s.seen()) == 4 }, eventually, tick)
	require.Equal(t, [][]string{{"http://a/", "http://b/"}, {"http://a/", "http://e/"}, {"http://a/", "http://e/"}, nil}, s.seen())
	cancel()
	following.Wait()
}

func TestTallyReadsOnceForAll(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	reads, broken := uint64(0), error(nil)
	counts := &tally{fresh: time.Second, now: func() time.Time { return now }, read: func(context.Context) (load.Stats, error) {
		reads++
		return load.Stats{Offered: 10 * reads, Answered: 9 * reads}, broken
	}}
	offered := counts.count(func(s load.Stats) uint64 { return s.Offered })
	answered := counts.count(func(s load.Stats) uint64 { return s.Answered })
	both := func() (uint64, uint64, error) {
		o, err := offered(t.Context())
		a, errAnswered := answered(t.Context())
		require.Equal(t, err, errAnswered)
		return o, a, err
	}
	for i := range uint64(3) {
		o, a, err := both()
		require.NoError(t, err)
		require.Equal(t, 10*(i+1), o)
		require.Equal(t, 9*(i+1), a)
		require.Equal(t, i+1, reads)
		require.Equal(t, now, counts.readAt())
		now = now.Add(999 * time.Millisecond)
		_, _, _ = both()
		require.Equal(t, i+1, reads, "one reading serves for a second")
		now = now.Add(time.Millisecond)
	}
	broken = errors.New("nobody answers")
	_, _, err := both()
	require.ErrorIs(t, err, broken)
	require.EqualValues(t, 4, reads, "a failure serves as well")
}

// TestEndLoad: the Job has to be complete, whatever became of the request that stops it.
func TestEndLoad(t *testing.T) {
	t.Parallel()
	job := func(conditions ...batchv1.JobCondition) *batchv1.Job {
		return &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "trial", Name: "load"}, Status: batchv1.JobStatus{Conditions: conditions}}
	}
	is := func(kind batchv1.JobConditionType) batchv1.JobCondition {
		return batchv1.JobCondition{Type: kind, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded", Message: "too often"}
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "trial", Name: "load-x", Labels: map[string]string{"app": "load"}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}},
		}}},
	}
	notYet := is(batchv1.JobComplete)
	notYet.Status = corev1.ConditionFalse
	for name, test := range map[string]struct {
		before, after *batchv1.Job // the request that stops the load
		answer        int
		fails         []string
	}{
		"complete":        {job(), job(is(batchv1.JobSuccessCriteriaMet), is(batchv1.JobComplete)), 200, nil},
		"the answer lost": {job(notYet), job(is(batchv1.JobComplete)), 400, nil},
		"failed":          {job(), job(is(batchv1.JobFailed)), 200, []string{"it failed: BackoffLimitExceeded: too often", "pod load-x ended with code 137: OOMKilled"}},
		"gone":            {job(), nil, 400, []string{"not found", "stop the load", "answers 400"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := fake.NewClientset(test.before, pod)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var err error
				if test.after == nil {
					err = client.BatchV1().Jobs("trial").Delete(r.Context(), "load", metav1.DeleteOptions{})
				} else {
					_, err = client.BatchV1().Jobs("trial").UpdateStatus(r.Context(), test.after, metav1.UpdateOptions{})
				}
				if err != nil {
					t.Error(err)
				}
				w.WriteHeader(test.answer)
				_, _ = io.WriteString(w, "{}")
			}))
			t.Cleanup(server.Close)
			trial := &Trial{config: Config{Namespace: "trial"}, client: client, load: load.NewRemote(nil, server.URL)}
			err := trial.endLoad(t.Context())
			if test.fails == nil {
				require.NoError(t, err)
			}
			for _, text := range test.fails {
				require.ErrorContains(t, err, text)
			}
		})
	}
	require.NoError(t, (&Trial{}).endLoad(t.Context()), "no load was ever offered")
}
