package ingest_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/golang/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/ingest"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// childDir names the environment variable that makes the test binary a server
// on the data folder that it holds.
const childDir = "AMPERSAND_INGEST_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, serveUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func serveUntilKilled(dir string) error {
	tenants, err := storage.Open(dir, storage.Options{OutOfOrderWindow: storage.DefaultOutOfOrderWindow})
	if err != nil {
		return err
	}
	db, err := tenants.Workspace(context.Background(), wsID)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h := ingest.New(ingest.Config{RemoteWrite2: true})
	fmt.Println(l.Addr())
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeWrite(w, r, ingest.Target{WorkspaceID: wsID, Tenant: tenant, DB: db})
	}))
}

// TestKilledWhileWriting kills a server with SIGKILL while several writers are
// at it, and looks for every acknowledged sample after opening the folder
// again. It does so twice on one folder, so that a repaired WAL is repaired
// again.
func TestKilledWhileWriting(t *testing.T) {
	for _, version := range []remoteapi.WriteMessageType{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType} {
		t.Run(string(version), func(t *testing.T) { testKilledWhileWriting(t, version) })
	}
}

func testKilledWhileWriting(t *testing.T, version remoteapi.WriteMessageType) {
	t.Helper()
	const writers, acksBeforeKill = 4, 200
	dir := t.TempDir()
	acked := map[string]map[int64]float64{}
	for round := range 2 {
		killWhileWriting(t, version, dir, round, writers, acksBeforeKill, acked)

		tenants, err := storage.Open(dir, storage.Options{OutOfOrderWindow: storage.DefaultOutOfOrderWindow})
		require.NoError(t, err, "the kernel gave the lock free")
		db, err := tenants.Workspace(context.Background(), wsID)
		require.NoError(t, err)
		got := readAll(t, db)
		require.NoError(t, tenants.Close())
		count := 0
		for series, samples := range acked {
			for at, v := range samples {
				require.Equal(t, v, got[series][at], "%s at %d", series, at)
				count++
			}
		}
		require.GreaterOrEqual(t, count, (round+1)*acksBeforeKill*10)
		t.Logf("round %d: %d acknowledged samples found", round, count)
	}
}

