package ingest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

func replica(cluster, name string, at int64, v float64) prompb.TimeSeries {
	return with(series("__name__", "m", "__replica__", name, "cluster", cluster), at, v)
}

// TestReplicas plays two replicas of one cluster, by the clock.
func TestReplicas(t *testing.T) {
	const lost = "replicas did not match, rejecting sample: replica=%s, elected=%s\n"
	r := newRig(t, time.Minute, limits{quota.SampleAge: -1})
	start := r.now
	steps := []struct {
		after   time.Duration
		replica string
		elected string
	}{
		{0, "a", "a"},
		{time.Second, "b", "a"},
		{20 * time.Second, "a", "a"}, // heard
		{45 * time.Second, "b", "a"}, // 25 s of silence
		{49*time.Second + 999*time.Millisecond, "b", "a"},
		{50 * time.Second, "b", "b"}, // 30 s of silence
		{51 * time.Second, "a", "b"},
		{79 * time.Second, "a", "b"}, // being refused is not being heard
		{80 * time.Second, "a", "a"},
	}
	want, dropped := map[int64]float64{}, 0
	for i, s := range steps {
		r.now = start.Add(s.after)
		w := r.write(replica("c", s.replica, r.at(), float64(i)), series("__name__", "empty"), with(series("__name__", "other"), r.at(), 1, 2))
		if s.replica == s.elected {
			require.Equal(t, http.StatusOK, w.Code, "%v %s", s, w.Body)
			want[r.at()] = float64(i)
			continue
		}
		dropped += 3
		require.Equal(t, http.StatusAccepted, w.Code, "%v", s)
		require.Equal(t, fmt.Sprintf(lost, s.replica, s.elected), w.Body.String())
	}
	require.Equal(t, map[string]int{"deduped": dropped}, r.dropped)
	require.Equal(t, want, r.stored()[`{__name__="m", cluster="c"}`], "without __replica__, with cluster")
	require.Len(t, r.stored(), 2)
}

// TestReplicasOfVersion2 answers the loser as if all were written: its sender
// takes anything else for an error.
func TestReplicasOfVersion2(t *testing.T) {
	r := newRig(t, time.Minute, nil)
	q := newV2()
	q.add(r.at(), 1, "__name__", "m", "cluster", "c", "__replica__", "a")
	require.Equal(t, http.StatusNoContent, r.writeV2(q).Code)
	q = newV2()
	q.add(r.at()+1, 1, "__name__", "m", "cluster", "c", "__replica__", "b")
	w := r.writeV2(q)
	require.Equal(t, http.StatusAccepted, w.Code)
	requireWritten(t, w.Header(), 1, 0)
	require.Equal(t, map[string]map[int64]float64{`{__name__="m", cluster="c"}`: {r.at(): 1}}, r.stored())
}

func TestNotHighlyAvailable(t *testing.T) {
	tests := map[string]struct {
		first prompb.TimeSeries
		want  string
	}{
		"no replica":    {series("__name__", "m", "cluster", "c"), `{__name__="m", cluster="c"}`},
		"no cluster":    {series("__name__", "m", "__replica__", "a"), `{__name__="m", __replica__="a"}`},
		"empty cluster": {series("__name__", "m", "__replica__", "a", "cluster", ""), `{__name__="m", __replica__="a"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Minute, nil)
			second := replica("c", "z", r.at(), 2)
			require.Equal(t, http.StatusOK, r.write(with(tt.first, r.at(), 1), second).Code)
			require.Equal(t, map[string]map[int64]float64{
				tt.want: {r.at(): 1}, `{__name__="m", __replica__="z", cluster="c"}`: {r.at(): 2},
			}, r.stored(), "the first series decides")
		})
	}
	t.Run("only metadata", func(t *testing.T) {
		r := newRig(t, time.Minute, nil)
		require.Equal(t, http.StatusOK, r.post(encode(t, &prompb.WriteRequest{Metadata: []prompb.MetricMetadata{{MetricFamilyName: "m"}}}), nil).Code)
	})
	t.Run("replica label too long", func(t *testing.T) {
		r := newRig(t, time.Minute, limits{quota.LabelValueLength: 3})
		w := r.write(replica("c", "long", r.at(), 1))
		requireText(t, w.Code, w.Header(), w.Body.String(),
			`label value too long for metric (actual: 4, limit: 3) metric: "m{__replica__=\"long\", cluster=\"c\"}" label name: "__replica__" label value: "long"`)
	})
}

func TestTooManyClusters(t *testing.T) {
	r := newRig(t, time.Minute, limits{quota.HAClusters: 2, quota.SampleAge: -1})
	now := r.at()
	for _, cluster := range []string{"a", "b", "a"} {
		require.Equal(t, http.StatusOK, r.write(replica(cluster, "r", now, 1)).Code)
	}
	w := r.write(replica("c", "r", now, 1))
	requireText(t, w.Code, w.Header(), w.Body.String(), "too many HA clusters (limit: 2)")
	require.Equal(t, map[string]int{"too_many_ha_clusters": 1}, r.dropped)
	require.Len(t, r.stored(), 2)

	r.now = r.now.Add(29 * time.Minute)
	require.Equal(t, http.StatusOK, r.write(replica("a", "r", r.at(), 1)).Code)
	r.now = r.now.Add(time.Minute)
	require.Equal(t, http.StatusOK, r.write(replica("c", "r", r.at(), 1)).Code, "b is silent for half an hour")
	require.Equal(t, http.StatusBadRequest, r.write(replica("d", "r", r.at(), 1)).Code)
	r.quotas.Put(quota.HAClusters, 3)
	require.Equal(t, http.StatusOK, r.write(replica("d", "r", r.at(), 1)).Code, "the quota can change")
	r.quotas.Put(quota.HAClusters, 0)
	r.handler.Forget(wsID)
	require.Equal(t, http.StatusBadRequest, r.write(replica("a", "r", r.at(), 1)).Code)
}
