package check

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// Trigger is a trigger of type prometheus, as far as KEDA's scaler reads it.
type Trigger struct {
	// Index is its place among the ScaledObject's triggers; KEDA calls its metric sINDEX-prometheus.
	Index int `json:"index"`
	// ServerAddress and Query say what is asked, and where.
	ServerAddress string `json:"serverAddress"`
	Query         string `json:"query"`
	// Threshold is the target: per replica, unless MetricType is Value.
	Threshold float64 `json:"threshold"`
	// Activation is the value above which KEDA goes from 0 to 1.
	Activation float64 `json:"activationThreshold"`
	// Region is what KEDA signs for.
	Region string `json:"awsRegion,omitempty"`
	// Signs says that KEDA has an identity to sign with. It does not say that it is allowed anything.
	Signs bool `json:"signs"`
	// EmptyIsZero says that KEDA takes an empty result, NaN and infinity for 0.
	EmptyIsZero bool `json:"emptyIsZero"`
	// Timeout is how long KEDA waits for the answer.
	Timeout time.Duration `json:"-"`
	// MetricType is AverageValue or Value.
	MetricType string `json:"metricType"`
	// Namespace, Parameters and Headers are added to the request.
	Namespace  string            `json:"-"`
	Parameters map[string]string `json:"-"`
	Headers    map[string]string `json:"-"`
}

// trigger is a Trigger with where it stands and what is known of it.
type trigger struct {
	Trigger
	owner   *scaledObject
	node    node
	meta    node
	auth    object // the TriggerAuthentication, when it is among the files
	signing signing
	address *url.URL    // nil when it is none
	expr    parser.Expr // nil when the query is none
	bad     error       // why
}

func newTrigger(so *scaledObject, index int, n node, s set) *trigger {
	meta := n.at("metadata")
	t := &trigger{owner: so, node: n, meta: meta, Trigger: Trigger{
		Index: index, ServerAddress: meta.at("serverAddress").text(), Query: meta.at("query").text(),
		Namespace: meta.at("namespace").text(), MetricType: n.at("metricType").text(),
		Parameters: pairs(meta.at("queryParameters").text()), Headers: pairs(meta.at("customHeaders").text()),
	}}
	if t.MetricType == "" {
		t.MetricType = "AverageValue"
	}
	t.Threshold, _ = number(meta.at("threshold").text())
	t.Activation, _ = number(meta.at("activationThreshold").text())
	ignore, err := strconv.ParseBool(meta.at("ignoreNullValues").text())
	t.EmptyIsZero = ignore || err != nil
	t.Timeout = defaultTimeout
	if d, ok := timeout(meta.at("timeout").text()); ok && d > 0 {
		t.Timeout = d
	}
	t.auth = s.authOf(t)
	t.signing = s.signingOf(t)
	t.Signs = t.signing.signs
	t.Region = meta.at("awsRegion").text()
	if u, err := url.Parse(t.ServerAddress); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		t.address = u
	}
	if t.expr, t.bad = parser.NewParser(parser.Options{}).ParseExpr(t.Query); t.bad != nil {
		t.expr = nil
	}
	return t
}

// where is the place of a metadata field, or the trigger's own when it is not there.
func (t *trigger) where(field string) place {
	if n := t.meta.at(field); n.there() {
		return t.owner.where(n)
	}
	return t.owner.where(t.node)
}

// timeout reads a duration as KEDA does: a number without a unit is one of milliseconds.
func timeout(s string) (time.Duration, bool) {
	if d, err := time.ParseDuration(s); err == nil {
		return d, d >= 0
	}
	ms, err := strconv.ParseInt(s, 10, 64)
	return time.Duration(ms) * time.Millisecond, err == nil && ms >= 0
}

// pairs reads "name=value,name=value".
func pairs(s string) map[string]string {
	all := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		if name, value, ok := strings.Cut(part, "="); ok {
			all[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return all
}

// Triggers returns the prometheus triggers of a ScaledObject, which may be given as JSON.
func Triggers(content []byte) []Trigger {
	var all []Trigger
	for _, so := range read([]File{{Content: content}}, newNotes()).scaled {
		for _, t := range so.triggers {
			all = append(all, t.Trigger)
		}
	}
	return all
}
