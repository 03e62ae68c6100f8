package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/sigv4"

	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// userAgent is what the lab's own queries call themselves.
const userAgent = "ampersand-e2e"

// Store reads the workspace as any other client does: with signed queries.
type Store struct{ api prometheus.API }

// NewStore returns a client of AMP's workspace that signs with these keys.
func NewStore(amp *component.AMP, keys component.Keys) (*Store, error) {
	transport := amp.HTTPClient().Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	signer, err := sigv4.NewSigV4RoundTripper(&sigv4.SigV4Config{
		Region: amp.Region, AccessKey: keys.AccessKeyID, SecretKey: config.Secret(keys.SecretAccessKey),
	}, transport)
	if err != nil {
		return nil, fmt.Errorf("make a signing client: %w", err)
	}
	client, err := api.NewClient(api.Config{Address: amp.WorkspaceURL(), RoundTripper: named{signer}})
	if err != nil {
		return nil, fmt.Errorf("make a query client: %w", err)
	}
	return &Store{api: prometheus.NewAPI(client)}, nil
}

// Value evaluates a query that yields one number. It returns false for an empty result, and an error for several series:
// the first of them would be a number, but not the answer.
func (s *Store) Value(ctx context.Context, query string) (float64, bool, error) {
	vector, err := s.vector(ctx, query)
	if err != nil {
		return 0, false, err
	}
	switch len(vector) {
	case 0:
		return 0, false, nil
	case 1:
		return float64(vector[0].Value), true, nil
	}
	return 0, false, fmt.Errorf("query %q yields %d series", query, len(vector))
}

// Series counts the series that a query yields.
func (s *Store) Series(ctx context.Context, query string) (int, error) {
	vector, err := s.vector(ctx, query)
	return len(vector), err
}

func (s *Store) vector(ctx context.Context, query string) (model.Vector, error) {
	value, _, err := s.api.Query(ctx, query, time.Now())
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", query, err)
	}
	vector, ok := value.(model.Vector)
	if !ok {
		return nil, errors.New("query " + query + ": the result is no vector")
	}
	return vector, nil
}

// Evaluate evaluates a query that yields one number at instants over a span of time, 100 ms apart or as far apart as one
// request allows. Instants without a result are left out.
func (s *Store) Evaluate(ctx context.Context, query string, from, to time.Time) (timeline.Series, error) {
	const points = 10_000 // AMP answers 11,000
	value, _, err := s.api.QueryRange(ctx, query, prometheus.Range{
		Start: from, End: to, Step: max(100*time.Millisecond, to.Sub(from)/points),
	})
	if err != nil {
		return nil, fmt.Errorf("query %q over the run: %w", query, err)
	}
	matrix, ok := value.(model.Matrix)
	if !ok || len(matrix) > 1 {
		return nil, fmt.Errorf("query %q over the run yields no single series", query)
	}
	var series timeline.Series
	for _, stream := range matrix {
		for _, pair := range stream.Values {
			series = append(series, timeline.Point{At: pair.Timestamp.Time(), Value: float64(pair.Value)})
		}
	}
	return series, nil
}

// FirstPositive returns the timestamp of the oldest sample above zero that the selector holds after since.
func (s *Store) FirstPositive(ctx context.Context, selector string, since time.Time) (time.Time, bool, error) {
	window := time.Since(since) + time.Second
	value, _, err := s.api.Query(ctx, fmt.Sprintf("%s[%dms]", selector, window.Milliseconds()), time.Now())
	if err != nil {
		return time.Time{}, false, fmt.Errorf("query the samples of %s: %w", selector, err)
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return time.Time{}, false, errors.New("query the samples of " + selector + ": the result is no matrix")
	}
	var first time.Time
	for _, stream := range matrix {
		for _, pair := range stream.Values {
			at := pair.Timestamp.Time()
			if pair.Value > 0 && !at.Before(since) && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	return first, !first.IsZero(), nil
}

// named gives requests our name. It is not part of what is signed.
type named struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", userAgent)
	// The query client sets Idempotency-Key to no value: the signer would sign a header that is never sent, and AMP would
	// refuse each POST before the client falls back to GET.
	maps.DeleteFunc(r.Header, func(_ string, values []string) bool { return len(values) == 0 })
	return n.next.RoundTrip(r)
}
