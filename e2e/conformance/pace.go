package conformance

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/time/rate"
)

// Pace is how many requests a second are sent to each group of APIs for which
// AMP has a quota of its own. Zero is four fifths of AMP's default quota, which
// leaves something to whoever shares the account; below zero is unlimited.
type Pace struct {
	Control, Write, Query, Metadata, Other float64
}

// Unlimited is no pace at all, for emulators.
func Unlimited() Pace { return Pace{-1, -1, -1, -1, -1} }

// withDefaults uses the numbers of amp-api.md section 3 [O for the control plane, R for the rest].
func (p Pace) withDefaults() Pace {
	for _, d := range []struct {
		rate  *float64
		quota float64
	}{{&p.Control, 10}, {&p.Write, 3000}, {&p.Query, 300}, {&p.Metadata, 10}, {&p.Other, 100}} {
		if *d.rate == 0 {
			*d.rate = d.quota * 4 / 5
		}
	}
	return p
}

// pacer makes requests wait for their turn.
type pacer struct {
	control, write, query, metadata, other *rate.Limiter
}

func newPacer(p Pace) *pacer {
	limiter := func(perSecond float64) *rate.Limiter {
		if perSecond < 0 {
			return rate.NewLimiter(rate.Inf, 0)
		}
		// A tenth of a second's worth may go at once.
		return rate.NewLimiter(rate.Limit(perSecond), int(math.Max(1, perSecond/10)))
	}
	return &pacer{limiter(p.Control), limiter(p.Write), limiter(p.Query), limiter(p.Metadata), limiter(p.Other)}
}

func (p *pacer) wait(ctx context.Context, r *http.Request) error {
	return p.of(targetPath(r.URL)).Wait(ctx)
}

// of says whose quota a path counts against; paths that belong nowhere count
// with what AMP calls other APIs.
func (p *pacer) of(path string) *rate.Limiter {
	path = strings.ReplaceAll(path, "//", "/")
	_, api, data := strings.Cut(path, "/api/v1/")
	switch {
	case strings.Contains(path, "/alertmanager/api/v2"):
		return p.other
	case !data:
		return p.control
	}
	switch name, _, _ := strings.Cut(api, "/"); name {
	case "remote_write":
		return p.write
	case "query", "query_range":
		return p.query
	case "series", "labels", "label", "metadata":
		return p.metadata
	default:
		return p.other
	}
}

// targetPath returns the path of a URL as it is sent.
func targetPath(u *url.URL) string {
	path := u.Opaque
	if path == "" {
		return u.EscapedPath()
	}
	if rest, ok := strings.CutPrefix(path, "//"); ok { // with the host before it
		_, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	return path
}
