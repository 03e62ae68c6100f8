package compliance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/compliance/remotewrite/sender"
)

// setting is what an environment variable says.
func setting(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: `make compliance` runs these tests", name)
	}
	return value
}

// TestDirect has each sender tried by the suite, straight into the suite's receiver.
func TestDirect(t *testing.T) {
	logs := setting(t, "COMPLIANCE_LOGS")
	for _, p := range programs() {
		sender.RunTests(t, &direct{program: p, path: setting(t, p.setting), log: filepath.Join(logs, "direct-"+p.name)}, sender.ComplianceTests())
	}
}

// TestChain has each sender tried through the lab's proxy, which signs. The emulator takes each request before the suite's
// receiver sees it.
func TestChain(t *testing.T) {
	w := newWorkspace(t)
	var chains []*chain
	t.Run("suite", func(t *testing.T) { // ends when the suite's parallel tests have
		for _, p := range programs() {
			c := &chain{
				direct:    direct{program: p, path: setting(t, p.setting), log: filepath.Join(setting(t, "COMPLIANCE_LOGS"), "chain-"+p.name)},
				proxy:     setting(t, "COMPLIANCE_PROXY"),
				workspace: w,
			}
			chains = append(chains, c)
			sender.RunTests(t, c, sender.ComplianceTests())
		}
	})
	for _, c := range chains {
		t.Run("arrived/"+c.Name(), c.requireArrived)
	}
}

// direct is a sender by itself.
type direct struct {
	program
	path, log string
}

// Name implements sender.Sender.
func (d *direct) Name() string { return d.name }

// Run implements sender.Sender.
func (d *direct) Run(ctx context.Context, o sender.Options) (err error) {
	dir, err := os.MkdirTemp("", "compliance-*")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	text := fmt.Sprintf(d.config, o.RemoteWriteEndpointURL, o.RemoteWriteMessage, o.ScrapeTargetJobName, o.ScrapeTargetHostPort)
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	var args []string
	for _, arg := range d.args {
		args = append(args, strings.ReplaceAll(arg, folder, dir))
	}
	return run(ctx, d.log+".log", d.path, args...)
}

// chain is a sender with the proxy and the emulator behind it.
type chain struct {
	direct
	proxy     string
	workspace *workspace

	mu   sync.Mutex
	runs []outcome
}

// outcome is how a run went. The suite looks only at what ended first, which is its own receiver: so what Run returns
// does not suffice.
type outcome struct {
	instance string
	taken    int
	err      error
}

// Run implements sender.Sender.
func (c *chain) Run(ctx context.Context, o sender.Options) (err error) {
	result := outcome{instance: o.ScrapeTargetHostPort}
	defer func() {
		result.err = errors.Join(result.err, err)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.runs = append(c.runs, result)
	}()
	fork, err := newFork(c.workspace.url, o.RemoteWriteEndpointURL)
	if err != nil {
		return err
	}
	defer fork.Close()
	proxy, err := startProxy(c.proxy, c.workspace.region, fork.Host(), c.log+"-proxy.log")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proxy.stop()) }()
	o.RemoteWriteEndpointURL = "http://" + proxy.address + fork.Path()
	if err := c.direct.Run(ctx, o); err != nil {
		return err
	}
	result.taken, result.err = fork.Taken()
	return nil
}

// requireArrived asks the emulator for what was sent.
func (c *chain) requireArrived(t *testing.T) {
	if len(c.runs) != len(sender.ComplianceTests()) {
		t.Fatalf("%d runs, want %d", len(c.runs), len(sender.ComplianceTests()))
	}
	for _, r := range c.runs {
		if r.err != nil || r.taken == 0 {
			t.Errorf("the emulator has taken %d requests: %v", r.taken, r.err)
		}
		// What the suite's target shows, and what a scrape adds. A marker of staleness may follow.
		for metric, want := range map[string]string{
			"test_counter_total": "101.13", "test_histogram_count": "100", "test_histogram_sum": "250", "up": "1",
		} {
			c.workspace.requireValue(t, fmt.Sprintf(`max_over_time(%s{job="test",instance=%q}[5m])`, metric, r.instance), want)
		}
		c.workspace.requireValue(t, fmt.Sprintf(`max_over_time(test_histogram_bucket{le="+Inf",instance=%q}[5m])`, r.instance), "100")
	}
}
