// Package load offers a steady, open-loop load: requests leave at evenly spaced instants whether or not earlier ones were
// answered, as the requests of many independent users do. It is not a benchmark tool: it measures no latency.
package load

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Config says how a Generator works. The zero value is usable.
type Config struct {
	// Timeout bounds one request; default 5 s.
	Timeout time.Duration
	// MaxInFlight bounds the requests that are under way at once; default 256. A request that is due while so many are under
	// way is not sent and counts as dropped.
	MaxInFlight int
	// MaxCatchUp is how late a request may leave; default 1 s. When the schedule is further behind (the process was stopped,
	// the machine is overloaded), what is older is not sent and counts as skipped.
	MaxCatchUp time.Duration
	// Transport sends the requests; default a transport of the generator's own with keep-alive and without a proxy.
	Transport http.RoundTripper
	// Now is the clock of the schedule; default time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	if c.Timeout <= 0 {
		c.Timeout = 5 * time.Second
	}
	if c.MaxInFlight <= 0 {
		c.MaxInFlight = 256
	}
	if c.MaxCatchUp <= 0 {
		c.MaxCatchUp = time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Generator sends GETs at a rate that can be changed at any time, to targets that can be changed at any time. All methods may be
// called concurrently.
type Generator struct {
	cfg    Config
	client *http.Client
	slots  chan struct{}
	wake   chan struct{}
	ctx    context.Context // the generator's life; requests end with it
	cancel context.CancelFunc
	closed sync.Once
	loop   sync.WaitGroup
	sends  sync.WaitGroup

	mu       sync.Mutex
	schedule schedule
	targets  []string
	next     int

	stats counters
}

// New starts a generator without rate and targets. Close ends it.
func New(cfg Config) *Generator {
	cfg = cfg.withDefaults()
	if cfg.Transport == nil {
		cfg.Transport = &http.Transport{
			MaxIdleConns:        cfg.MaxInFlight,
			MaxIdleConnsPerHost: cfg.MaxInFlight,
			IdleConnTimeout:     30 * time.Second,
			DisableCompression:  true,
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	g := &Generator{
		cfg: cfg,
		client: &http.Client{
			Transport: cfg.Transport,
			Timeout:   cfg.Timeout,
			// A redirect is an answer; following it would be a request that the schedule did not ask for.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		slots:  make(chan struct{}, cfg.MaxInFlight),
		wake:   make(chan struct{}, 1),
		ctx:    ctx,
		cancel: cancel,
	}
	g.loop.Go(g.run)
	return g
}

// SetRate changes the rate, in requests per second over all targets, from now on. 0 or less stops the load.
func (g *Generator) SetRate(perSecond float64) {
	g.mu.Lock()
	g.schedule.start(g.cfg.Now(), perSecond)
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// SetProfile has the rate follow a profile from now on. The error says what is wrong with it; then nothing changes.
func (g *Generator) SetProfile(points []Point) error {
	if err := checkProfile(points); err != nil {
		return err
	}
	g.mu.Lock()
	g.schedule.follow(g.cfg.Now(), points)
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
	return nil
}

// Rate returns the rate that is offered now, in requests per second.
func (g *Generator) Rate() float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.schedule.rateAt(g.cfg.Now())
}

// SetTargets changes the URLs that the load is spread over, from the next request on. Requests under way are not cut off.
// Targets that stay keep their turn.
func (g *Generator) SetTargets(urls []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if slices.Equal(urls, g.targets) {
		return
	}
	g.targets = slices.Clone(urls)
	if len(urls) > 0 {
		g.next %= len(urls)
	}
}

// Close stops the load, cuts off the requests that are under way and waits for every goroutine.
func (g *Generator) Close() {
	g.closed.Do(func() {
		g.cancel()
		g.loop.Wait()
		g.sends.Wait()
		g.client.CloseIdleConnections()
	})
}

// run sends what is due, sleeps until the next is, and never waits for an answer.
func (g *Generator) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		pause := g.sendDue()
		timer.Reset(pause)
		select {
		case <-g.ctx.Done():
			return
		case <-g.wake:
		case <-timer.C:
		}
	}
}

// sendDue sends everything that is due and returns how long to wait for the next.
func (g *Generator) sendDue() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.cfg.Now()
	due, skipped := g.schedule.take(now, g.cfg.MaxCatchUp)
	g.stats.skip(skipped)
	for range due {
		g.dispatch()
	}
	return g.schedule.pause(now)
}

// dispatch starts one request to the next target; g.mu is held.
func (g *Generator) dispatch() {
	if len(g.targets) == 0 {
		g.stats.unsentOne()
		return
	}
	url := g.targets[g.next]
	g.next = (g.next + 1) % len(g.targets)
	select {
	case g.slots <- struct{}{}:
	default:
		g.stats.dropOne()
		return
	}
	g.stats.sent()
	g.sends.Go(func() {
		defer func() { <-g.slots }()
		began := time.Now()
		class, code := g.get(url)
		g.stats.done(class, code, time.Since(began))
	})
}

// get sends one request and returns the class of its failure, or "" when it was answered, and the status, or 0.
func (g *Generator) get(url string) (Class, int) {
	req, err := http.NewRequestWithContext(g.ctx, http.MethodGet, url, nil)
	if err != nil {
		return ClassInvalid, 0
	}
	resp, err := g.client.Do(req)
	if err == nil {
		err = drain(resp)
	}
	switch {
	case err != nil && g.ctx.Err() != nil && errors.Is(err, context.Canceled):
		return ClassCanceled, 0
	case err != nil:
		return classify(err), 0
	case resp.StatusCode >= 500:
		return Class5xx, resp.StatusCode
	case resp.StatusCode >= 400:
		return Class4xx, resp.StatusCode
	}
	return "", resp.StatusCode
}
