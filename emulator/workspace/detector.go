package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/ampersand-amp/ampersand/emulator/expression"
)

// detector is an anomaly detector. It has no effect here: nothing is evaluated
// and no samples come from it.
type detector struct {
	Alias string `json:"alias"`
	detectorSettings
}

// detectorSettings is what Create and Put both take, as the protocol writes it
// [D].
type detectorSettings struct {
	EvaluationInterval *int64                 `json:"evaluationIntervalInSeconds,omitempty"`
	MissingData        *missingData           `json:"missingDataAction,omitempty"`
	Configuration      *detectorConfiguration `json:"configuration,omitempty"`
	Labels             map[string]string      `json:"labels,omitempty"`
}

// missingData is a union.
type missingData struct {
	MarkAsAnomaly *bool `json:"markAsAnomaly,omitempty"`
	Skip          *bool `json:"skip,omitempty"`
}

// detectorConfiguration is a union with one member.
type detectorConfiguration struct {
	RandomCutForest *randomCutForest `json:"randomCutForest,omitempty"`
}

type randomCutForest struct {
	Query           *string       `json:"query"`
	ShingleSize     *int64        `json:"shingleSize,omitempty"`
	SampleSize      *int64        `json:"sampleSize,omitempty"`
	IgnoreNearAbove *nearExpected `json:"ignoreNearExpectedFromAbove,omitempty"`
	IgnoreNearBelow *nearExpected `json:"ignoreNearExpectedFromBelow,omitempty"`
}

// nearExpected is a union.
type nearExpected struct {
	Amount *float64 `json:"amount,omitempty"`
	Ratio  *float64 `json:"ratio,omitempty"`
}

// Defaults and bounds of detectors [D].
const (
	defaultEvaluationInterval = 60
	defaultShingleSize        = 8
	defaultSampleSize         = 256
	maxDetectorLabels         = 140
	maxLabelLen               = 7168
	maxDetectorQuery          = 8192
)

func (r *Registry) detectors(s *state) place[detector] { return at(r, kindDetector, s.Detectors) }

func (c *checker) detector(d detectorSettings) {
	c.between("evaluationIntervalInSeconds", d.EvaluationInterval, 30, 86400)
	if m := d.MissingData; m != nil {
		c.one("missingDataAction", m.MarkAsAnomaly != nil, m.Skip != nil)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Labels)) {
		c.text("labels", name, rule{1, maxLabelLen, labelNamePattern})
		if strings.HasPrefix(name, "__") {
			c.fail("labels", "Label names must not start with __")
		}
		c.length("labels."+name, d.Labels[name], 1, maxLabelLen)
	}
	if !c.present("configuration", d.Configuration != nil) ||
		!c.one("configuration", d.Configuration.RandomCutForest != nil) {
		return
	}
	const name = "configuration.randomCutForest."
	f := d.Configuration.RandomCutForest
	if c.present(name+"query", f.Query != nil) && c.length(name+"query", *f.Query, 1, maxDetectorQuery) {
		c.aggregation(name+"query", *f.Query)
	}
	c.between(name+"shingleSize", f.ShingleSize, 2, 1024)
	c.between(name+"sampleSize", f.SampleSize, 256, 1024)
	c.nearExpected(name+"ignoreNearExpectedFromAbove", f.IgnoreNearAbove)
	c.nearExpected(name+"ignoreNearExpectedFromBelow", f.IgnoreNearBelow)
}

func (c *checker) nearExpected(name string, n *nearExpected) {
	if n == nil || !c.one(name, n.Amount != nil, n.Ratio != nil) {
		return
	}
	for _, v := range []*float64{n.Amount, n.Ratio} {
		if v != nil && *v < 0 {
			c.fail(name, "Member must have value greater than or equal to 0")
		}
	}
}

// aggregation checks that a query is wrapped by an aggregation that the
// algorithm supports [D].
func (c *checker) aggregation(name, query string) {
	expr, err := expression.NewParser().ParseExpr(query)
	if err != nil {
		c.fail(name, "Member must be PromQL: "+err.Error())
		return
	}
	outer, ok := expr.(*parser.AggregateExpr)
	if ok {
		switch outer.Op {
		case parser.AVG, parser.COUNT, parser.GROUP, parser.MAX, parser.MIN, parser.QUANTILE,
			parser.STDDEV, parser.STDVAR, parser.SUM:
			return
		}
	}
	c.fail(name, "Member must be wrapped by one of avg, count, group, max, min, quantile, stddev, stdvar, sum")
}

// complete returns the settings with AMP's defaults [D values; that Describe
// shows them I].
func (d detectorSettings) complete() detectorSettings {
	orElse(&d.EvaluationInterval, defaultEvaluationInterval)
	f := *d.Configuration.RandomCutForest
	orElse(&f.ShingleSize, defaultShingleSize)
	orElse(&f.SampleSize, defaultSampleSize)
	d.Configuration = &detectorConfiguration{RandomCutForest: &f}
	return d
}

func orElse(p **int64, value int64) {
	if *p == nil {
		*p = &value
	}
}

