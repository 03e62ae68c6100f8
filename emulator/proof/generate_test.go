package proof

import (
	"fmt"
	"math"
	"math/rand"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
)

// interval is the time between two samples of a series.
const interval = 15 * time.Second

// generator makes random series of the time span that ends at end.
type generator struct {
	rnd  *rand.Rand
	end  time.Time
	span time.Duration
}

// series makes several metrics of every kind, each of several targets, in the
// order of their labels. A head that gives its series in the order in which it
// got them and one that merges several sources and so sorts them then give them
// alike, and sums and the choice of a topk among equals come out alike.
func (g *generator) series() []series {
	var out []series
	for target := range 3 + g.rnd.Intn(3) {
		of := func(name string, more ...string) labels.Labels {
			pairs := append([]string{
				"__name__", name, "instance", fmt.Sprintf("host-%d", target), "zone", string(rune('a' + target%2)),
			}, more...)
			return labels.FromStrings(pairs...)
		}
		out = append(out,
			g.fill(of("requests_total", "code", "200"), g.counter(1)),
			g.fill(of("requests_total", "code", "500"), g.counter(0.1)),
			g.fill(of("temperature"), g.gauge()),
			g.fill(of("ratio"), func() sample { return sample{float: g.rnd.Float64()} }),
			g.fill(of("latency_seconds"), g.exponential()),
			g.fill(of("size_bytes"), g.floatHistogram()),
			g.fill(of("custom_seconds"), g.customBuckets()),
			g.fill(of("changing"), g.changing()),
		)
		for _, le := range []string{"0.1", "1", "+Inf"} {
			out = append(out, g.fill(of("classic_bucket", "le", le), g.counter(2)))
		}
	}
	slices.SortFunc(out, func(a, b series) int { return labels.Compare(a.labels, b.labels) })
	return out
}

// fill makes the samples of a series: at intervals that are not exact, with
// gaps, each of which may begin with a stale marker.
func (g *generator) fill(ls labels.Labels, next func() sample) series {
	out := series{labels: ls}
	at := g.end.Add(-g.span).UnixMilli() + g.rnd.Int63n(interval.Milliseconds())
	for at <= g.end.UnixMilli() {
		smp := next()
		smp.at = at
		out.samples = append(out.samples, smp)
		at += interval.Milliseconds() + g.rnd.Int63n(7) - 3
		if g.rnd.Intn(60) > 0 {
			continue
		}
		if g.rnd.Intn(2) == 0 {
			out.samples = append(out.samples, marker(smp, at))
		}
		at += 1 + g.rnd.Int63n(8*time.Minute.Milliseconds())
	}
	return out
}

// marker is a stale marker of the kind of the sample before it.
func marker(last sample, at int64) sample {
	stale := math.Float64frombits(value.StaleNaN)
	switch {
	case last.ih != nil:
		return sample{at: at, ih: &histogram.Histogram{Sum: stale}}
	case last.fh != nil:
		return sample{at: at, fh: &histogram.FloatHistogram{Sum: stale}}
	}
	return sample{at: at, float: stale}
}

// counter rises, and starts anew now and then.
func (g *generator) counter(rate float64) func() sample {
	total := g.rnd.Float64() * 1000
	return func() sample {
		total += float64(g.rnd.Intn(100)) * rate
		if g.rnd.Intn(80) == 0 {
			total = 0
		}
		return sample{float: total}
	}
}

// gauge wanders, and is now and then no ordinary number.
func (g *generator) gauge() func() sample {
	now := g.rnd.NormFloat64() * 30
	return func() sample {
		now += g.rnd.NormFloat64()
		switch g.rnd.Intn(100) {
		case 0:
			return sample{float: math.NaN()}
		case 1:
			return sample{float: math.Inf(g.rnd.Intn(2)*2 - 1)}
		case 2:
			return sample{float: 0}
		}
		return sample{float: now}
	}
}

// rising gives the numbers that histograms are made of, with resets.
func (g *generator) rising() func() int64 {
	n := int64(g.rnd.Intn(5))
	return func() int64 {
		n += int64(g.rnd.Intn(3))
		if g.rnd.Intn(60) == 0 {
			n = 0
		}
		return n
	}
}

func (g *generator) exponential() func() sample {
	next := g.rising()
	return func() sample { return sample{ih: tsdbutil.GenerateTestHistogram(next())} }
}

func (g *generator) floatHistogram() func() sample {
	next := g.rising()
	return func() sample { return sample{fh: tsdbutil.GenerateTestFloatHistogram(next())} }
}

func (g *generator) customBuckets() func() sample {
	next := g.rising()
	return func() sample { return sample{ih: tsdbutil.GenerateTestCustomBucketsHistogram(next())} }
}

// changing goes from floats to histograms and back.
func (g *generator) changing() func() sample {
	float, hist := g.counter(1), g.exponential()
	isFloat := true
	return func() sample {
		if g.rnd.Intn(40) == 0 {
			isFloat = !isFloat
		}
		if isFloat {
			return float()
		}
		return hist()
	}
}
