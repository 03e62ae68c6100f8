package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeTransport answers without a network, so that synctest's clock runs the generator.
type fakeTransport struct {
	mu    sync.Mutex
	hosts map[string]int
	times []time.Time
	reply func(*http.Request) (*http.Response, error)
}

func (f *fakeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	if f.hosts == nil {
		f.hosts = map[string]int{}
	}
	f.hosts[r.URL.Host]++
	f.times = append(f.times, time.Now())
	f.mu.Unlock()
	if f.reply != nil {
		return f.reply(r)
	}
	return answer(http.StatusOK), nil
}

func answer(status int) *http.Response {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("{}")), Header: http.Header{}}
}

// advance moves the clock of the bubble that the test runs in, and waits until what is due by then has happened.
func advance(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // the clock of a synctest bubble: no time is spent
	synctest.Wait()
}

func balanced(t *testing.T, s Stats) {
	t.Helper()
	assert.Equal(t, s.Offered, s.Answered+s.FailedTotal()+s.InFlight+s.Unsent+s.Dropped+s.Skipped)
}

func TestRateAndEvenness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeTransport{}
		g := New(Config{Transport: f})
		g.SetTargets([]string{"http://a/", "http://b/", "http://c/"})
		g.SetRate(194)
		advance(5 * time.Second)
		s := g.Stats()
		g.Close()
		assert.InEpsilon(t, 194*5, float64(s.Offered), 0.01)
		assert.Equal(t, s.Offered, s.Answered)
		balanced(t, s)
		for _, host := range []string{"a", "b", "c"} {
			assert.InDelta(t, float64(s.Offered)/3, f.hosts[host], 1, host)
		}
		perSecond := map[int]int{}
		for _, at := range f.times {
			perSecond[int(at.Sub(f.times[0]).Seconds())]++
		}
		for second := range 4 {
			assert.InDelta(t, 194, perSecond[second], 2, "second %d", second)
		}
	})
}

func TestRateAndTargetsChangeLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeTransport{}
		g := New(Config{Transport: f})
		defer g.Close()
		g.SetRate(10)
		advance(1050 * time.Millisecond)
		s := g.Stats()
		assert.EqualValues(t, 11, s.Unsent, "no target: not sent, and no failure")
		assert.Zero(t, s.FailedTotal())
		balanced(t, s)

		g.SetTargets([]string{"http://a/"})
		g.SetRate(100)
		assert.Equal(t, 100.0, g.Rate())
		advance(time.Second)
		assert.InDelta(t, 100, f.hosts["a"], 2)
		g.SetTargets([]string{"http://a/", "http://b/"})
		advance(time.Second)
		assert.InDelta(t, 50, f.hosts["b"], 2)

		g.SetRate(0)
		advance(100 * time.Millisecond)
		before := g.Stats().Offered
		advance(10 * time.Minute)
		assert.Equal(t, before, g.Stats().Offered, "no rate, no load")
	})
}

func TestNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeTransport{reply: func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}
		g := New(Config{Transport: f, MaxInFlight: 5, Timeout: 3 * time.Second})
		g.SetTargets([]string{"http://hung/"})
		g.SetRate(10)
		advance(2050 * time.Millisecond)
		s := g.Stats()
		assert.EqualValues(t, 21, s.Offered, "the schedule goes on")
		assert.EqualValues(t, 5, s.InFlight)
		assert.EqualValues(t, 16, s.Dropped)
		advance(time.Second)
		assert.Positive(t, g.Stats().Failed[ClassTimeout])
		g.Close()
		g.Close()
		s = g.Stats()
		assert.Zero(t, s.InFlight, "Close waits")
		assert.Positive(t, s.Failed[ClassCanceled])
		balanced(t, s)
	})
}

