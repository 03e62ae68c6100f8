package conformance

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/prompb"
)

// writeReplicaChecks are about the deduplication of highly available senders.
// The fail-over after 30 s is left out: it takes half a minute to see.
func writeReplicaChecks() []Check {
	const source = "UG:AMP-ingest-dedupe [D]"
	return []Check{
		{
			ID: "remote-write.replicas.label-dropped", Level: Must, Area: RemoteWriting,
			Description: "What the elected replica sends is stored with the label cluster and without __replica__.",
			Source:      source,
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.replica("c", "a", 1, m.at).ExpectStatus(http.StatusOK).ExpectBody("")
				m.expectStored(m.at, m.series(t.Metric("x"), Labels{"cluster": t.Name("c")}, At(m.at, 1)))
			},
		},
		{
			ID: "remote-write.replicas.other-dropped", Level: Must, Area: RemoteWriting,
			Description: "What another replica of the cluster sends is not stored, and its sender takes it for success.",
			Source:      source,
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.replica("c", "a", 1, m.at).RequireStatus(http.StatusOK)
				if a := m.replica("c", "b", 2, m.at.Add(time.Second)); a.Status/100 != 2 {
					t.Errorf("expected a status of success; %s", a)
				}
				m.replica("c", "a", 3, m.at.Add(2*time.Second)).ExpectStatus(http.StatusOK)
				x := t.Metric("x")
				line := fmt.Sprintf(`%s{cluster=%q, id=%q} 1@%s 3@%s`, x, t.Name("c"), m.id, stamp(m.at), stamp(m.at.Add(2*time.Second)))
				m.ExpectQuery(`{id="`+m.id+`"}[1m]`, m.at.Add(2*time.Second), line)
			},
		},
		{
			ID: "remote-write.replicas.text", Level: Should, Area: RemoteWriting,
			Description: "A replica that is not elected is told so with 202.",
			Source:      "amp-api.md 1.6 [C distributor.go, ha_tracker.go]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.replica("c", "a", 1, m.at).RequireStatus(http.StatusOK)
				m.replica("c", "b", 2, m.at).ExpectStatus(http.StatusAccepted).
					ExpectBody("replicas did not match, rejecting sample: replica=b, elected=a\n")
			},
		},
		{
			ID: "remote-write.replicas.by-cluster", Level: Must, Area: RemoteWriting,
			Description: "Each cluster elects a replica of its own.",
			Source:      source,
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.replica("c", "a", 1, m.at).ExpectStatus(http.StatusOK)
				m.replica("d", "b", 2, m.at).ExpectStatus(http.StatusOK)
				m.expectStored(m.at, m.series(t.Metric("x"), Labels{"cluster": t.Name("c")}, At(m.at, 1)),
					m.series(t.Metric("x"), Labels{"cluster": t.Name("d")}, At(m.at, 2)))
			},
		},
		{
			ID: "remote-write.replicas.first-series", Level: Should, Area: RemoteWriting,
			Description: "The first series of a request decides about all of it.",
			Source:      "amp-api.md 4 [D UG:AMP-ingest-dedupe; C distributor.go]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.replica("c", "a", 1, m.at).RequireStatus(http.StatusOK)
				m.Do(RemoteWriteSeries(
					m.series(t.Metric("first"), Labels{"cluster": t.Name("c"), "__replica__": "b"}, At(m.at, 2)),
					m.series(t.Metric("second"), nil, At(m.at, 3)),
				)).ExpectStatus(http.StatusAccepted)
				m.expectStored(m.at, m.series(t.Metric("x"), Labels{"cluster": t.Name("c")}, At(m.at, 1)))
			},
		},
		{
			ID: "remote-write.replicas.dropped-unseen", Level: Should, Area: RemoteWriting,
			Description: "What a replica that is not elected sends is dropped before its faults are looked for.",
			Source:      "[C distributor.go Push]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.replica("c", "a", 1, m.at).RequireStatus(http.StatusOK)
				m.Do(RemoteWriteSeries(
					m.series(t.Metric("first"), Labels{"cluster": t.Name("c"), "__replica__": "b"}, At(m.at.Add(-2*time.Hour), 2)),
				)).ExpectStatus(http.StatusAccepted)
			},
		},
		{
			ID: "remote-write.replicas.no-cluster", Level: Should, Area: RemoteWriting,
			Description: "A series with __replica__ and without cluster is stored as it is, from every replica.",
			Source:      "amp-api.md 4 [C distributor.go]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				var all []prompb.TimeSeries
				for i, replica := range []string{"a", "b"} {
					s := m.series(t.Metric("x"), Labels{"__replica__": replica}, At(m.at, float64(i)))
					m.Do(RemoteWriteSeries(s)).ExpectStatus(http.StatusOK)
					all = append(all, s)
				}
				m.expectStored(m.at, all...)
			},
		},
		{
			ID: "remote-write.replicas.no-replica", Level: Should, Area: RemoteWriting,
			Description: "A series with cluster and without __replica__ is stored whoever is elected.",
			Source:      "amp-api.md 4 [C distributor.go]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.replica("c", "a", 1, m.at).RequireStatus(http.StatusOK)
				plain := m.series(t.Metric("x"), Labels{"cluster": t.Name("c")}, At(m.at.Add(time.Second), 2))
				m.Do(RemoteWriteSeries(plain)).ExpectStatus(http.StatusOK)
				m.expectStored(m.at.Add(time.Second), plain)
			},
		},
	}
}

// replica writes a value as a replica of a cluster.
func (m marked) replica(cluster, replica string, value float64, at time.Time) Answer {
	return m.Do(RemoteWriteSeries(m.series(m.t.Metric("x"), Labels{"cluster": m.t.Name(cluster), "__replica__": replica}, At(at, value))))
}
