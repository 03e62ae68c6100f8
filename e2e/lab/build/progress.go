package build

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// progressEvery is how often a running build says how far it is.
const progressEvery = 15 * time.Second

// watcher follows the output of `go build -v`, which names each package as it is compiled.
type watcher struct {
	b       *Builder
	c       components.Component
	started time.Time
	stopped chan struct{}
	ticking sync.WaitGroup

	mu       sync.Mutex
	output   bytes.Buffer
	packages int
	last     string
}

func (b *Builder) watch(c components.Component) *watcher {
	w := &watcher{b: b, c: c, started: b.Now(), stopped: make(chan struct{})}
	expect, source := c.Expect, "on two cores with empty caches"
	if took, ok := b.durations()[c.Name]; ok {
		expect, source = time.Duration(took*float64(time.Second)), "last time"
	}
	version := c.Version
	if version == "" {
		version = "from this repository"
	}
	b.Logf("building %s %s (%s): took %s %s", c.Name, version, strings.Join(names(c), ", "), expect.Round(time.Second), source)
	w.ticking.Go(w.tick)
	return w
}

func (w *watcher) tick() {
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-w.stopped:
			return
		case <-ticker.C:
			w.mu.Lock()
			w.b.Logf("building %s: %s, %d packages compiled, now near %s", w.c.Name, w.elapsed(), w.packages, w.last)
			w.mu.Unlock()
		}
	}
}

func (w *watcher) elapsed() time.Duration { return w.b.Now().Sub(w.started).Round(time.Second) }

// Write takes the output of go build.
func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.output.Write(p)
	for line := range strings.Lines(string(p)) {
		if line = strings.TrimSpace(line); line != "" && !strings.Contains(line, " ") {
			w.packages++
			w.last = line
		}
	}
	return len(p), nil
}

func (w *watcher) stop() {
	close(w.stopped)
	w.ticking.Wait()
}

func (w *watcher) tail() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(w.output.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}

func (w *watcher) finished() {
	took := w.b.Now().Sub(w.started)
	w.b.Logf("built %s in %s", w.c.Name, took.Round(100*time.Millisecond))
	durations := w.b.durations()
	durations[w.c.Name] = took.Seconds()
	if text, err := json.MarshalIndent(durations, "", "  "); err == nil {
		// Only a courtesy to the next run's reader: a failure to write it is not a failure of the build.
		_ = os.WriteFile(w.b.durationsFile(), text, 0o644)
	}
}

func (b *Builder) durationsFile() string { return filepath.Join(b.Cache, "build-seconds.json") }

// durations are the seconds that each component's last build took here.
func (b *Builder) durations() map[string]float64 {
	known := map[string]float64{}
	if text, err := os.ReadFile(b.durationsFile()); err == nil {
		if json.Unmarshal(text, &known) != nil {
			return map[string]float64{}
		}
	}
	return known
}
