package conformance

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ExpectAPIError expects an error of the Prometheus HTTP API with this text, and
// nothing beside it (amp-api.md 1.4 [C]). An empty errorType is no such member.
func (a Answer) ExpectAPIError(status int, errorType, message string) Answer {
	return a.ExpectAPIErrorMatch(status, errorType, "^"+regexp.QuoteMeta(message)+"$")
}

// ExpectAPIErrorMatch is ExpectAPIError with a pattern for the text.
func (a Answer) ExpectAPIErrorMatch(status int, errorType, pattern string) Answer {
	a.ExpectStatus(status).ExpectHeader("Content-Type", "application/json").ExpectJSON("status", "error")
	members := 3
	if errorType == "" {
		members = 2
	} else {
		a.ExpectJSON("errorType", errorType)
	}
	var body map[string]json.RawMessage
	if json.Unmarshal([]byte(a.Body), &body) == nil && len(body) != members {
		a.t.Errorf("expected %d members; %s", members, a)
	}
	if got, _ := a.JSON("error"); !matches(pattern, got) {
		a.t.Errorf("expected an error that matches %q; %s", pattern, a)
	}
	return a
}

func matches(pattern string, v any) bool {
	s, ok := v.(string)
	return ok && regexp.MustCompile(pattern).MatchString(s)
}

// ExpectRefused expects that a request for what AMP does not offer came to
// nothing; how it is refused is not known (amp-api.md 8.3).
func (a Answer) ExpectRefused() Answer {
	if a.Status < 400 || a.Status >= 500 {
		a.t.Errorf("expected a refusal, a status of 400 to 499; %s", a)
	}
	return a
}

// grid is what the times of constant queries begin at: between 50 and 150
// minutes ago, because Cortex leaves out what is older than is kept and what is
// yet to come [C], and a multiple of 1000 s and of 60 s, because AMP aligns. It
// is an odd multiple at all times of the day: a target that aligns to twice the
// step would otherwise be noticed in every other 50 minutes only.
const grid = 3000 // seconds

var gridTime = regexp.MustCompile(`\$T([+-]\d+)?`)

// gridText replaces $T, $T+60 and the like by a time in seconds, $UTC by the same
// as RFC 3339, and $EAST by the same in a zone two hours ahead.
func gridText(s string, now time.Time) string {
	base := time.Unix((now.Unix()/(2*grid))*2*grid-grid, 0).UTC()
	s = gridTime.ReplaceAllStringFunc(s, func(found string) string {
		plus, _ := strconv.ParseInt(found[len("$T"):], 10, 64) // "" is 0
		return strconv.FormatInt(base.Unix()+plus, 10)
	})
	s = regexp.MustCompile(`\$UTC`).ReplaceAllLiteralString(s, base.Format("2006-01-02T15:04:05"))
	return regexp.MustCompile(`\$EAST`).ReplaceAllLiteralString(s, base.Add(2*time.Hour).Format("2006-01-02T15:04:05"))
}

// gridForm makes parameters of a text in which they stand as they are, unescaped:
// query=1 + 2&time=$T. Times are replaced as in gridText.
func gridForm(params string, now time.Time) url.Values {
	v := make(url.Values)
	if params == "" {
		return v
	}
	for pair := range strings.SplitSeq(params, "&") {
		name, value, _ := strings.Cut(pair, "=")
		v.Add(name, gridText(value, now))
	}
	return v
}
