package conformance

import (
	"math"
	"time"
)

// Plan is what a run would do, as far as it can be said before. All its figures
// are rough: a target that needs longer to show things is asked more often.
type Plan struct {
	Checks int `json:"checks"`
	// LeftOut counts the checks that would not be run, by the reason.
	LeftOut    map[string]int `json:"leftOut,omitempty"`
	Requests   int            `json:"requests"`
	Samples    int            `json:"samples"`
	Workspaces int            `json:"workspaces"`
	// AtOnce is how many workspaces there are at most at a time.
	AtOnce int `json:"atOnce"`
	// Dollars is what AWS would ask at most, rounded up to cents.
	Dollars float64       `json:"dollars"`
	Time    time.Duration `json:"timeNanoseconds"`
}

// usage is what a check does on average.
type usage struct{ requests, samples, workspaces float64 }

// typical is what the checks of an area do on average: what the suite was seen
// to do to an emulator. TestConformance says when it is out of date.
func typical(a Area) usage {
	switch a {
	case Authentication:
		return usage{1.2, 0, 0}
	case Authorization:
		return usage{6, 0, 0}
	case RemoteWriting:
		return usage{3, 4, 0.05}
	case ReadBack:
		return usage{2.5, 23, 0}
	case Querying:
		return usage{4, 43, 0}
	case Metadata, SeriesLabels:
		return usage{3, 3, 0}
	case Rules:
		return usage{8, 0, 0}
	case AlertManager:
		return usage{2.6, 0, 0}
	case ControlPlane:
		return usage{6, 0, 0.03}
	case Quotas:
		return usage{39, 35, 0.2}
	default:
		return usage{6.5, 0.5, 0.03}
	}
}

// commonWorkspaces are those that checks share: everybody's, and the standing
// ones for rules and for an alert manager. Besides them each of the checks that
// run at the same time has two of its own at most and leaves one to lend to others.
const commonWorkspaces = 4

// What AWS asks in us-east-1, in dollars: for ten million samples of the first
// tier, and for a billion samples that queries process. Storage of what lives for
// minutes rounds to nothing, and workspaces cost nothing by themselves [R: check
// the price list before relying on it].
const (
	perSample          = 0.90 / 10e6
	perSampleProcessed = 0.10 / 1e9
	// samplesOfQuery is more than a query of the suite looks at.
	samplesOfQuery = 10_000
)

// speed is how long things take.
type speed struct {
	request   time.Duration
	workspace time.Duration // until it is there
	check     time.Duration // any, besides its requests
	slow      time.Duration // one with NeedsSlow, besides that
}

// Of AWS no figures are known [I]; those of an emulator are one's on two cores.
func speedOf(remote bool) speed {
	if remote {
		return speed{request: 100 * time.Millisecond, workspace: 20 * time.Second, check: 2 * time.Second, slow: 90 * time.Second}
	}
	return speed{request: 5 * time.Millisecond, workspace: 200 * time.Millisecond, slow: 1300 * time.Millisecond}
}

// NewPlan says what Run would do with a configuration. A remote target is one
// that is AWS's, with its distances and prices; the other is an emulator here.
func NewPlan(cfg Config, remote bool) Plan {
	if cfg.Parallel <= 0 {
		cfg.Parallel = DefaultParallel
	}
	var (
		p      = Plan{LeftOut: make(map[string]int)}
		all    usage
		inTurn time.Duration
		takes  = speedOf(remote)
	)
	for _, c := range cfg.Checks {
		if reason := missing(c, cfg.Target.Role, cfg.Without); reason != "" {
			p.LeftOut[reason]++
			continue
		}
		p.Checks++
		u := typical(c.Area)
		all.requests += u.requests
		all.samples += u.samples
		all.workspaces += u.workspaces
		inTurn += takes.check + lasting(u.requests, takes.request) + lasting(u.workspaces, takes.workspace)
		if c.Needs&NeedsSlow != 0 {
			inTurn += takes.slow
		}
	}
	p.Requests, p.Samples = int(math.Ceil(all.requests)), int(math.Ceil(all.samples))
	p.Workspaces = commonWorkspaces + cfg.Parallel + int(math.Ceil(all.workspaces))
	p.AtOnce = min(p.Workspaces, commonWorkspaces+3*cfg.Parallel)
	p.Time = max(inTurn/time.Duration(cfg.Parallel), lasting(all.requests/cfg.Target.Pace.slowest(), time.Second))
	if remote {
		// As if every request were a query.
		dollars := all.samples*perSample + all.requests*samplesOfQuery*perSampleProcessed
		p.Dollars = math.Ceil(100*dollars) / 100
	}
	return p
}

func lasting(n float64, d time.Duration) time.Duration { return time.Duration(n * float64(d)) }

// slowest is the lowest of the rates, or infinity where there is none.
func (p Pace) slowest() float64 {
	p = p.withDefaults()
	lowest := math.Inf(1)
	for _, rate := range []float64{p.Control, p.Write, p.Query, p.Metadata, p.Other} {
		if rate > 0 {
			lowest = min(lowest, rate)
		}
	}
	return lowest
}
