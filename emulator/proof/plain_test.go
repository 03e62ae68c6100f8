package proof

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/teststorage"
	v1 "github.com/prometheus/prometheus/web/api/v1"
	"github.com/stretchr/testify/require"
)

// plain is a Prometheus without anything of ours: its TSDB, its engine with the
// options of its program, its API.
type plain struct {
	*teststorage.TestStorage
	url  string
	http *http.Client
}

func startPlain(t testing.TB) *plain {
	t.Helper()
	store := teststorage.New(t, func(opts *tsdb.Options) {
		defaults := tsdb.DefaultOptions()
		opts.MinBlockDuration, opts.MaxBlockDuration = defaults.MinBlockDuration, defaults.MaxBlockDuration
	})
	queries := parser.NewParser(parser.Options{})
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: 2 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		Parser:                   queries,
	})
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	api := v1.NewAPI(
		engine, store, nil, nil, nil, nil, nil, nil,
		func() config.Config { return config.Config{} }, nil, v1.GlobalURLOptions{},
		func(h http.HandlerFunc) http.HandlerFunc { return h },
		nil, "", false, false, 0, slog.New(slog.DiscardHandler), nil, 0, 1, 0, false,
		nil, nil, nil, nil, nil, nil, nil, nil, false, nil, false, false, false,
		false, 0, false, false, nil, nil, v1.OpenAPIOptions{IncludePaths: []string{"none"}}, queries,
	)
	router := route.New().WithPrefix("/api/v1")
	api.Register(router)
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	return &plain{TestStorage: store, url: server.URL, http: server.Client()}
}

// write appends the samples in the order in which they are sent to the
// emulator.
func (p *plain) write(ctx context.Context, all []series) error {
	app := p.Appender(ctx)
	var builder labels.ScratchBuilder
	for _, ts := range strides(all) {
		ls := ts.ToLabels(&builder, nil)
		if err := appendAll(app, ls, ts); err != nil {
			return fmt.Errorf("append %s: %w", ls, err)
		}
	}
	if err := app.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func appendAll(app storage.Appender, ls labels.Labels, ts prompb.TimeSeries) error {
	for _, smp := range ts.Samples {
		if _, err := app.Append(0, ls, smp.Timestamp, smp.Value); err != nil {
			return err
		}
	}
	for _, h := range ts.Histograms {
		var err error
		if h.IsFloatHistogram() {
			_, err = app.AppendHistogram(0, ls, h.Timestamp, nil, h.ToFloatHistogram())
		} else {
			_, err = app.AppendHistogram(0, ls, h.Timestamp, h.ToIntHistogram(), nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
