package conformance

import (
	"fmt"
	"strings"
	"time"
)

// StandingWorkspace returns the one workspace of the run for a purpose: the
// first check that asks for it makes it, and it stays until the run ends. What
// is in it is the same for all: checks only add what is theirs by name. All find
// the same one because they create it with the same clientToken [D].
func (t *T) StandingWorkspace(purpose string) *Workspace {
	p, err := t.run.create(t.ctx, t.run.setup, t.run.alias(purpose), t.run.standingToken(purpose))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &Workspace{t, p}
}

// asSetup sends what follows as the run's own until the function that it returns
// is called: which check finds that something has yet to be made depends on the
// moment, and is no part of what the check asks.
func (t *T) asSetup() (back func()) {
	own := t.wire
	t.wire = t.run.setup
	return func() { t.wire = own }
}

func (r *run) standingToken(purpose string) string { return r.id + "-" + purpose }

// stand has a definition stand in a standing workspace: whoever comes first
// creates it, the others find it there; the refusal of a second one is no error.
func (w *Workspace) stand(path, member, body string) {
	w.t.within(activeTime, path+" stands", func() error {
		a := w.Control(Get(path))
		if a.Status == 404 {
			target := path
			if strings.HasPrefix(path, "/rulegroupsnamespaces/") {
				target = "/rulegroupsnamespaces"
			}
			if made := w.Control(PostJSON(target, body)); made.Status != 202 && made.Status != 409 {
				return fmt.Errorf("create: %s", made)
			}
			a = w.Control(Get(path))
		}
		if code, _ := a.JSON(member); code != "ACTIVE" {
			return fmt.Errorf("it is not ACTIVE; %s", a)
		}
		return nil
	})
}

// AlertManaged returns the standing workspace with an alert manager: it groups
// by alertname without waiting, sends alerts with team="other" to the receiver
// other, and lets severity="critical" inhibit severity="warning" of the same
// instance.
func (t *T) AlertManaged() *Workspace {
	defer t.asSetup()()
	ws := t.StandingWorkspace("alertmanager")
	ws.stand(definitionPath, definitionStatus, dataBody(definedAs(`
route:
  receiver: default
  group_by: [alertname]
  group_wait: 1s
  group_interval: 1s
  routes:
  - receiver: other
    matchers: ['team="other"']
inhibit_rules:
- source_matchers: ['severity="critical"']
  target_matchers: ['severity="warning"']
  equal: [instance]
receivers:
- name: default
- name: other
`)))
	ws.t.Eventually("the alert manager answers", func() error {
		ws.Do(Get("/alertmanager/api/v2/status")).ExpectStatus(200)
		return nil
	})
	return ws
}

// Ruled returns the standing workspace with two rule namespaces, first and
// second, whose groups are evaluated once in an hour.
func (t *T) Ruled() *Workspace {
	defer t.asSetup()()
	ws := t.StandingWorkspace("rules")
	for _, ns := range [][2]string{{"first", firstRules}, {"second", secondRules}} {
		ws.stand("/rulegroupsnamespaces/"+ns[0], "ruleGroupsNamespace.status.statusCode", namespaceBody(ns[0], ns[1], nil))
	}
	t.Eventually("the groups are listed", func() error {
		if a := ws.Do(Get("/api/v1/rules")).RequireStatus(200); a.Len("data.groups") != 3 {
			return fmt.Errorf("expected 3 groups; %s", a)
		}
		return nil
	})
	return ws
}

const (
	firstRules = `groups:
- name: a
  interval: 1h
  rules:
  - record: first:a
    expr: sum  by (job)(rate( x[5m]))
    labels: {team: ops}
  - alert: Quiet
    expr: vector(1) > 2
    for: 10m
    keep_firing_for: 5m
    labels: {severity: page}
    annotations: {summary: nothing}
- name: b
  interval: 2h
  rules:
  - record: first:b
    expr: vector(1)
`
	secondRules = `groups:
- name: a
  interval: 1h
  rules:
  - alert: Loud
    expr: vector(3) > 4
`
)

// intervals are those at which the evaluated rules are tried: the shortest that
// AMP takes is not known [amp-api.md 8.7]. The longest is Prometheus's default,
// which cannot be too short.
func intervals() []string { return []string{"1s", "10s", "30s", "60s"} }

// Evaluated returns the standing workspace with rules that are evaluated, one
// namespace for each interval that the target takes. What they make has the
// label every.
func (t *T) Evaluated() *Workspace {
	defer t.asSetup()()
	ws := t.StandingWorkspace("evaluated")
	for _, every := range intervals() {
		name := "every-" + every
		path := "/rulegroupsnamespaces/" + name
		if ws.Control(Get(path)).Status == 404 {
			a := ws.Control(PostJSON("/rulegroupsnamespaces", namespaceBody(name, strings.ReplaceAll(evaluatedRules, "EVERY", every), nil)))
			if a.Status != 202 && every == "60s" && a.Status != 409 {
				t.Fatalf("expected rules of every minute to be taken; %s", a)
			}
		}
	}
	ws.Await("/rulegroupsnamespaces/every-60s", "ruleGroupsNamespace.status.statusCode", "ACTIVE")
	return ws
}

// evaluationTime is how long an evaluation every minute may take to be seen.
const evaluationTime = 150 * time.Second

// evaluated waits for what an evaluation makes visible.
func (t *T) evaluated(what string, look func()) {
	t.within(evaluationTime, what, func() error { look(); return nil })
}

const evaluatedRules = `groups:
- name: g
  interval: EVERY
  rules:
  - record: evaluated:constant
    expr: label_replace(vector(42), "from", "expression", "", "")
    labels: {every: EVERY, from: rule}
  - record: evaluated:dependent
    expr: evaluated:constant{every="EVERY"} + 1
  - record: evaluated:impossible
    expr: label_replace(vector(1), "a", "1", "", "") + on() group_left() (label_replace(vector(1), "b", "1", "", "") or label_replace(vector(1), "b", "2", "", ""))
    labels: {every: EVERY}
  - alert: EvaluatedFiring
    expr: label_replace(vector(7), "from", "expression", "", "")
    labels: {every: EVERY, value: '{{ $value }}'}
    annotations: {summary: 'is {{ $value }} of {{ $labels.from }}'}
  - alert: EvaluatedPending
    expr: vector(7)
    for: 1d
    labels: {every: EVERY}
  - alert: EvaluatedInactive
    expr: vector(7) > 8
    labels: {every: EVERY}
`
