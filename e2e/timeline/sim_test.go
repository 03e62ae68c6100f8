package timeline

import (
	"math"
	"math/rand/v2"
)

// chain is a small model of the whole chain, used to check the prediction's bound over many phases: counters that are scraped at
// offsets of their own, targets that are discovered at an interval, batches, rate() as Prometheus computes it, and the HPA's
// rules. Times are in seconds from the load step.
type chain struct {
	s        Settings
	rnd      *rand.Rand
	pods     []*simPod
	flushes  float64 // phase of the batches
	reloads  float64 // phase of the discovery
	syncAt   float64
	off      float64 // when the load ends
	events   []simChange
	wanted   []simChange
	replicas int
	sank     bool
}

type simPod struct {
	ready, offset, discovered float64
	count                     float64
	samples                   []simSample
}

type simSample struct{ at, visible, value float64 }

type simChange struct {
	at float64
	n  int
}

const simStep = 0.01

func newChain(s Settings, seed uint64) *chain {
	c := &chain{s: s, rnd: rand.New(rand.NewPCG(seed, 1)), replicas: s.MinReplicas, off: math.Inf(1)}
	c.flushes = c.rnd.Float64() * s.BatchTimeout.Seconds()
	c.reloads = c.rnd.Float64() * s.Discovery.Seconds()
	for range s.MinReplicas {
		c.pods = append(c.pods, &simPod{ready: -100, discovered: -100, offset: c.rnd.Float64() * s.ScrapeInterval.Seconds()})
	}
	c.syncAt = c.rnd.Float64() * s.HPASync.Seconds()
	return c
}

// step plays the chain at t and reports whether the HPA synced.
func (c *chain) step(t float64) bool {
	c.load(t)
	c.scrape(t)
	if t < c.syncAt {
		return false
	}
	c.sync(t)
	c.syncAt += c.s.HPASync.Seconds()
	return true
}

// simulate returns when Target replicas were ready, or NaN, and whether the count ever sank on the way.
func simulate(s Settings, seed uint64, until float64) (readyAt float64, sank bool) {
	c := newChain(s, seed)
	for i := 0; float64(i)*simStep < until; i++ {
		t := float64(i) * simStep
		c.step(t)
		if c.ready(t) >= s.Target {
			return t, c.sank
		}
	}
	return math.NaN(), c.sank
}

func (c *chain) ready(t float64) int {
	n := 0
	for _, p := range c.pods {
		if p.ready <= t {
			n++
		}
	}
	return n
}

func (c *chain) load(t float64) {
	if t >= c.off {
		return
	}
	n := float64(c.ready(t))
	for _, p := range c.pods {
		if p.ready <= t {
			p.count += c.s.Load * simStep / n
		}
	}
}

// scrape takes a sample of every pod whose turn lies in (t-step, t].
func (c *chain) scrape(t float64) {
	interval := c.s.ScrapeInterval.Seconds()
	for _, p := range c.pods {
		if t < p.discovered || (c.s.NewSeries && p.count < 1) {
			continue
		}
		if math.Floor((t-p.offset)/interval) == math.Floor((t-simStep-p.offset)/interval) {
			continue
		}
		p.samples = append(p.samples, simSample{at: t, visible: c.visible(t), value: math.Floor(p.count)})
	}
}

func (c *chain) visible(t float64) float64 {
	batch := c.s.BatchTimeout.Seconds()
	flushed := c.flushes + math.Ceil((t-c.flushes)/batch)*batch
	return flushed + c.rnd.Float64()*c.s.ExportTime.Seconds()
}

// rate is sum(rate(counter[W])) at t, over what is visible.
func (c *chain) rate(t float64) float64 {
	sum := 0.0
	for _, p := range c.pods {
		sum += c.rateOf(p, t)
	}
	return sum
}

func (c *chain) rateOf(p *simPod, t float64) float64 {
	window := c.s.RateWindow.Seconds()
	var in []simSample
	for _, s := range p.samples {
		if s.visible <= t && s.at > t-window {
			in = append(in, s)
		}
	}
	if len(in) < 2 {
		return 0
	}
	first, last := in[0], in[len(in)-1]
	sampled := last.at - first.at
	average := sampled / float64(len(in)-1)
	start, end := first.at-(t-window), t-last.at
	if start >= 1.1*average {
		start = average / 2
	}
	if inc := last.value - first.value; inc > 0 {
		start = math.Min(start, sampled*first.value/inc)
	}
	if end >= 1.1*average {
		end = average / 2
	}
	return (last.value - first.value) * (sampled + start + end) / sampled / window
}

// sync is one sync of the HPA.
func (c *chain) sync(t float64) {
	value := c.rate(t)
	want := c.replicas
	if ratio := value / (c.s.Threshold * float64(c.replicas)); ratio > 1+c.s.upTolerance() || ratio < 1-c.s.Tolerance {
		want = int(math.Ceil(value/c.s.Threshold - 1e-9))
	}
	want = min(max(want, c.s.MinReplicas), c.s.MaxReplicas)
	stable := float64(*c.s.Behavior.down().StabilizationWindowSeconds)
	c.wanted = append(c.wanted, simChange{t, want})
	if want < c.replicas {
		for _, w := range c.wanted {
			if w.at > t-stable {
				want = max(want, w.n)
			}
		}
		want = min(want, c.replicas)
	}
	if want > c.replicas {
		want = min(want, c.limit(t))
	}
	c.scale(t, want)
}

func (c *chain) limit(t float64) int {
	highest := 0
	for _, p := range c.s.Behavior.up().Policies {
		start := c.replicas
		for _, e := range c.events {
			if e.at > t-float64(p.PeriodSeconds) {
				start -= e.n
			}
		}
		one := ScalingRules{SelectPolicy: "Max", Policies: []Policy{p}}
		n, _ := limitUp(one, int32(start))
		highest = max(highest, int(n))
	}
	return max(highest, c.replicas)
}

func (c *chain) scale(t float64, want int) {
	if want < c.replicas {
		c.sank = true
		c.pods = c.pods[:want]
		c.replicas = want
		return
	}
	if want > c.replicas {
		c.events = append(c.events, simChange{t + 0.02, want - c.replicas})
	}
	for ; c.replicas < want; c.replicas++ {
		ready := t + c.rnd.Float64()*c.s.PodStart.Seconds()
		discovered := ready
		if d := c.s.Discovery.Seconds(); d > 0 {
			discovered = c.reloads + math.Ceil((ready-c.reloads)/d)*d
		}
		c.pods = append(c.pods, &simPod{ready: ready, discovered: discovered, offset: c.rnd.Float64() * c.s.ScrapeInterval.Seconds()})
	}
}
