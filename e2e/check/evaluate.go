package check

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Evaluator says how Evaluate reaches the triggers' servers.
type Evaluator struct {
	// HTTP makes the requests.
	HTTP *http.Client
	// Endpoint takes the place of every serverAddress; without a path it keeps that of the serverAddress. Empty leaves them.
	Endpoint string
	// Credentials sign what goes to AMP, what KEDA would sign, and everything when Region is set.
	Credentials aws.CredentialsProvider
	// Region is signed for; empty means the trigger's own.
	Region string
	// Now is the clock.
	Now func() time.Time
}

// Evaluation is what a server answered to a trigger's query, and what follows from it.
type Evaluation struct {
	// Object and Trigger say whose query it is; Address is where it was asked.
	Object  string `json:"object"`
	Trigger int    `json:"trigger"`
	Address string `json:"address"`
	Query   string `json:"query"`
	// Signed says whether the request was signed.
	Signed bool `json:"signed"`
	// Status is the HTTP status, 0 without an answer.
	Status int `json:"status"`
	// ElapsedSeconds is how long the answer took.
	ElapsedSeconds float64 `json:"elapsedSeconds"`
	// Series counts the elements, and Differing names the labels in which they differ.
	Series    int      `json:"series"`
	Differing []string `json:"differing,omitempty"`
	// Value is what KEDA would serve, nil when it would fail.
	Value *float64 `json:"value"`
	// Wish is what the HPA would ask for now, nil without a value.
	Wish *Wish `json:"hpa,omitempty"`
	// Load and Prediction say how long the chain takes to get to Target replicas under Load; nil when it has them already.
	Load       float64              `json:"load,omitempty"`
	Target     int                  `json:"target,omitempty"`
	Prediction *timeline.Prediction `json:"prediction,omitempty"`
}

// Evaluate asks the triggers' queries as KEDA does, and adds what that shows to the report.
func (r *Report) Evaluate(ctx context.Context, e Evaluator) {
	found := newNotes()
	for _, so := range r.set.scaled {
		for _, t := range so.triggers {
			if t.Query != "" && (t.address != nil || e.Endpoint != "") {
				r.Evaluations = append(r.Evaluations, e.evaluate(ctx, t, r.options, found))
			}
		}
	}
	r.Findings = append(r.Findings, found.findings...)
	r.sort()
}

func (e Evaluator) evaluate(ctx context.Context, t *trigger, o Options, found *notes) Evaluation {
	at := t.where("query")
	v := Evaluation{Object: t.owner.String(), Trigger: t.Index, Query: t.Query, Address: e.address(t)}
	signer := e.signer(t)
	v.Signed = signer != nil
	// What is slower than KEDA waits is still wanted, to say how slow it is.
	ctx, cancel := context.WithTimeout(ctx, max(3*t.Timeout, 10*time.Second))
	defer cancel()
	answer, err := Ask(ctx, e.HTTP, signer, t.Trigger, v.Address, e.Now())
	v.Status, v.ElapsedSeconds, v.Series = answer.Status, answer.Elapsed.Seconds(), len(answer.Series)
	if answer.Elapsed > t.Timeout {
		found.add("answer-slow", at, "the answer took %s, and KEDA waits %s", answer.Elapsed.Round(time.Millisecond), t.Timeout)
	}
	switch {
	case err != nil && answer.Status == 0:
		found.add("answer-unreachable", at, "%s", err)
		return v
	case err != nil:
		found.add("answer-unreadable", at, "%s", err)
		return v
	case answer.Body != "" || answer.Status > 299 || answer.Status < 200:
		how := "signed"
		if !v.Signed {
			how = "unsigned"
		}
		found.add("answer-refused", at, "%s answers %d to the %s query: %s", v.Address, answer.Status, how, answer.Body)
		return v
	case answer.Kind != "vector":
		found.add("answer-unreadable", at, "the result is a %s", answer.Kind)
		return v
	case len(answer.Series) > 1:
		v.Differing = answer.Differing()
		found.add("answer-several", at, "the query yields %d elements, which differ in %s", len(answer.Series), strings.Join(v.Differing, ", "))
		return v
	}
	value := 0.0
	switch null := answer.Null(); {
	case null != "" && !t.EmptyIsZero:
		found.add("answer-null-error", at, "the result is %s", null)
		return v
	case null != "":
		found.add("answer-null", at, "the result is %s", null)
	default:
		value = answer.Values[0]
	}
	v.Value = &value
	t.follow(&v, value, o, at, found)
	return v
}

// follow says what the HPA makes of a value.
func (t *trigger) follow(v *Evaluation, value float64, o Options, at place, found *notes) {
	if t.Threshold <= 0 {
		return
	}
	current := o.Replicas
	if current == 0 {
		current = t.owner.floor()
	}
	wish := t.wish(value, current, o.Tolerance)
	v.Wish = &wish
	if wish.Held {
		found.add("answer-held", at, "%s over %d replicas is within the tolerance: the HPA keeps them, though %d would be the exact count", figure(value), current, wish.Exact)
	}
	v.Load = o.Load
	if v.Load == 0 {
		v.Load = value
	}
	v.Target = min(int(math.Min(math.Ceil(v.Load/t.Threshold), math.MaxInt32)), t.owner.max())
	from := current
	if t.owner.min() == 0 && o.Replicas == 0 {
		from = 0
	}
	if v.Target > max(from, 1) && t.MetricType == "AverageValue" {
		p := timeline.Predict(t.settings(o, v.Load, v.Target, from))
		v.Prediction = &p
	}
}

func (e Evaluator) address(t *trigger) string {
	if e.Endpoint == "" {
		return t.ServerAddress
	}
	if u, err := url.Parse(e.Endpoint); err == nil && strings.Trim(u.Path, "/") == "" && t.address != nil {
		return strings.TrimSuffix(e.Endpoint, "/") + t.address.EscapedPath()
	}
	return e.Endpoint
}

// signer is nil for what KEDA sends to a proxy.
func (e Evaluator) signer(t *trigger) *Signer {
	if e.Credentials == nil || e.Region == "" && t.region() == "" && !t.Signs {
		return nil
	}
	region := e.Region
	for _, other := range []string{t.Region, t.region()} {
		if region == "" {
			region = other
		}
	}
	return &Signer{Credentials: e.Credentials, Region: region}
}

// figure prints a number short.
func figure(f float64) string { return strconv.FormatFloat(math.Round(f*1000)/1000, 'f', -1, 64) }
