package conformance

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"time"
)

// clockChecks are of the time of signing. The target's clock is taken to be right
// to a few seconds.
func clockChecks() []Check {
	const (
		documented = "IAM guide, Signature Version 4: five minutes in most cases [D]"
		text       = "amp-api.md 1.5 rows 7 and 8 [O at other fronts]"
	)
	checks := []Check{
		{
			ID: "authentication.clock.text-is-consistent", Level: Should, Source: text,
			Description: "The refusal of an old signature tells its time, the time of the refusal, and the earliest time that is taken.",
			Run: func(_ context.Context, t *T) {
				expectSkew(t, -6*time.Minute, `^Signature expired: (\w+) is now earlier than (\w+) \((\w+) - 5 min\.\)$`)
			},
		},
		{
			ID: "authentication.clock.text-ahead-is-consistent", Level: Should, Source: text,
			Description: "The refusal of a signature from the future tells its time, the time of the refusal, and the latest time that is taken.",
			Run: func(_ context.Context, t *T) {
				expectSkew(t, 6*time.Minute, `^Signature not yet current: (\w+) is still later than (\w+) \((\w+) \+ 5 min\.\)$`)
			},
		},
		{
			ID: "authentication.clock.a-day-behind", Level: Must, Source: "IAM guide, Signature Version 4: a request must arrive within minutes of its signing [D]",
			Description: "A signature of yesterday is refused with 403.",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				r.ClockOffset = -24 * time.Hour
				t.Workspace().Do(r).ExpectStatus(403)
			},
		},
		{
			ID: "authentication.clock.date-of-answer", Level: Should, Source: "amp-api.md 2.2: SDKs correct their clock by Date [M]",
			Description: "The refusal of an old signature has a Date by which the client can set its clock.",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				r.ClockOffset = -time.Hour
				a := t.Workspace().Do(r).ExpectStatus(403)
				at, err := http.ParseTime(a.Header.Get("Date"))
				if err != nil || at.Sub(t.Now()).Abs() > time.Minute {
					t.Errorf("expected a Date of about %s, got %q; %s", t.Now(), a.Header.Get("Date"), a)
				}
			},
		},
	}
	for _, d := range []door{queryDoor(), writeDoor(), controlDoor()} {
		for _, row := range []struct {
			name    string
			level   Level
			offset  time.Duration
			message string
		}{
			{"behind-4m30s", Must, -270 * time.Second, ""},
			{"ahead-4m30s", Must, 270 * time.Second, ""},
			{"behind-6m", Should, -6 * time.Minute, "^Signature expired: "},
			{"ahead-6m", Should, 6 * time.Minute, "^Signature not yet current: "},
		} {
			verdict, source := "accepted", documented
			if row.message != "" {
				verdict, source = "refused", text
			}
			checks = append(checks, Check{
				ID: "authentication.clock." + row.name + "." + d.name, Level: row.level, Source: source,
				Description: fmt.Sprintf("Of %s, one signed by a clock that is off by %s is %s.", d.words, row.offset, verdict),
				Run: func(_ context.Context, t *T) {
					r := d.request(t)
					r.ClockOffset = row.offset
					a := d.through(t, r)
					if row.message == "" {
						a.ExpectStatus(d.ok)
						return
					}
					a.ExpectFrontMatch(row.message).ExpectErrorType("InvalidSignatureException")
				},
			})
		}
	}
	for i := range checks {
		checks[i].Area = Authentication
	}
	return checks
}

// expectSkew expects the times in the refusal of a skewed signature to be right:
// that of the request, the bound, and now.
func expectSkew(t *T, offset time.Duration, pattern string) {
	var sent string
	r := Get(probe)
	r.ClockOffset = offset
	r.AfterSign = func(req *http.Request) { sent = req.Header.Get("X-Amz-Date") }
	a := t.Workspace().Do(r).ExpectFrontMatch(pattern)
	message, _ := a.JSON("message")
	told := regexp.MustCompile(pattern).FindStringSubmatch(fmt.Sprint(message))
	if told == nil {
		return // ExpectFrontMatch has said so
	}
	var times [3]time.Time
	for i := range times {
		at, err := time.Parse(basicDate, told[i+1])
		if err != nil {
			t.Fatalf("expected times of the form %s, got %q; %s", basicDate, told[i+1], a)
		}
		times[i] = at
	}
	skew := 5 * time.Minute
	if offset > 0 {
		skew = -skew
	}
	if told[1] != sent || times[2].Sub(times[1]) != skew || times[2].Sub(t.Now()).Abs() > time.Minute {
		t.Errorf("expected the times %s, five minutes off now, and now (%s); %s", sent, t.Now().UTC().Format(basicDate), a)
	}
}