// detectorStarted is the answer to Create and Put [D].
type detectorStarted struct {
	ID     string            `json:"anomalyDetectorId"`
	ARN    string            `json:"arn"`
	Status statusShape       `json:"status"`
	Tags   map[string]string `json:"tags,omitempty"`
}

func (r *Registry) detectorAnswer(i *item[detector]) answer {
	a := answer{body: detectorStarted{ID: i.Name, ARN: r.detectorARN(i.Owner, i.Name), Status: i.Phase.started(), Tags: i.Tags}}
	if i.Phase.Via == StatusCreating {
		a.made = refOf(kindDetector, i.key())
	}
	return a
}

func (r *Registry) createDetector(q request) (any, error) {
	var in struct {
		detectorSettings
		Alias       *string           `json:"alias"`
		Tags        map[string]string `json:"tags"`
		ClientToken *string           `json:"clientToken"`
	}
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.path(q.Call)
	c.required("alias", in.Alias, detectorAlias())
	c.detector(in.detectorSettings)
	if len(in.Labels) > maxDetectorLabels {
		c.fail("labels", fmt.Sprintf("Member must have length less than or equal to %d", maxDetectorLabels))
	}
	c.tags(in.Tags)
	c.clientToken(in.ClientToken)
	if err := c.err(); err != nil {
		return nil, err
	}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return answer{}, err
		}
		body := detector{Alias: *in.Alias, detectorSettings: in.complete()}
		i, err := r.detectors(s).create(q.WorkspaceID, "ad-"+uuid.NewString(), in.Tags, body, nil)
		if err != nil {
			return answer{}, err
		}
		return r.detectorAnswer(i), nil
	})
}

// putDetector replaces the settings of a detector, or makes one of that id if
// there is none [D]. The alias, which it does not take, is then the id [I].
func (r *Registry) putDetector(q request) (any, error) {
	var in struct {
		detectorSettings
		ClientToken *string `json:"clientToken"`
	}
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.path(q.Call)
	c.detector(in.detectorSettings)
	c.clientToken(in.ClientToken)
	if err := c.err(); err != nil {
		return nil, err
	}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return answer{}, err
		}
		p := r.detectors(s)
		if !p.has(q.WorkspaceID, q.Name) {
			i, err := p.create(q.WorkspaceID, q.Name, nil, detector{Alias: q.Name, detectorSettings: in.complete()}, nil)
			if err != nil {
				return answer{}, err
			}
			return r.detectorAnswer(i), nil
		}
		old, err := p.settled(q.WorkspaceID, q.Name)
		if err != nil {
			return answer{}, err
		}
		return r.detectorAnswer(p.update(old, detector{Alias: old.Body.Alias, detectorSettings: in.complete()}, nil)), nil
	})
}

// detectorShape is a detector as the protocol writes it; lists have only the
// first part [D].
type detectorShape struct {
	ID         string            `json:"anomalyDetectorId"`
	ARN        string            `json:"arn"`
	Alias      string            `json:"alias"`
	Status     statusShape       `json:"status"`
	CreatedAt  epochSeconds      `json:"createdAt"`
	ModifiedAt epochSeconds      `json:"modifiedAt"`
	Tags       map[string]string `json:"tags,omitempty"`
	*detectorSettings
}

func (r *Registry) detectorShape(p place[detector], i *item[detector]) detectorShape {
	return detectorShape{
		ID: i.Name, ARN: r.detectorARN(i.Owner, i.Name), Alias: i.Body.Alias, Status: p.status(i),
		CreatedAt: epochSeconds(i.CreatedAt), ModifiedAt: epochSeconds(i.ModifiedAt), Tags: i.Tags,
	}
}

func (r *Registry) describeDetector(q request) (any, error) {
	if _, err := r.visible(q); err != nil {
		return nil, err
	}
	p := r.detectors(r.state.Load())
	i, err := p.find(q.WorkspaceID, q.Name)
	if err != nil {
		return nil, err
	}
	shape := r.detectorShape(p, i)
	shape.detectorSettings = &i.Body.detectorSettings
	return struct {
		Detector detectorShape `json:"anomalyDetector"`
	}{shape}, nil
}

// listDetectors lists the detectors; the filter is the whole alias [D].
func (r *Registry) listDetectors(q request) (any, error) {
	var c checker
	window := c.window(q.query)
	alias := q.optional("alias")
	c.optional("alias", alias, detectorAlias())
	if err := c.err(); err != nil {
		return nil, err
	}
	if _, err := r.visible(q); err != nil {
		return nil, err
	}
	p := r.detectors(r.state.Load())
	page, next := p.list(q.WorkspaceID, window, func(i *item[detector]) bool {
		return alias == nil || i.Body.Alias == *alias
	})
	out := struct {
		Detectors []detectorShape `json:"anomalyDetectors"`
		NextToken string          `json:"nextToken,omitempty"`
	}{make([]detectorShape, 0, len(page)), next}
	for _, i := range page {
		out.Detectors = append(out.Detectors, r.detectorShape(p, i))
	}
	return out, nil
}

func (r *Registry) deleteDetector(q request) (any, error) {
	return r.remove(q, func(s *state) error {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return err
		}
		return r.detectors(s).remove(q.WorkspaceID, q.Name)
	})
}
