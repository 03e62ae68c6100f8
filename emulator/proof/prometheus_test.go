package proof

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"text/template"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// promConfig is a prometheus.yml as AWS documents it, but for the times.
const promConfig = `
global:
  scrape_interval: 100ms
  scrape_timeout: 100ms
scrape_configs:
  - job_name: app
    scrape_native_histograms: true
    always_scrape_classic_histograms: true
    static_configs:
      - targets: ["{{.Target}}"]
remote_write:
  - url: {{.URL}}
    protobuf_message: {{.Message}}
    send_native_histograms: true
    metadata_config:
      send: true
      send_interval: 200ms
    queue_config:
      batch_send_deadline: 50ms
    sigv4:
      region: {{.Region}}
      access_key: {{.Key}}
      secret_key: {{.Secret}}
`

// prom is a Prometheus put together from its own parts as its main does: a TSDB
// whose WAL the remote write queues follow, and a scraper.
type prom struct {
	*tsdb.DB
	engine  *promql.Engine
	scraper *scrape.Manager
	targets chan map[string][]*targetgroup.Group
	scraped chan error // closed with the scraper's end
	cfg     *config.Config
	remote  *remote.Storage
}

// Get implements remote.ReadyScrapeManager.
func (p *prom) Get() (*scrape.Manager, error) { return p.scraper, nil }

func startProm(t *testing.T, ws *space, message, target string) *prom {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, template.Must(template.New("").Parse(promConfig)).Execute(&text, map[string]string{
		"Target": target, "URL": ws.RemoteWriteURL, "Message": message,
		"Region": emulator.DefaultRegion, "Key": emulator.DefaultAccessKeyID, "Secret": emulator.DefaultSecretAccessKey,
	}))
	log := slog.New(slog.DiscardHandler)
	cfg, err := config.Load(text.String(), log)
	require.NoError(t, err)

	dir := t.TempDir()
	opts := tsdb.DefaultOptions()
	opts.EnableMetadataWALRecords = true // the source of metadata for 2.0
	db, err := tsdb.Open(dir, log, nil, opts, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	p := &prom{
		DB: db, cfg: cfg, scraped: make(chan error, 1),
		targets: make(chan map[string][]*targetgroup.Group), engine: promql.NewEngine(ampOptions()),
	}
	t.Cleanup(func() { require.NoError(t, p.engine.Close()) })
	p.remote = remote.NewStorage(log, prometheus.NewRegistry(), db.StartTime, dir, time.Minute, p, false)
	db.SetWriteNotified(p.remote)
	fanout := storage.NewFanout(log, db, p.remote)
	p.scraper, err = scrape.NewManager(
		&scrape.Options{AppendMetadata: true, DiscoveryReloadOnStartup: true}, log, nil, nil, fanout, prometheus.NewRegistry())
	require.NoError(t, err)
	require.NoError(t, p.remote.ApplyConfig(cfg))
	t.Cleanup(func() { require.NoError(t, p.remote.Close()) })
	return p
}

// scrape begins to scrape; the returned function ends it.
func (p *prom) scrape(t *testing.T) (stop func()) {
	t.Helper()
	require.NoError(t, p.scraper.ApplyConfig(p.cfg))
	go func() { p.scraped <- p.scraper.Run(p.targets) }() // ends in stop, which waits for it
	groups := map[string][]*targetgroup.Group{}
	for _, job := range p.cfg.ScrapeConfigs {
		for _, static := range job.ServiceDiscoveryConfigs {
			groups[job.JobName] = append(groups[job.JobName], static.(discovery.StaticConfig)...)
		}
	}
	p.targets <- groups
	return func() {
		p.scraper.Stop()
		require.NoError(t, <-p.scraped)
	}
}

// content is what the local TSDB answers to a query over all of it.
func (p *prom) content(ctx context.Context, query string, at time.Time) ([]byte, error) {
	q, err := p.engine.NewInstantQuery(ctx, p.DB, nil, query, at)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, res.Err
	}
	return encode(res, query)
}

// write appends series to the TSDB, as a scrape would, in the order of time.
func (p *prom) write(ctx context.Context, all []series) error {
	var builder labels.ScratchBuilder
	for _, ts := range strides(all) {
		app := p.Appender(ctx)
		if err := appendAll(app, ts.ToLabels(&builder, nil), ts); err != nil {
			return err
		}
		if err := app.Commit(); err != nil {
			return err
		}
	}
	return nil
}
