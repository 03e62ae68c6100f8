package timeline

import (
	"fmt"
	"math"
	"time"
)

// TermName names one term of the reaction time.
type TermName string

// The terms of the reaction time, in order.
const (
	// TermScrape is from the load step to the timestamp of the first sample.
	TermScrape TermName = "scrape"
	// TermExport is from that timestamp until the sample can be read from the store.
	TermExport TermName = "export"
	// TermRate is from then until the stored value passes the level that asks for the target count.
	TermRate TermName = "rate"
	// TermReact is from then until the HPA desires the target count.
	TermReact TermName = "react"
	// TermPods is from then until that many replicas are ready.
	TermPods TermName = "pods"
	// TermStabilize (down only) is how long the HPA holds on to the highest count it wanted lately.
	TermStabilize TermName = "stabilize"
)

// Part is one reason why a term takes time.
type Part struct {
	// Name is a short name of the reason.
	Name string `json:"name"`
	// Min and Max bound its share, in seconds. A part that only ever saves time is negative.
	Min float64 `json:"minSeconds"`
	Max float64 `json:"maxSeconds"`
	// Why explains it in one line.
	Why string `json:"why"`
}

// Term is a term of the reaction time: the sum of its parts.
type Term struct {
	// Name is the term.
	Name TermName `json:"name"`
	// Min and Max are the sums of the parts', in seconds; Min is never below 0.
	Min float64 `json:"minSeconds"`
	Max float64 `json:"maxSeconds"`
	// Parts are the reasons.
	Parts []Part `json:"parts"`
}

// Prediction is what the settings let expect.
type Prediction struct {
	// Terms are in the order in which they pass.
	Terms []Term `json:"terms"`
	// Min and Max are the sums of the terms', in seconds. Max is the bound that a run is checked against.
	Min float64 `json:"minSeconds"`
	Max float64 `json:"maxSeconds"`
	// Steps is the number of steps (k) that the HPA's policies allow from MinReplicas to Target; 0 when they never get there.
	Steps int `json:"steps"`
	// Warnings say what in the settings may keep the run from ever getting there.
	Warnings []string `json:"warnings,omitempty"`
}

// Bound returns Max as a duration.
func (p Prediction) Bound() time.Duration { return time.Duration(p.Max * float64(time.Second)) }

// Term returns the term of that name, and false when the prediction has none.
func (p Prediction) Term(name TermName) (Term, bool) {
	for _, t := range p.Terms {
		if t.Name == name {
			return t, true
		}
	}
	return Term{}, false
}

// maxSteps ends the count of HPA steps for policies that never get there.
const maxSteps = 1000

