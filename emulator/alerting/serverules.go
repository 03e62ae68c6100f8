package alerting

import (
	"crypto/sha1" //nolint:gosec // a token of Cortex, no secret
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"

	"github.com/ampersand-amp/ampersand/emulator/expression"
)

// rulesQuery is the parameters of /rules. [D] amp-api.md 1.2; what they mean
// and the texts of refusals are those of Cortex [C] ruler/api.go
type rulesQuery struct {
	kind                string
	names, groups, from []string
	matchers            [][]*labels.Matcher
	withoutAlerts       bool
	limit               int
	after               string
}

// ServeRules answers /api/v1/rules.
func (m *Manager) ServeRules(w http.ResponseWriter, r *http.Request, workspaceID string) {
	if r.Method != http.MethodGet {
		refuseMethod(w)
		return
	}
	q, err := parseRulesQuery(r)
	if err != nil {
		refuseQuery(w, err)
		return
	}
	found := []groupAnswer{}
	m.readRules(workspaceID, func(groups []*rules.Group) { found = q.filter(groups) })
	next := ""
	if q.limit > 0 {
		found, next = q.page(found)
	}
	answer(w, rulesAnswer{Groups: found, GroupNextToken: next})
}

// ServeAlerts answers /api/v1/alerts.
func (m *Manager) ServeAlerts(w http.ResponseWriter, r *http.Request, workspaceID string) {
	if r.Method != http.MethodGet {
		refuseMethod(w)
		return
	}
	alerts := []alertAnswer{}
	m.readRules(workspaceID, func(groups []*rules.Group) {
		for _, g := range groups {
			for _, rule := range g.Rules() {
				if a, ok := rule.(*rules.AlertingRule); ok {
					alerts = append(alerts, alertsOf(a)...)
				}
			}
		}
	})
	answer(w, alertsAnswer{Alerts: alerts})
}

// readRules calls f with the workspace's rule groups, if there are any.
func (m *Manager) readRules(workspaceID string, f func([]*rules.Group)) {
	t := m.lookup(workspaceID)
	if t == nil {
		return
	}
	if running, _ := t.current(); running != nil {
		running.read(f)
	}
}

func parseRulesQuery(r *http.Request) (*rulesQuery, error) {
	if err := r.ParseForm(); err != nil {
		return nil, errors.New("error parsing form/query params")
	}
	q := &rulesQuery{
		kind: strings.ToLower(r.Form.Get("type")), after: r.Form.Get("group_next_token"),
		names: r.Form["rule_name[]"], groups: r.Form["rule_group[]"], from: r.Form["file[]"],
	}
	if q.kind != "" && q.kind != "alert" && q.kind != "record" {
		return nil, fmt.Errorf("unsupported rule type %q", q.kind)
	}
	var err error
	if q.matchers, err = parseMatchers(r.Form["match[]"]); err != nil {
		return nil, fmt.Errorf("error parsing match params %w", err)
	}
	if text := strings.ToLower(r.Form.Get("exclude_alerts")); text != "" {
		if q.withoutAlerts, err = strconv.ParseBool(text); err != nil {
			return nil, fmt.Errorf("invalid parameter %q: error converting exclude_alerts: %w", "exclude_alerts", err)
		}
	}
	return q, q.parseLimit(r.Form.Get("group_limit"))
}

func (q *rulesQuery) parseLimit(text string) error {
	if text == "" {
		if q.after != "" {
			return errors.New("group_limit needs to be present in order to paginate over the groups")
		}
		return nil
	}
	limit, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return errors.New("group_limit needs to be a valid number")
	}
	if limit <= 0 {
		return errors.New("group_limit needs to be greater than 0")
	}
	q.limit = int(limit)
	return nil
}

func parseMatchers(selectors []string) ([][]*labels.Matcher, error) {
	var sets [][]*labels.Matcher
	for _, s := range selectors {
		set, err := expression.NewParser().ParseMetricSelector(s)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(set, func(m *labels.Matcher) bool { return !m.Matches("") }) {
			return nil, errors.New("match[] must contain at least one non-empty matcher")
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// filter returns what is asked for; groups without a rule left are left out.
func (q *rulesQuery) filter(groups []*rules.Group) []groupAnswer {
	out := []groupAnswer{}
	for _, g := range groups {
		if !among(q.from, g.File()) || !among(q.groups, g.Name()) {
			continue
		}
		var list []any
		for _, r := range g.Rules() {
			if !among(q.names, r.Name()) || !q.matches(r.Labels()) {
				continue
			}
			switch r := r.(type) {
			case *rules.AlertingRule:
				if q.kind != "record" {
					list = append(list, newAlertingAnswer(r, q.withoutAlerts))
				}
			case *rules.RecordingRule:
				if q.kind != "alert" {
					list = append(list, newRecordingAnswer(r))
				}
			}
		}
		if len(list) > 0 {
			out = append(out, newGroupAnswer(g, list))
		}
	}
	return out
}

func (q *rulesQuery) matches(ls labels.Labels) bool {
	if len(q.matchers) == 0 {
		return true
	}
	return slices.ContainsFunc(q.matchers, func(set []*labels.Matcher) bool {
		return !slices.ContainsFunc(set, func(m *labels.Matcher) bool { return !m.Matches(ls.Get(m.Name)) })
	})
}

// page returns the groups after the token, no more than the limit, and the
// token of the next page if there is one. A page is ordered by token to choose
// and by name to show. [C] ruler_pagination.go
func (q *rulesQuery) page(groups []groupAnswer) ([]groupAnswer, string) {
	groups = slices.DeleteFunc(groups, func(g groupAnswer) bool { return q.after != "" && q.after >= g.token() })
	if len(groups) <= q.limit {
		return groups, ""
	}
	slices.SortFunc(groups, func(a, b groupAnswer) int { return strings.Compare(a.token(), b.token()) })
	groups = groups[:q.limit]
	next := groups[q.limit-1].token()
	slices.SortFunc(groups, func(a, b groupAnswer) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return groups, next
}

func (g groupAnswer) token() string {
	sum := sha1.Sum([]byte(g.File + ";" + g.Name)) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

func among(wanted []string, have string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, have)
}
