package trial

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/load"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// ownInterval is how often the emulator is asked for what it counts. Its pages are larger than what a hop is read from.
const ownInterval = time.Second

// codes counts requests by code, from the load's counts.
type codes struct {
	recorder *timeline.Recorder
	last     map[string]uint64
}

// saw records what was added since the last time.
func (c *codes) saw(at time.Time, stats load.Stats) {
	if c.last != nil {
		for code, n := range stats.Codes {
			if added := n - c.last[code]; n > c.last[code] {
				c.recorder.Count(timeline.CodeHop(code), at, int(added))
			}
		}
	}
	c.last = stats.Codes
	if c.last == nil {
		c.last = map[string]uint64{}
	}
}

// latency is the 99th percentile of the time to an answer, over about a second.
type latency struct {
	mu   sync.Mutex
	seen []load.Stats // the oldest first; the newest is a second younger at most
	at   []time.Time
}

func (l *latency) read(at time.Time, stats load.Stats) (float64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen, l.at = append(l.seen, stats), append(l.at, at)
	for len(l.at) > 2 && at.Sub(l.at[1]) >= time.Second {
		l.seen, l.at = l.seen[1:], l.at[1:]
	}
	if stats.Answered <= l.seen[0].Answered {
		return 0, false
	}
	return load.Quantile(l.seen[0], stats, 0.99), true
}

// asked remembers KEDA's queries for one ScaledObject.
type asked struct {
	mu    sync.Mutex
	ids   map[string]bool
	first time.Time
	last  time.Time
}

// saw takes notice of requests, in any order; those from before since are none of ours.
func (a *asked) saw(requests []component.Request, since time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ids == nil {
		a.ids = map[string]bool{}
	}
	for _, r := range requests {
		if r.Time.Before(since) || a.ids[r.ID] {
			continue
		}
		a.ids[r.ID] = true
		if a.first.IsZero() || r.Time.Before(a.first) {
			a.first = r.Time
		}
		if r.Time.After(a.last) {
			a.last = r.Time
		}
	}
}

// count returns how many there were between the first and the last, and how long that was.
func (a *asked) count() (int, time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.ids) == 0 {
		return 0, 0
	}
	return len(a.ids) - 1, a.last.Sub(a.first)
}

// watchEmulator follows what the emulator counts and keeps, until ctx ends.
func (t *Trial) watchEmulator(ctx context.Context) {
	ticker := time.NewTicker(ownInterval)
	defer ticker.Stop()
	var before component.Writes
	for first := true; ; first = false {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if t.config.Expect.QueryRate != nil {
			if requests, err := t.Asked(ctx); err == nil {
				t.asked.saw(requests, t.run.Start)
			}
		}
		writes, err := t.config.Lab.AMP.Writes(ctx)
		if err != nil {
			continue // it may be away on purpose
		}
		if !first {
			now := time.Now()
			for hop, n := range map[timeline.Hop]int{
				timeline.HopWrites: writes.Accepted - before.Accepted, timeline.HopRefused: writes.Refused - before.Refused,
			} {
				if n > 0 { // fewer than before is another process
					t.recorder.Count(hop, now, n)
				}
			}
		}
		before = writes
	}
}

// recordScrapes adds to a recording what the store holds of the pods' scrapes.
func (t *Trial) recordScrapes(ctx context.Context) error {
	scrapes, err := t.store.Scrapes(ctx, t.UpSelector(), t.run.Start, time.Now())
	if err != nil {
		return err
	}
	for _, at := range scrapes.At {
		t.recorder.Count(timeline.HopScrapes, at, 1)
	}
	return nil
}

// condition shortens why a condition is in its state to a line.
func condition(reason, message string) string {
	text, _, _ := strings.Cut(strings.TrimSpace(reason+": "+message), "\n")
	return strings.Trim(text, ": ")
}