// Predict says how long the settings let the chain take from a step in load to Target ready replicas.
//
// The classical floor, with r = (N-1)*threshold/load, interval I, window W, sync S, policy period P and k steps, is
//
//	(0..I) + W*r + export + (0..S) + (k-1)*max(S,P) + pods
//
// and the parts of that name are exactly these. What a real chain adds to it, or saves, are parts of their own:
//
//   - "new series" (rate, 0..I): the first sample of a counter that did not exist gives no rate.
//   - "rebalance" (rate, 0..(rounds-1)*(D+2I+export)): when pods join, the load is spread over them at once, so the old pods'
//     counters slow down within the next scrape. The new pods' counters are invisible to rate() until the scraper has taken
//     them up (D, 5 s in Prometheus and not configurable), has scraped them twice (up to 2I) and has exported the second
//     sample. For so long the sum stands still or sinks although the load does not. With m of n pods visible the sum tends to
//     load*m/n, at which the HPA rests at about sqrt(m*load/threshold) pods: the way from MinReplicas to Target is a number of
//     rounds (see rounds), each of which waits for the pods of the one before.
//   - "window" (rate, 0..W-W*r+I): what a new pod counted before its first sample is lost to rate() (it extrapolates back by
//     half an interval at most), and the newest samples' age costs more when it exceeds 1.1 I. With r near 1 there is no room
//     for such a loss, and the sum passes the level only when the window holds nothing older than the last join. It is
//     counted only while the room, 1 - level/load, is smaller than the loss can be.
//   - "hold" (rate): an HPA that has stopped at N-1 leaves it only above the level raised by its tolerance (HoldLevel), so the
//     ramp may have to go on that far. When the load is below that, a warning says that the run may stay at N-1 for good.
//   - "head start" (rate, negative): the rate climbs from the load step on, so at the first visible sample it has climbed for as
//     long as scrape and export took.
//   - "policy slip" (react, 0..(k-1)*S): a sync that comes just before the end of the last step's policy period is refused, and
//     the next one is a sync later. An HPA without a behavior has no such periods.
//   - "climb" (react, negative): steps that the HPA takes while the rate still climbs are done when the level is passed.
//   - "stabilization" (react): the scale-up stabilization window, when there is one.
//   - "activation" (react, 0..pollingInterval): from 0 replicas KEDA polls by itself; from 1 on its interval does not matter.
//
// The tests play a model of the chain over many phases of scrape, batch, discovery and sync against Max. A load that leads to a
// warning may exceed it.
func Predict(s Settings) Prediction {
	var p Prediction
	interval, window, sync := s.ScrapeInterval.Seconds(), s.RateWindow.Seconds(), s.HPASync.Seconds()
	export := s.BatchTimeout.Seconds() + s.ExportTime.Seconds()
	up := s.Behavior.up()
	steps, period := stepsUp(up, s.MinReplicas, s.Target)
	p.Steps = steps

	r := 1.0
	if s.Load > 0 {
		r = s.Level(s.Target) / s.Load
	}
	switch {
	case s.Load <= s.Level(s.Target):
		p.Warnings = append(p.Warnings, fmt.Sprintf("a load of %s/s never passes %s/s, the level of %d replicas", num(s.Load), num(s.Level(s.Target)), s.Target))
		r = 1
	case s.Load <= s.HoldLevel(s.Target):
		p.Warnings = append(p.Warnings, fmt.Sprintf("a load of %s/s may leave the HPA at %d replicas for good: from there it takes more than %s/s (tolerance %s)",
			num(s.Load), s.Target-1, num(s.HoldLevel(s.Target)), num(s.upTolerance())))
	}
	if loss := ageLoss(s) / 2; loss > 0 && s.Load > s.HoldLevel(s.Target) && s.Load*(1-loss) <= s.HoldLevel(s.Target) {
		p.Warnings = append(p.Warnings, fmt.Sprintf("samples may be more than 1.1 scrape intervals old when they are read: rate() then loses some %.0f %%, and a load of %s/s may take long to show %s/s",
			100*loss, num(s.Load), num(s.HoldLevel(s.Target))))
	}
	if steps == 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("the scale-up policies never allow %d replicas", s.Target))
	}
	hold := 0.0
	if s.Load > s.HoldLevel(s.Target) {
		hold = window * (s.HoldLevel(s.Target) - s.Level(s.Target)) / s.Load
	}

	p.add(TermScrape, Part{"scrape", 0, interval, "the load step falls anywhere in the scrape interval"})
	p.add(TermExport, Part{"export", 0, export, "the collector's batch, the remote write and the ingest"})
	rate := []Part{{"ramp", window * r, window * r, fmt.Sprintf("rate() over %s climbs in a line; %.2f of the load is needed", s.RateWindow, r)}}
	if s.NewSeries {
		rate = append(rate, Part{"new series", 0, interval, "the first sample of a new counter gives no rate"})
	}
	if hold > 0 {
		rate = append(rate, Part{"hold", 0, hold, fmt.Sprintf("from %d replicas the HPA moves only above %s/s (tolerance)", s.Target-1, num(s.HoldLevel(s.Target)))})
	}
	if n := rounds(s); n > 1 {
		wait := s.Discovery.Seconds() + 2*interval + export
		rate = append(rate, Part{"rebalance", 0, float64(n-1) * wait, fmt.Sprintf("%d times pods join and take load %s s before they give a rate", n-1, num(wait))})
		if loss := rateLoss(s); 1-r*(1+s.upTolerance()) < loss {
			rate = append(rate, Part{"window", 0, window*(1-r) + interval, fmt.Sprintf("up to %.0f %% of the rate is lost while the window reaches back before the last join", 100*loss)})
		}
	}
	rate = append(rate, Part{"head start", -math.Min(interval+export, window*r), 0, "rate() reaches back before the first visible sample"})
	p.add(TermRate, rate...)

	react := []Part{{"hpa sync", 0, sync, "the level is passed anywhere between two syncs"}}
	if s.MinReplicas == 0 {
		react = append(react, Part{"activation", 0, s.PollingInterval.Seconds(), "from 0 replicas KEDA polls by itself"})
	}
	if steps > 1 {
		each := math.Max(sync, period)
		all := float64(steps-1) * each
		climb := math.Max(0, math.Min(all, window*(r-firstMove(s))))
		react = append(react,
			Part{"steps", all, all, fmt.Sprintf("%d steps are allowed, %s s apart", steps, num(each))},
			Part{"climb", -climb, 0, "steps taken while the rate still climbs"})
		if period > 0 {
			react = append(react, Part{"policy slip", 0, float64(steps-1) * sync, "a sync just inside the last step's period is refused"})
		}
	}
	if st := float64(*up.StabilizationWindowSeconds); st > 0 {
		react = append(react, Part{"stabilization", 0, st, "the scale-up stabilization window"})
	}
	p.add(TermReact, react...)
	p.add(TermPods, Part{"pod start", 0, s.PodStart.Seconds(), "schedule, start, become ready"})
	return p
}

