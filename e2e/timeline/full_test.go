package timeline

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// fullRun is a simulated run with everything in it: codes, latency, counts, phases, faults, conditions, outcomes, environment.
func fullRun(seed uint64) *Run {
	r := simulatedRun(fastSettings(), seed, 32, 62)
	r.Scenario, r.Variant, r.Cluster = "outage", "native", "kwok"
	r.Description = "Remote write answers 503 for six seconds while the load is high; no sample may be lost."
	r.Environment = Environment{EnvKubernetes: "v1.36.3", EnvKEDA: "2.20.1", EnvCollector: "0.157.0", EnvEmulator: "v0.9.0-12-gcbc9f87", EnvCluster: "kwok",
		EnvCores: "4", EnvMemory: "16 GiB", EnvRevision: "cbc9f87", EnvGo: "go1.26.0", "runner": "ubuntu-24.04"}
	rec := NewRecorder(RecorderConfig{})
	for _, p := range []struct {
		t              float64
		name           string
		ok, bad, p99ms float64
	}{{-3, "quiet", 0, 0, 0}, {0, "busy", 150, 48, 220}, {2, "", 180, 18, 120}, {8, "", 198, 0, 35}, {14, "", 190, 8, 60}, {20, "", 198, 0, 22}, {32, "gone", 0, 0, 0}} {
		if p.name != "" {
			rec.Phase(p.name, "", at(p.t))
		}
		rec.Record(HopAnswered, at(p.t), p.ok)
		rec.Record(CodeHop("200"), at(p.t), p.ok)
		rec.Record(CodeHop("503"), at(p.t), p.bad*0.7)
		rec.Record(CodeHop("timeout"), at(p.t), p.bad*0.3)
		rec.Record(HopP99, at(p.t), p.p99ms/1000)
	}
	for i := range 65 {
		rec.Count(HopScrapes, at(float64(i)-3), 4)
		if i >= 15 && i < 21 {
			rec.Count(HopRefused, at(float64(i)-3), 2)
		} else {
			rec.Count(HopWrites, at(float64(i)-3), 1)
		}
	}
	rec.FaultBegins("remote-write-503", "aps:RemoteWrite answers 503", at(12))
	rec.FaultEnds("remote-write-503", at(18))
	for _, c := range []struct {
		t                 float64
		name, state, text string
	}{
		{-3, "HPA ScalingActive", "True", "ValidMetricFound"}, {13, "HPA ScalingActive", "False", "FailedGetExternalMetric"}, {19, "HPA ScalingActive", "True", "ValidMetricFound"},
		{-3, "ScaledObject Ready", "True", "ScaledObjectReady"}, {-3, "ScaledObject Fallback", "Unknown", ""}, {14, "ScaledObject Fallback", "True", "FallbackExists"}, {19, "ScaledObject Fallback", "False", "NoFallbackFound"},
	} {
		rec.Condition(c.name, c.state, c.text, at(c.t))
	}
	var extra Run
	rec.Fill(&extra)
	for hop, s := range extra.Series {
		r.Series[hop] = s
	}
	for _, hop := range []Hop{HopCreated, HopScheduled} {
		late := map[Hop]time.Duration{HopCreated: 150 * time.Millisecond, HopScheduled: 400 * time.Millisecond}[hop]
		for _, p := range r.Series[HopDesired] {
			r.Series[hop] = append(r.Series[hop], Point{At: p.At.Add(late), Value: p.Value})
		}
	}
	r.Phases, r.Faults, r.Conditions = extra.Phases, extra.Faults, extra.Conditions
	r.Marks = append(r.Marks, Mark{At: at(13), Name: MarkEvent, Text: "unable to get external metric <s0-prometheus>"}, Mark{At: at(19), Name: MarkEvent, Text: "New size: 10"})
	r.Outcomes = []Outcome{
		Judged("reaches 10 ready", "10 ready under load", "10", r.ReachesReady(10)),
		Judged("returns to 1", "1 at the end", "1", r.ReturnsTo(1)),
		{Name: "no sample lost", Want: "0 of 1204 | all <stored>", Got: "17 lost", Held: false},
	}
	r.Reads = map[Hop]Reads{HopServed: {Failed: 3, LastError: "503 Service Unavailable", LastErrorAt: at(13)}}
	r.Finish(r.NeverAbove(10))
	return r
}

// fullReport is two such runs, one over the other, and a control.
func fullReport() Report {
	rep := Report{Title: "Ampersand: autoscaling end to end", Generated: at(90), Runs: []Run{*fullRun(3), *fullRun(8)}}
	rep.Runs[1].Variant, rep.Runs[1].Outcomes = "proxy", rep.Runs[1].Outcomes[:2]
	rep.Runs[1].Finish()
	control := flatRun()
	control.Finish(control.StaysAt(2))
	rep.Runs = append(rep.Runs, *control)
	if err := rep.Pair(0, 1, "", ""); err != nil {
		panic(err)
	}
	return rep
}

// longRun is half an hour in which every hop changes at every read, four times a second.
func longRun() *Run {
	random := rand.New(rand.NewPCG(1, 2))
	r := &Run{Scenario: "soak", Variant: "native", Profile: "real", Cluster: "kind", Settings: realSettings(), Start: at(-30)}
	rec := NewRecorder(RecorderConfig{})
	rec.Mark(MarkLoadStep, at(0), "to 12/s")
	rec.Mark(MarkLoadOff, at(1500), "")
	hops := append(Hops(), CodeHop("200"), CodeHop("429"), CodeHop("503"), CodeHop("timeout"))
	for i := range 30 * 60 * 4 {
		t := float64(i)/4 - 30
		for _, hop := range hops {
			v := 10 + 5*math.Sin(t/90) + random.Float64()*3
			switch hop {
			case HopDesired, HopReplicas, HopCreated, HopScheduled, HopReady:
				v = math.Round(v)
			}
			rec.Record(hop, at(t), v)
		}
		if i%8 == 0 {
			rec.Mark(MarkEvent, at(t), fmt.Sprintf("New size: %d; reason: external metric above target", i%11))
		}
		rec.Condition("HPA AbleToScale", []string{"True", "False"}[i%2], "ReadyForNewScale", at(t)) // at its worst
		if i%40 == 0 {
			rec.Condition("HPA ScalingActive", []string{"True", "False"}[i/40%2], "FailedGetExternalMetric", at(t))
			rec.FaultBegins("slow", "a delay of 2 s", at(t))
			rec.FaultEnds("slow", at(t+3))
		}
	}
	rec.Fill(r)
	r.Finish(r.ReachesReady(10))
	return r
}
