package proof

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// batch is how many samples a sender puts in a request: Prometheus' default.
const batch = 2000

func unlimited() emulator.Config {
	return emulator.Config{Quotas: map[string]string{
		"workspaces": "unlimited", "sample-future": "unlimited", "query-tps": "unlimited",
		"ingestion-rate": "unlimited", "remote-write-tps": "unlimited",
	}}
}

func bySize(b *testing.B, bench func(b *testing.B, count int)) {
	b.Helper()
	for _, count := range []int{1_000, 10_000, 100_000} {
		b.Run("series="+strconv.Itoa(count), func(b *testing.B) { bench(b, count) })
	}
}

// requests makes the requests that write a sample of each series.
func requests(b *testing.B, all []series, at int64, value float64) [][]byte {
	b.Helper()
	var out [][]byte
	for from := 0; from < len(all); from += batch {
		var req prompb.WriteRequest
		for _, one := range all[from:min(from+batch, len(all))] {
			req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
				Labels:  prompb.FromLabels(one.labels, nil),
				Samples: []prompb.Sample{{Timestamp: at, Value: value}},
			})
		}
		raw, err := req.Marshal()
		require.NoError(b, err)
		out = append(out, snappy.Encode(nil, raw))
	}
	return out
}

func send(b *testing.B, ws *space, bodies [][]byte) {
	b.Helper()
	for _, body := range bodies {
		if _, err := ws.writer.Store(context.Background(), body, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRemoteWrite sends a sample of every series, in requests of 2000, one
// after the other, signed, over loopback. What it takes to sign them is in the
// time, what it takes to encode them is not.
func BenchmarkRemoteWrite(b *testing.B) {
	bySize(b, func(b *testing.B, count int) {
		ws := start(b, unlimited()).workspace(b)
		at := time.Now().UnixMilli()
		all := oneSample(count, at)
		send(b, ws, requests(b, all, at, 0)) // the series are made here
		rounds := 0
		for b.Loop() {
			b.StopTimer()
			rounds++
			bodies := requests(b, all, at+int64(rounds), float64(rounds))
			b.StartTimer()
			send(b, ws, bodies)
		}
		b.ReportMetric(float64(rounds)*float64(count)/b.Elapsed().Seconds(), "samples/s")
	})
}

// BenchmarkKEDAQuery is what KEDA asks at each poll, of a metric all of whose
// series it selects.
func BenchmarkKEDAQuery(b *testing.B) {
	bySize(b, func(b *testing.B, count int) {
		ws := start(b, unlimited()).workspace(b)
		now := time.Now().UnixMilli()
		all := oneSample(count, now)
		for ago := int64(4); ago >= 0; ago-- {
			send(b, ws, requests(b, all, now-ago*interval.Milliseconds(), float64(100-ago)))
		}
		ask := func() {
			got, err := ws.instant(context.Background(), `sum(rate(http_requests_total{namespace="x"}[1m]))`, now)
			if err != nil {
				b.Fatal(err)
			}
			if found, err := names(got); err != nil || len(found) != 1 {
				b.Fatalf("got %s: %v", got.body, err)
			}
		}
		ask() // the first query of an emulator makes what all share
		for b.Loop() {
			ask()
		}
	})
}

// BenchmarkSeriesMemory is what a series costs that has one sample.
func BenchmarkSeriesMemory(b *testing.B) {
	bySize(b, func(b *testing.B, count int) {
		var total int64
		n := 0
		for b.Loop() {
			r := start(b, unlimited())
			ws := r.workspace(b)
			at := time.Now().UnixMilli()
			send(b, ws, requests(b, oneSample(1, at), at-1, 0)) // what a workspace costs is not the series'
			before := memory()
			send(b, ws, requests(b, oneSample(count, at), at, 1))
			total += memory() - before
			n++
			require.NoError(b, r.Close())
		}
		b.ReportMetric(float64(total)/float64(n)/float64(count), "B/series")
	})
}

// BenchmarkStart starts on a folder that has workspaces with a series each.
func BenchmarkStart(b *testing.B) {
	for _, count := range []int{0, 10, 100} {
		b.Run("workspaces="+strconv.Itoa(count), func(b *testing.B) {
			cfg := unlimited()
			cfg.DataDir = b.TempDir()
			r := start(b, cfg)
			for range count {
				at := time.Now().UnixMilli()
				send(b, r.workspace(b), requests(b, oneSample(1, at), at, 1))
			}
			require.NoError(b, r.Close())
			for b.Loop() {
				srv, err := emulator.Start(context.Background(), cfg)
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if got := len(srv.Workspaces()); got != count {
					b.Fatal(fmt.Errorf("%d workspaces, want %d", got, count))
				}
				require.NoError(b, srv.Close())
				b.StartTimer()
			}
		})
	}
}

// BenchmarkIdleWorkspace is what a workspace costs that nobody uses.
func BenchmarkIdleWorkspace(b *testing.B) {
	var total int64
	n := 0
	for b.Loop() {
		total += costOfIdle(b)
		n++
	}
	b.ReportMetric(float64(total)/float64(n)/(1<<20), "MiB/workspace")
}
