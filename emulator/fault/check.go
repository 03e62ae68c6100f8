package fault

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxRules is how many rules a Set holds.
const MaxRules = 100

// longest bounds every duration of a rule.
const longest = Duration(24 * time.Hour)

// QueryAction is the one action whose answers are results of queries.
const QueryAction = "aps:QueryMetrics"

// maxPattern bounds actions, principals and workspaces: an ARN is no longer [D IAM].
const maxPattern = 2048

// Check says what is wrong with a rule that was made in Go. An error is of type Errors.
func (r Rule) Check() error {
	var errs Errors
	check("", r, &errs)
	return errs.orNil()
}

func check(path string, r Rule, errs *Errors) {
	add := func(field, format string, args ...any) {
		errs.add(strings.TrimPrefix(path+"."+field, "."), format, args...)
	}
	if r.Name != "" && !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`).MatchString(r.Name) {
		add("name", "%q is not 1 to 64 letters, digits, dots, dashes and underscores that begin with a letter or a digit", r.Name)
	}
	if len(r.Action) == 0 {
		add("action", "is missing: aps:RemoteWrite, aps:QueryMetrics, aps:*, sts:* or the like")
	}
	for _, p := range r.Action {
		checkAction(p, add)
	}
	if len(r.Workspace) > maxPattern || len(r.Principal) > maxPattern {
		add("workspace", "workspace and principal have %d characters at most", maxPattern)
	}
	if strings.ContainsAny(r.Workspace, "*?") {
		add("workspace", "%q is neither the id nor the alias of a workspace", r.Workspace)
	}
	if r.Principal != "" && r.Principal != "*" && !strings.HasPrefix(r.Principal, "arn:") && !strings.HasPrefix(r.Principal, "*:") {
		add("principal", "%q is not a pattern of an ARN such as arn:aws:iam::*:role/collector", r.Principal)
	}
	if p := r.Probability; p != nil && !(*p >= 0 && *p <= 1) { // NaN too
		add("probability", "%v is not from 0 to 1", *p)
	}
	if r.Count < 0 {
		add("count", "%d is negative", r.Count)
	}
	r.Schedule.check(add)
	r.checkEffect(add)
}

// checkAction wants a service and an action; * alone is all.
func checkAction(pattern string, add func(field, format string, args ...any)) {
	service, name, ok := strings.Cut(pattern, ":")
	switch {
	case pattern == "*":
	case !ok || name == "" || len(pattern) > maxPattern:
		add("action", "%q is not SERVICE:ACTION such as aps:RemoteWrite or aps:*", pattern)
	case !strings.ContainsAny(service, "*?") && !slices.Contains([]string{"aps", "sts", "iam"}, strings.ToLower(service)):
		add("action", "%q is of a service that is not here; there are aps, sts and iam", pattern)
	}
}

// checkEffect wants exactly one.
func (r Rule) checkEffect(add func(field, format string, args ...any)) {
	effects := r.effects()
	if len(effects) == 0 {
		add("delay", "the rule has no effect; it takes one of delay, status, cut, slow, empty, series, value, credentials, clock")
		return
	}
	for _, more := range effects[1:] {
		add(more.name(), "the rule has %s already, and takes one effect", effects[0].name())
	}
	effects[0].check(add)
	if _, ok := effects[0].(rewriter); ok && !newMatcher(r).covers(QueryAction) {
		add("action", "%s changes results of queries, so the action has to cover %s", effects[0].name(), QueryAction)
	}
}

// checkNames wants each name once and not too many of them.
func checkNames(rules []Rule, errs *Errors) {
	if len(rules) > MaxRules {
		errs.add("", "%d rules are more than %d", len(rules), MaxRules)
	}
	for i, r := range rules {
		same := func(other Rule) bool { return other.Name == r.Name }
		if first := slices.IndexFunc(rules, same); r.Name != "" && first < i {
			errs.add("["+strconv.Itoa(i)+"].name", "rule [%d] is called %s too", first, r.Name)
		}
	}
}