// PredictDown says how long the settings let the chain take from the load's end back to MinReplicas.
//
// The counters stand still with the next scrape; rate() then sinks in a line over W and asks for MinReplicas once it is at
// MinReplicas*threshold or less, at the latest when the window is empty. The HPA uses the highest count it wanted within the
// stabilization window, so that window starts when the last recommendation above MinReplicas was made. Down to 0 replicas
// KEDA's cooldown takes the place of the HPA.
func PredictDown(s Settings) Prediction {
	var p Prediction
	interval, window, sync := s.ScrapeInterval.Seconds(), s.RateWindow.Seconds(), s.HPASync.Seconds()
	export := s.BatchTimeout.Seconds() + s.ExportTime.Seconds()
	down := s.Behavior.down()
	steps, period := stepsDown(down, s.Target, max(s.MinReplicas, 1))
	p.Steps = steps
	if steps == 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("the scale-down policies never allow %d replicas", s.MinReplicas))
	}
	need := 0.0
	if s.Load > 0 {
		need = math.Max(0, 1-float64(max(s.MinReplicas, 1))*s.Threshold/s.Load)
	}
	p.add(TermScrape, Part{"scrape", 0, interval, "the last requests are counted by the next scrape"})
	p.add(TermExport, Part{"export", 0, export, "the collector's batch, the remote write and the ingest"})
	// rate() sinks earlier when the newest sample is old or the pods' series end, hence the minimum of half the way.
	p.add(TermRate, Part{"fall", window * need / 2, window, fmt.Sprintf("rate() over %s sinks in a line to nothing", s.RateWindow)})
	stable := float64(*down.StabilizationWindowSeconds)
	p.add(TermStabilize, Part{"stabilization", stable, stable + sync, "the highest count wanted within the window is kept"})
	react := []Part{{"hpa sync", 0, sync, "the value is low enough anywhere between two syncs"}}
	if steps > 1 {
		all := float64(steps-1) * math.Max(sync, period)
		react = append(react,
			Part{"steps", all, all, fmt.Sprintf("%d steps are allowed", steps)},
			Part{"policy slip", 0, float64(steps-1) * sync, "a sync just inside the last step's period is refused"})
	}
	if s.MinReplicas == 0 {
		react = append(react, Part{"cooldown", s.Cooldown.Seconds(), s.Cooldown.Seconds() + s.PollingInterval.Seconds(), "KEDA's cooldown before 0 replicas"})
	}
	p.add(TermReact, react...)
	p.add(TermPods, Part{"pod end", 0, s.PodStart.Seconds(), "the pods leave the ready count"})
	return p
}

func (p *Prediction) add(name TermName, parts ...Part) {
	t := Term{Name: name, Parts: parts}
	for _, part := range parts {
		t.Min += part.Min
		t.Max += part.Max
	}
	t.Min = math.Max(0, t.Min)
	p.Terms = append(p.Terms, t)
	p.Min += t.Min
	p.Max += t.Max
}
