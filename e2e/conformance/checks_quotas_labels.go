package conformance

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// labelQuotaChecks are about how many and how large labels are. The numbers of
// some quotas are uncertain: there the refusal's own number has to hold.
func labelQuotaChecks() []Check {
	many := func(n int) Labels { // with name and mark n+2 labels
		labels := make(Labels, n)
		for i := range n {
			labels[fmt.Sprintf("l%04d", i)] = "v"
		}
		return labels
	}
	return []Check{
		{
			ID: "quotas.labels.too-many", Level: Must, Area: Quotas,
			Description: "A series of 300 labels is refused with 400, how many there are and may be, and the series; the good ones beside it are stored.",
			Source:      "amp-api.md 1.6 [D troubleshooting, text]; the status [C]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				a := m.sendAmongGood(m.series(t.Metric("x"), many(298), At(m.at, 1))).ExpectStatus(http.StatusBadRequest)
				form := `^series has too many labels \(actual: 300, limit: \d+\) series: '` + t.Metric("x") + `\{id="` + m.id + `", l0000="v", l0001="v", (l\d{4}="v"(, )?)*\}'\n$`
				if !regexp.MustCompile(form).MatchString(a.Body) {
					t.Errorf("expected a body that matches %s; %s", form, a)
				}
			},
		},
		{
			ID: "quotas.labels.number-holds", Level: Should, Area: Quotas,
			Description: "A series with as many labels as the refusal of too many names is taken, one with one more is not.",
			Source:      "amp-api.md 1.6 [D text; C]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				limit := numberIn(m.Do(RemoteWriteSeries(m.series(t.Metric("x"), many(298), At(m.at, 1)))).RequireStatus(http.StatusBadRequest), `limit: (\d+)\)`)
				m.Do(RemoteWriteSeries(m.series(t.Metric("x"), many(limit-1), At(m.at, 1)))).ExpectStatus(http.StatusBadRequest).
					ExpectContains(fmt.Sprintf("(actual: %d, limit: %d)", limit+1, limit))
				m.takes(m.series(t.Metric("x"), many(limit-2), At(m.at, 1)))
			},
		},
		{
			ID: "quotas.labels.number", Level: May, Area: Quotas,
			Description: "A series may have 150 labels, its name included.",
			Source:      "amp-api.md 3, L-CDA4AB0F [R; 70 in older lists]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.Do(RemoteWriteSeries(m.series(t.Metric("x"), many(298), At(m.at, 1)))).ExpectContains("limit: 150)")
			},
		},
		{
			ID: "quotas.labels.size", Level: Should, Area: Quotas,
			Description: "A series whose names and values come to 16 KB is refused with 400 and the quota.",
			Source:      "amp-api.md 1.6 [C text]; 3, L-8E142053 [R number]",
			Run: func(_ context.Context, t *T) {
				m, wide := t.Workspace().marked(), Labels{}
				for i := range 8 {
					wide[fmt.Sprintf("l%d", i)] = strings.Repeat("v", 2000)
				}
				a := m.sendAmongGood(m.series(t.Metric("x"), wide, At(m.at, 1))).ExpectStatus(http.StatusBadRequest).
					ExpectContains("labels size bytes exceeded for metric (actual: ", `) metric: "`+t.Metric("x")+`{id=\"`)
				if actual, limit := numberIn(a, `actual: (\d+),`), numberIn(a, `limit: (\d+)\)`); actual < 16_000 || limit >= actual {
					t.Errorf("expected 16000 bytes or more to be over the limit; %s", a)
				}
			},
		},
		{
			ID: "quotas.labels.size-number", Level: May, Area: Quotas,
			Description: "A series whose names and values come to 6 KB is taken.",
			Source:      "amp-api.md 3, L-8E142053: 7 KB [R; hint D API model 7168]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				v := strings.Repeat("v", 1900)
				m.takes(m.series(t.Metric("x"), Labels{"a": v, "b": v, "c": v}, At(m.at, 1)))
			},
		},
		{
			ID: "quotas.labels.name-too-long", Level: Should, Area: Quotas,
			Description: "A label whose name has 1025 bytes is refused with 400, one with 1024 is taken.",
			Source:      "amp-api.md 1.6 and 3 [C validate.go]",
			Run: func(_ context.Context, t *T) {
				m, name := t.Workspace().marked(), strings.Repeat("l", 1024)
				m.Do(RemoteWriteSeries(m.series(t.Metric("x"), Labels{name + "l": "v"}, At(m.at, 1)))).ExpectStatus(http.StatusBadRequest).
					ExpectContains(`label name too long for metric (actual: 1025, limit: 1024) metric: "`+t.Metric("x")+`{id=\"`,
						fmt.Sprintf(" label name: %.200q\n", name))
				m.takes(m.series(t.Metric("x"), Labels{name: "v"}, At(m.at, 1)))
			},
		},
		{
			ID: "quotas.labels.value-too-long", Level: Should, Area: Quotas,
			Description: "A label whose value has 2049 bytes is refused with 400, one with 2048 is taken.",
			Source:      "amp-api.md 1.6 and 3 [C validate.go]",
			Run: func(_ context.Context, t *T) {
				m, value := t.Workspace().marked(), strings.Repeat("v", 2048)
				m.Do(RemoteWriteSeries(m.series(t.Metric("x"), Labels{"l": value + "v"}, At(m.at, 1)))).ExpectStatus(http.StatusBadRequest).
					ExpectContains(`label value too long for metric (actual: 2049, limit: 2048) metric: "`+t.Metric("x")+`{id=\"`,
						fmt.Sprintf(" label name: %q label value: %.200q\n", "l", value))
				m.takes(m.series(t.Metric("x"), Labels{"l": value}, At(m.at, 1)))
			},
		},
	}
}

// numberIn returns the number that a pattern's group finds in the body.
func numberIn(a Answer, pattern string) int {
	found := regexp.MustCompile(pattern).FindStringSubmatch(a.Body)
	if found == nil {
		a.t.Fatalf("expected a body with %s; %s", pattern, a)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		a.t.Fatalf("expected a number for %s (%v); %s", pattern, err, a)
	}
	return n
}
