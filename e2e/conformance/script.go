package conformance

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// Times of scripts. Samples lie off the grid of the evaluations, because
// Prometheus 3 leaves out a sample at the very beginning of a range that
// Prometheus 2 takes in, and AMP's version is not known (amp-api.md 8.12).
const (
	scriptEvery  = 15 * time.Second
	scriptOffset = 8 * time.Second // from the last sample to the evaluation
	scriptStep   = 30 * time.Second
	scriptRange  = 150 * time.Second
	// scriptPast is how long before the evaluation $AT is.
	scriptPast = time.Minute
)

// scriptLabel sets a script's series apart from those of others.
const scriptLabel = "check"

// script is PromQL over a few series. Each of its queries is asked once for an
// instant and once for a range, and the answer must be the oracle's.
type script struct {
	// id follows query.promql.
	id    string
	level Level  // MUST if empty
	about string // what is shown, as the description's sentence
	// source is the page of Prometheus's documentation under querying/.
	source string
	// load is a series a line, in the notation of Prometheus's unit tests; the
	// values are 15 s apart and end a few seconds before the evaluation.
	load string
	// queries come to something. $AT is a time in seconds, a minute before the
	// evaluation.
	queries []string
	// empty come to nothing.
	empty []string
	// sorted queries are asked for an instant only, and the order counts.
	sorted bool
}

func (s script) check() Check {
	c := Check{
		ID: "query.promql." + s.id, Level: s.level, Area: Querying,
		Description: "PromQL: " + s.about + ".",
		Source:      "user guide AMP-APIReference-QueryMetrics [D]; Prometheus querying/" + s.source + " [D]",
		Run:         s.run,
	}
	if c.Level == "" {
		c.Level = Must
	}
	return c
}

func scriptChecks(scripts []script) []Check {
	var out []Check
	for _, s := range scripts {
		out = append(out, s.check())
	}
	return out
}

func (s script) run(ctx context.Context, t *T) {
	p, err := s.perform(t.Now(), t.Name("script"))
	if err != nil {
		t.Fatalf("%v", err)
	}
	ws := t.Workspace()
	ws.Write(p.wire...)
	for _, q := range p.queries {
		want, err := p.oracle.instant(ctx, q, p.at)
		if err != nil {
			t.Fatalf("%v", err)
		}
		t.Eventually(q+" at "+seconds(p.at), func() error { return sameValue(want, ws.Query(q, p.at), s.sorted) })
		if s.sorted {
			continue
		}
		if want, err = p.oracle.ranged(ctx, q, p.start, p.end, scriptStep); err != nil {
			t.Fatalf("%v", err)
		}
		t.Eventually(q+" from "+seconds(p.start)+" to "+seconds(p.end)+" by "+scriptStep.String(), func() error {
			return sameValue(want, ws.QueryRange(q, p.start, p.end, scriptStep), false)
		})
	}
}

// performance is a script at a time.
type performance struct {
	wire           []prompb.TimeSeries
	oracle         oracle
	queries        []string
	at, start, end time.Time
}

// perform sets a script into a time that ends now, and its series apart by label.
func (s script) perform(now time.Time, label string) (performance, error) {
	// By the step, so that aligning changes nothing and every run sees the same.
	p := performance{at: now.Truncate(scriptStep)}
	p.end = p.at
	p.start = p.end.Add(-scriptRange)
	var data []storage.Series
	for lines := bufio.NewScanner(strings.NewReader(s.load)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		one, wire, err := loaded(line, label, p.at.Add(-scriptOffset))
		if err != nil {
			return p, fmt.Errorf("load %q: %w", line, err)
		}
		data, p.wire = append(data, one), append(p.wire, wire)
	}
	p.oracle = newOracle(data)
	for _, text := range append(append([]string(nil), s.queries...), s.empty...) {
		text = strings.ReplaceAll(text, "$AT", strconv.FormatInt(p.at.Add(-scriptPast).Unix(), 10))
		q, err := narrowed(text, label)
		if err != nil {
			return p, fmt.Errorf("query %q: %w", text, err)
		}
		p.queries = append(p.queries, q)
	}
	return p, nil
}

// loaded is a line of a load, for the oracle and for the wire.
func loaded(line, label string, last time.Time) (storage.Series, prompb.TimeSeries, error) {
	var wire prompb.TimeSeries
	ls, values, err := plain().ParseSeriesDesc(line)
	if err != nil {
		return nil, wire, err
	}
	ls = labels.NewBuilder(ls).Set(scriptLabel, label).Labels()
	ls.Range(func(l labels.Label) { wire.Labels = append(wire.Labels, prompb.Label{Name: l.Name, Value: l.Value}) })
	at := last.Add(-scriptEvery * time.Duration(len(values)-1)).UnixMilli()
	var samples []chunks.Sample
	for _, v := range values {
		switch {
		case v.Omitted:
		case v.Histogram != nil:
			samples = append(samples, knownSample{at: at, h: v.Histogram})
			wire.Histograms = append(wire.Histograms, prompb.FromFloatHistogram(at, v.Histogram))
		default:
			samples = append(samples, knownSample{at: at, f: v.Value})
			wire.Samples = append(wire.Samples, prompb.Sample{Timestamp: at, Value: v.Value})
		}
		at += scriptEvery.Milliseconds()
	}
	return storage.NewListSeries(ls, samples), wire, nil
}

// narrowed is a query with every selector narrowed to the series of label.
func narrowed(query, label string) (string, error) {
	expr, err := plain().ParseExpr(query)
	if err != nil {
		return "", err
	}
	only, err := labels.NewMatcher(labels.MatchEqual, scriptLabel, label)
	if err != nil {
		return "", err
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok {
			v.LabelMatchers = append(v.LabelMatchers, only)
		}
		return nil
	})
	return expr.String(), nil
}
