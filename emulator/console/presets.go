package console

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// preset is a rule that is on at the press of a button.
type preset struct {
	Title, Why string
	Rule       fault.Rule
}

// presets are what chains on AMP meet, with what they show.
func presets() []preset {
	const write, read = "aps:RemoteWrite", fault.QueryAction
	seconds := func(n int) fault.Duration { return fault.Duration(time.Duration(n) * time.Second) }
	return []preset{
		{"Writes are throttled", "429: does the collector wait and send again?", fault.Rule{
			Name: "throttled-writes", Action: fault.Patterns{write}, Status: &fault.Status{Code: http.StatusTooManyRequests, RetryAfter: seconds(1)},
		}},
		{"Writes fail", "503: does the queue hold, and for how long?", fault.Rule{
			Name: "failing-writes", Action: fault.Patterns{write}, Status: &fault.Status{Code: http.StatusServiceUnavailable},
		}},
		{"Queries are throttled", "429: does KEDA fall back, or lose its metric?", fault.Rule{
			Name: "throttled-queries", Action: fault.Patterns{read}, Status: &fault.Status{Code: http.StatusTooManyRequests, RetryAfter: seconds(1)},
		}},
		{"Queries are slow", "4 s each: longer than KEDA's HTTP timeout of 3 s.", fault.Rule{
			Name: "slow-queries", Action: fault.Patterns{read}, Delay: seconds(4),
		}},
		{"Queries are cut off", "Half an answer, then the connection is closed.", fault.Rule{
			Name: "cut-queries", Action: fault.Patterns{read}, Cut: fault.CutMid,
		}},
		{"Queries find nothing", "As if the series had gone: does it scale to the minimum?", fault.Rule{
			Name: "empty-results", Action: fault.Patterns{read}, Empty: true,
		}},
		{"Queries find too many series", "Two of each: KEDA wants exactly one.", fault.Rule{
			Name: "doubled-series", Action: fault.Patterns{read}, Series: 2,
		}},
		{"Queries give NaN", "As a division by zero does.", fault.Rule{
			Name: "nan-results", Action: fault.Patterns{read}, Value: "NaN",
		}},
		{"Credentials have expired", "403 to whoever does not renew its session.", fault.Rule{
			Name: "expired-credentials", Action: fault.Patterns{"aps:*"}, Credentials: fault.Expired,
		}},
		{"Clocks differ by seven minutes", "403: AWS takes signatures of five minutes at most.", fault.Rule{
			Name: "clock-ahead", Action: fault.Patterns{"aps:*"}, Clock: fault.Duration(7 * time.Minute),
		}},
	}
}

// does says what a rule does to a request.
func does(r fault.Rule) string {
	switch {
	case r.Delay != 0:
		return "waits " + time.Duration(r.Delay).String()
	case r.Status != nil:
		text := fmt.Sprintf("answers %d %s", r.Status.Code, http.StatusText(r.Status.Code))
		if r.Status.Message != "" {
			text += ": " + r.Status.Message
		}
		if r.Status.When == fault.After {
			text += ", after carrying it out"
		}
		return text
	case r.Cut == fault.CutBefore:
		return "closes the connection, without carrying it out"
	case r.Cut == fault.CutAfter:
		return "carries it out and closes the connection"
	case r.Cut == fault.CutMid:
		return "closes the connection in the middle of the answer"
	case r.Slow != 0:
		return fmt.Sprintf("sends the answer at %d bytes a second", r.Slow)
	case r.Empty:
		return "empties the result"
	case r.Series != 0:
		return fmt.Sprintf("gives each series of the result %d times", r.Series)
	case r.Value == fault.Stale:
		return "makes the series of the result stale"
	case r.Value != "":
		return "makes every value of the result " + string(r.Value)
	case r.Credentials != "":
		return "takes the credentials for expired"
	case r.Clock < 0:
		return "sets the clock back by " + time.Duration(-r.Clock).String()
	default:
		return "sets the clock ahead by " + time.Duration(r.Clock).String()
	}
}

// when says which requests a rule takes, and at what times.
func when(r fault.Rule) string {
	parts := []string{strings.Join(r.Action, ", ")}
	if r.Workspace != "" {
		parts = append(parts, "of workspace "+r.Workspace)
	}
	if r.Principal != "" {
		parts = append(parts, "by "+r.Principal)
	}
	if r.Probability != nil {
		parts = append(parts, fmt.Sprintf("%g %% of them", *r.Probability*100))
	}
	for _, part := range []struct {
		word string
		long fault.Duration
	}{{"after", r.Schedule.After}, {"for", r.Schedule.For}, {"every", r.Schedule.Every}} {
		if part.long != 0 {
			parts = append(parts, part.word+" "+time.Duration(part.long).String())
		}
	}
	if r.Count > 0 {
		parts = append(parts, fmt.Sprintf("%d times", r.Count))
	}
	return strings.Join(parts, ", ")
}