func killWhileWriting(t *testing.T, version remoteapi.WriteMessageType, dir string, round, writers, acksBeforeKill int, acked map[string]map[int64]float64) {
	t.Helper()
	addr, kill := startChild(t, dir)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		acks  atomic.Int64
		start = time.Now()
	)
	enough := make(chan struct{})
	for n := range writers {
		client := writeClient(t, "http://"+addr, version)
		wg.Go(func() {
			for i := 0; ; i++ {
				// One sample of the ten is out of order, so it is in the WBL too.
				at := start.Add(time.Duration(i) * time.Millisecond)
				req := &prompb.WriteRequest{}
				for s := range 9 {
					req.Timeseries = append(req.Timeseries, metric(fmt.Sprintf("m_%d_%d_%d", round, n, s), at.UnixMilli(), float64(i)))
				}
				late := start.Add(-time.Duration(i+1) * time.Millisecond)
				req.Timeseries = append(req.Timeseries, metric(fmt.Sprintf("m_%d_%d_0", round, n), late.UnixMilli(), float64(-i)))
				if _, err := client.Store(context.Background(), encodeAs(t, version, req), 0); err != nil {
					return // killed
				}
				mu.Lock()
				for _, ts := range req.Timeseries {
					key := fmt.Sprintf("{__name__=%q}", ts.Labels[0].Value)
					if acked[key] == nil {
						acked[key] = map[int64]float64{}
					}
					acked[key][ts.Samples[0].Timestamp] = ts.Samples[0].Value
				}
				mu.Unlock()
				if acks.Add(1) == int64(acksBeforeKill) {
					close(enough)
				}
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(time.Minute):
		t.Error("the server acknowledged too little")
	}
	kill()
	wg.Wait()
}

// startChild runs this binary as a server. kill ends it by SIGKILL.
func startChild(t *testing.T, dir string) (addr string, kill func()) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	addr, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(addr), kill
}

// writeClient is Prometheus' own remote write client.
func writeClient(t testing.TB, rawURL string, version remoteapi.WriteMessageType) remote.WriteClient {
	t.Helper()
	u, err := url.Parse(rawURL)
	require.NoError(t, err)
	c, err := remote.NewWriteClient("test", &remote.ClientConfig{
		URL:     &config.URL{URL: u},
		Timeout: model.Duration(10 * time.Second), WriteProtoMsg: version,
	})
	require.NoError(t, err)
	return c
}

// encodeAs encodes the float samples of a request in either version.
func encodeAs(t testing.TB, version remoteapi.WriteMessageType, req *prompb.WriteRequest) []byte {
	t.Helper()
	if version == remoteapi.WriteV1MessageType {
		return encode(t, req)
	}
	q := newV2()
	for _, ts := range req.Timeseries {
		var pairs []string
		for _, l := range ts.Labels {
			pairs = append(pairs, l.Name, l.Value)
		}
		own := q.add(0, 0, pairs...)
		own.Samples = nil
		for _, s := range ts.Samples {
			own.Samples = append(own.Samples, writev2.Sample{Timestamp: s.Timestamp, Value: s.Value})
		}
	}
	return q.body(t)
}

// TestConcurrentWriters has several clients write to one series and to series
// of their own. No acknowledged sample is lost and no refusal takes another
// request's samples with it.
func TestConcurrentWriters(t *testing.T) {
	const writers, requests = 8, 50
	r := newRig(t, 0, nil)
	var wg sync.WaitGroup
	var shared sync.Map
	for n := range writers {
		wg.Go(func() {
			for i := range requests {
				at := r.at() + int64(i*writers+n)
				w := r.write(metric("shared", at, float64(n)), metric(fmt.Sprintf("own_%d", n), at, float64(i)))
				switch w.Code {
				case http.StatusOK:
					shared.Store(at, float64(n))
				case http.StatusBadRequest:
					if !strings.Contains(w.Body.String(), "out of order sample") || !strings.Contains(w.Body.String(), "shared") {
						t.Error(w.Body)
					}
				default:
					t.Error(w.Code, w.Body)
				}
			}
		})
	}
	wg.Wait()
	got := r.stored()
	for n := range writers {
		require.Len(t, got[fmt.Sprintf("{__name__=%q}", fmt.Sprintf("own_%d", n))], requests)
	}
	shared.Range(func(at, v any) bool {
		require.Equal(t, v, got[`{__name__="shared"}`][at.(int64)])
		return true
	})
}

func TestClosedStorage(t *testing.T) {
	tenants, err := storage.Open(t.TempDir(), storage.Options{})
	require.NoError(t, err)
	db, err := tenants.Workspace(context.Background(), wsID)
	require.NoError(t, err)
	require.NoError(t, tenants.Close())
	r := &rig{t: t, now: time.UnixMilli(1_800_000_000_000), db: db, handler: ingest.New(ingest.Config{Quotas: limits{quota.SampleAge: -1, quota.SampleFuture: -1}.set()})}
	w := r.write(metric("m", r.at(), 1))
	require.Equal(t, http.StatusServiceUnavailable, w.Code, "a client tries again")
	require.Contains(t, w.Body.String(), "storage is closed")
}

// BenchmarkWrite ingests requests of 1000 samples of 1000 series.
func BenchmarkWrite(b *testing.B) {
	r := newRig(b, time.Minute, limits{quota.SampleFuture: -1, quota.IngestionRate: -1})
	req := &prompb.WriteRequest{}
	for i := range 1000 {
		req.Timeseries = append(req.Timeseries, with(series("__name__", "http_requests_total", "instance", "10.0.0.1:8080",
			"job", "ho11y", "namespace", "default", "pod", fmt.Sprintf("downstream0-%04d", i)), 0, 0))
	}
	var raw, body []byte
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		for i := range req.Timeseries {
			req.Timeseries[i].Samples[0] = prompb.Sample{Timestamp: r.at() + int64(n)*1000, Value: float64(n)}
		}
		raw, _ = req.Marshal()
		body = snappy.Encode(body, raw)
		b.StartTimer()
		if w := r.post(body, nil); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}
