package sts_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity/sts"
)

// roundTrip is a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestHangingIssuer has many ask for the keys of an issuer that never answers: all of
// them wait for the same request, and none longer than its own context.
func TestHangingIssuer(t *testing.T) {
	r := newRig(t, func(file string, _ *issuer) string { return strings.Replace(file, "    caFile: CA\n", "", 1) })
	token := r.token(t, nil)
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		service := sts.New(sts.Config{
			Store: r.store, AccountID: account, Now: r.clock.Now,
			HTTPClient: &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				asked.Add(1)
				<-req.Context().Done()
				return nil, req.Context().Err()
			})},
		})
		ask := func(ctx context.Context) (time.Duration, sts.Outcome) {
			body := webIdentity(token, nil).Encode()
			req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(body))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			since := time.Now()
			outcome := service.ServeHTTP(httptest.NewRecorder(), req, []byte(body), nil)
			return time.Since(since), outcome
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var group sync.WaitGroup
		for i := range 6 {
			group.Go(func() {
				ctx, want := t.Context(), 5*time.Second
				if i%2 == 0 { // among them may be the one that began
					ctx, want = short, time.Second
				}
				took, outcome := ask(ctx)
				if took != want || outcome.Err == nil || outcome.Err.Code != "IDPCommunicationError" {
					t.Errorf("took %s, not %s: %v", took, want, outcome.Err)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, asked.Load())

		took, _ := ask(t.Context()) // a failure is not kept
		require.Equal(t, 5*time.Second, took)
		require.EqualValues(t, 2, asked.Load())
	})
}
