package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// control answers as a control API that is reached over something that fails at first.
type control struct {
	failures []func(w http.ResponseWriter)
	answer   func(w http.ResponseWriter)

	mu    sync.Mutex
	asked []string
}

// ServeHTTP implements http.Handler.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	n := len(c.asked)
	c.asked = append(c.asked, fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, body))
	c.mu.Unlock()
	if n < len(c.failures) {
		c.failures[n](w)
		return
	}
	c.answer(w)
}

// requests are those that came so far.
func (c *control) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

func status(code int, text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}
}

func cutOff(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func TestRemoteTriesAgain(t *testing.T) {
	t.Parallel()
	good := status(http.StatusOK, `{"offered":12,"answered":10,"failed":{"reset":2},"rate":5,"targets":["http://a/"]}`)
	unavailable := status(http.StatusServiceUnavailable, "error trying to reach service")
	for name, test := range map[string]struct {
		failures []func(http.ResponseWriter)
		answer   func(http.ResponseWriter)
		tries    int
		fails    string
	}{
		"answered":        {nil, good, 1, ""},
		"cut off":         {[]func(http.ResponseWriter){cutOff, cutOff}, good, 3, ""},
		"unavailable":     {[]func(http.ResponseWriter){unavailable, unavailable}, good, 3, ""},
		"too many":        {[]func(http.ResponseWriter){status(http.StatusTooManyRequests, "")}, good, 2, ""},
		"half an answer":  {[]func(http.ResponseWriter){status(http.StatusOK, `{"rate":`)}, good, 2, ""},
		"never available": {nil, unavailable, 5, "answers 503 Service Unavailable: error trying to reach service"},
		"always cut off":  {nil, cutOff, 5, "EOF"},
		"refused":         {nil, status(http.StatusBadRequest, "rate: -1: no\n"), 1, "answers 400 Bad Request: rate: -1: no"},
		"somebody else":   {nil, status(http.StatusNotFound, "404"), 1, "answers 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &control{failures: test.failures, answer: test.answer}
			server := httptest.NewServer(c)
			t.Cleanup(server.Close)
			remote := NewRemote(server.Client(), server.URL+"/proxy/")
			err := remote.SetRate(t.Context(), 5)
			require.Len(t, c.requests(), test.tries)
			for _, asked := range c.requests() {
				require.Equal(t, `PUT /proxy/rate {"rate":5}`, asked)
			}
			if test.fails != "" {
				require.ErrorContains(t, err, test.fails)
				require.Zero(t, remote.Rate())
				return
			}
			require.NoError(t, err)
			require.InDelta(t, 5, remote.Rate(), 0)
			stats, err := remote.Stats(t.Context())
			require.NoError(t, err)
			require.Equal(t, Stats{Offered: 12, Answered: 10, Failed: map[Class]uint64{ClassReset: 2}}, stats)
			require.NoError(t, remote.SetTargets(t.Context(), nil))
			require.NoError(t, remote.Stop(t.Context()))
			require.Equal(t, []string{"GET /proxy/stats ", `PUT /proxy/targets {"targets":[]}`, "POST /proxy/stop "}, c.requests()[test.tries:])
		})
	}
}

func TestRemoteHeedsItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := &control{answer: func(w http.ResponseWriter) {
		cancel()
		status(http.StatusServiceUnavailable, "starting")(w)
	}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	require.ErrorIs(t, NewRemote(nil, server.URL).Stop(ctx), context.Canceled)
	require.Len(t, c.requests(), 1, "it is not tried again")
}