func TestStatusClasses(t *testing.T) {
	for _, tc := range []struct {
		status int
		class  Class
	}{{200, ""}, {301, ""}, {404, Class4xx}, {429, Class4xx}, {501, Class5xx}} {
		synctest.Test(t, func(t *testing.T) {
			g := New(Config{Transport: &fakeTransport{reply: func(*http.Request) (*http.Response, error) {
				resp := answer(tc.status)
				resp.Header.Set("Location", "http://elsewhere/")
				return resp, nil
			}}})
			g.SetTargets([]string{"http://a/"})
			g.SetRate(1)
			advance(100 * time.Millisecond)
			s := g.Stats()
			g.Close()
			assert.EqualValues(t, 1, s.Offered)
			if tc.class == "" {
				assert.EqualValues(t, 1, s.Answered)
				return
			}
			assert.Equal(t, map[Class]uint64{tc.class: 1}, s.Failed)
		})
	}
}

// Real connections on loopback: what a pod that dies looks like, and that connections are kept.
func TestOnLoopback(t *testing.T) {
	var connections atomic.Int64
	live := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	live.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	live.Start()
	defer live.Close()
	rude := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer rude.Close()
	gone := httptest.NewServer(nil)
	gone.Close()

	g := New(Config{})
	defer g.Close()
	g.SetTargets([]string{live.URL, rude.URL, gone.URL, "http://bad url/"})
	g.SetRate(200)
	require.Eventually(t, func() bool {
		s := g.Stats()
		return s.Answered >= 20 && s.Failed[ClassRefused] >= 5 && s.Failed[ClassReset] >= 5 && s.Failed[ClassInvalid] >= 5
	}, 10*time.Second, 10*time.Millisecond)
	g.SetRate(0)
	require.Eventually(t, func() bool { return g.Stats().InFlight == 0 }, 10*time.Second, time.Millisecond)
	s := g.Stats()
	balanced(t, s)
	assert.Zero(t, s.Failed[ClassOther], "%v", s.Failed)
	assert.Less(t, connections.Load(), int64(s.Answered)/2, "keep-alive")
}

func TestClassify(t *testing.T) {
	assert.Equal(t, ClassTimeout, classify(context.DeadlineExceeded))
	assert.Equal(t, ClassReset, classify(io.ErrUnexpectedEOF))
	assert.Equal(t, ClassOther, classify(errors.New("x")))
}

func TestMeter(t *testing.T) {
	now, n, broken := t0, uint64(0), error(nil)
	m := NewMeter("answered", func(context.Context) (uint64, error) { return n, broken }, time.Second, func() time.Time { return now })
	assert.Equal(t, "answered", m.Name())
	_, ok, err := m.Read(t.Context())
	require.NoError(t, err)
	assert.False(t, ok, "one reading is no rate")
	for i := range 40 {
		now, n = now.Add(250*time.Millisecond), n+25
		v, ok, _ := m.Read(t.Context())
		assert.True(t, ok)
		assert.InDelta(t, 100, v, 1e-9, "reading %d", i)
	}
	for range 4 {
		now = now.Add(250 * time.Millisecond)
		_, _, _ = m.Read(t.Context())
	}
	v, _, _ := m.Read(t.Context())
	assert.Zero(t, v, "a window without requests")

	broken = errors.New("nobody answers")
	now, n = now.Add(time.Second), n+100
	_, ok, err = m.Read(t.Context())
	assert.ErrorIs(t, err, broken)
	assert.False(t, ok)
	broken = nil
	now, n = now.Add(time.Second), n+100
	v, ok, err = m.Read(t.Context())
	require.NoError(t, err)
	assert.True(t, ok)
	assert.InDelta(t, 100, v, 1e-9, "the rate reaches over what could not be read")
}

func BenchmarkGenerator(b *testing.B) {
	g := New(Config{Transport: &fakeTransport{}})
	defer g.Close()
	g.SetTargets([]string{"http://a/", "http://b/"})
	g.SetRate(500)
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for b.Loop() {
		before := g.Stats().Offered
		<-second.C
		b.ReportMetric(float64(g.Stats().Offered-before), "req/s")
	}
}
