package ingest_test

import (
	"bytes"
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gogo/protobuf/proto"
	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/ingest"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

const (
	wsID   = "ws-aaaaaaaa-0000-4000-8000-000000000001"
	tenant = "123456789012_" + wsID
)

// rig is a handler on one workspace, with a clock that stands still.
type rig struct {
	t       testing.TB
	now     time.Time
	dir     string
	open    func(dir string) (closeIt func())
	close   func()
	db      *storage.DB
	handler *ingest.Handler
	quotas  *quota.Set
	sets    []storage.LabelSetLimit
	mu      sync.Mutex
	dropped map[string]int
}

func (r *rig) drop(reason string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropped[reason] += n
}

// limits are the quotas of a test that differ from AMP's.
type limits map[quota.ID]int64

func (l limits) set() *quota.Set {
	s := quota.New()
	for id, v := range l {
		s.Put(id, v)
	}
	return s
}

func newRig(t testing.TB, window time.Duration, l limits) *rig {
	t.Helper()
	r := &rig{t: t, now: time.UnixMilli(1_800_000_000_000), dropped: map[string]int{}, quotas: l.set()}
	now := func() time.Time { return r.now }
	r.open = func(dir string) func() {
		tenants, err := storage.Open(dir, storage.Options{OutOfOrderWindow: window, Quotas: r.quotas, Now: now})
		require.NoError(t, err)
		r.db, err = tenants.Workspace(context.Background(), wsID)
		require.NoError(t, err)
		return sync.OnceFunc(func() { require.NoError(t, tenants.Close()) })
	}
	r.dir = t.TempDir()
	r.close = r.open(r.dir)
	t.Cleanup(func() { r.close() })
	r.handler = newRigHandler(r)
	return r
}

// newRigHandler returns a handler by the rig's quotas.
func newRigHandler(r *rig) *ingest.Handler {
	return ingest.New(ingest.Config{
		Now: func() time.Time { return r.now }, Quotas: r.quotas, RemoteWrite2: true,
		OnDiscard: func(id, reason string, n int) { require.Equal(r.t, wsID, id); r.drop(reason, n) },
	})
}

// restart closes the workspace's files and opens them again.
func (r *rig) restart() {
	r.close()
	r.close = r.open(r.dir)
}

// at is the clock in Unix milliseconds.
func (r *rig) at() int64 { return r.now.UnixMilli() }

func (r *rig) post(body []byte, header http.Header) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(r.t.Context(), http.MethodPost, "/api/v1/remote_write", bytes.NewReader(body))
	if header != nil {
		req.Header = header
	}
	w := httptest.NewRecorder()
	r.handler.ServeWrite(w, req, ingest.Target{WorkspaceID: wsID, Tenant: tenant, DB: r.db, LabelSets: r.sets})
	return w
}

func (r *rig) write(series ...prompb.TimeSeries) *httptest.ResponseRecorder {
	return r.post(encode(r.t, &prompb.WriteRequest{Timeseries: series}), nil)
}

func encode(t testing.TB, req *prompb.WriteRequest) []byte {
	t.Helper()
	raw, err := proto.Marshal(req)
	require.NoError(t, err)
	return snappy.Encode(nil, raw)
}

// series makes a series from pairs of label name and value, in that order.
func series(pairs ...string) prompb.TimeSeries {
	var ts prompb.TimeSeries
	for i := 0; i < len(pairs); i += 2 {
		ts.Labels = append(ts.Labels, prompb.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return ts
}

func with(ts prompb.TimeSeries, at int64, values ...float64) prompb.TimeSeries {
	for i, v := range values {
		ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: at + int64(i), Value: v})
	}
	return ts
}

func metric(name string, at int64, values ...float64) prompb.TimeSeries {
	return with(series("__name__", name), at, values...)
}

// stored returns all float samples by series and timestamp.
func (r *rig) stored() map[string]map[int64]float64 {
	r.t.Helper()
	return readAll(r.t, r.db)
}

func readAll(t testing.TB, db *storage.DB) map[string]map[int64]float64 {
	t.Helper()
	q, err := db.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	got := map[string]map[int64]float64{}
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"))
	for set.Next() {
		samples := map[int64]float64{}
		it := set.At().Iterator(nil)
		for vt := it.Next(); vt != chunkenc.ValNone; vt = it.Next() {
			switch vt {
			case chunkenc.ValFloat:
				ts, v := it.At()
				samples[ts] = v
			default:
				ts, fh := it.AtFloatHistogram(nil)
				samples[ts] = fh.Count
			}
		}
		require.NoError(t, it.Err())
		got[set.At().Labels().String()] = samples
	}
	require.NoError(t, set.Err())
	return got
}
