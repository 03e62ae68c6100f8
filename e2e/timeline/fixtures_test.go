package timeline

import (
	"math"
	"time"
)

// t0 is the load step of every synthetic run.
var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(seconds float64) time.Time {
	return t0.Add(time.Duration(math.Round(seconds*1000)) * time.Millisecond)
}

func dur(seconds float64) Duration { return Duration(seconds * float64(time.Second)) }

func ptr[T any](v T) *T { return &v }

func fastSettings() Settings {
	return Settings{
		ScrapeInterval: dur(0.5), Discovery: dur(5), RateWindow: dur(3), Threshold: 20, Load: 198, Target: 10, MinReplicas: 1, MaxReplicas: 10,
		NewSeries: true, BatchTimeout: dur(0.1), ExportTime: dur(0.05), HPASync: dur(1), Tolerance: 0.1, PodStart: dur(1),
		Behavior: Behavior{
			ScaleUp:   &ScalingRules{StabilizationWindowSeconds: ptr[int32](0), Tolerance: "0.01", Policies: []Policy{{Type: "Percent", Value: 900, PeriodSeconds: 1}}},
			ScaleDown: &ScalingRules{StabilizationWindowSeconds: ptr[int32](12), Policies: []Policy{{Type: "Percent", Value: 100, PeriodSeconds: 1}}},
		},
	}
}

func realSettings() Settings {
	return Settings{
		ScrapeInterval: dur(15), Discovery: dur(5), RateWindow: dur(60), Threshold: 1, Load: 12, Target: 10, MinReplicas: 1, MaxReplicas: 10,
		NewSeries: true, BatchTimeout: dur(10), ExportTime: dur(1), HPASync: dur(15), Tolerance: 0.1, PodStart: dur(3),
	}
}

// smallRun is a hand-written run: 1 -> 4 -> 10 replicas and back, every instant known.
func smallRun() *Run {
	r := &Run{Scenario: "autoscaling", Variant: "proxy", Profile: "fast", Settings: fastSettings(), Start: at(-3)}
	rec := NewRecorder(RecorderConfig{})
	for _, p := range []struct {
		t                                     float64
		load, stored, served, desired, readyN float64
	}{
		{-3, 0, 0, 0, 1, 1}, {0, 194, 0, 0, 1, 1}, {1, 194, 60, 20, 1, 1}, {2, 194, 80, 80, 4, 1}, {2.5, 194, 90, 80, 4, 4},
		{6, 194, 185, 180, 4, 4}, {7, 194, 190, 190, 10, 4}, {7.8, 194, 194, 190, 10, 10}, {12, 0, 194, 194, 10, 10},
		{17, 0, 0, 0, 10, 10}, {29, 0, 0, 0, 1, 10}, {29.4, 0, 0, 0, 1, 1}, {31, 0, 0, 0, 1, 1},
	} {
		rec.Record(HopLoad, at(p.t), p.load)
		rec.Record(HopStored, at(p.t), p.stored)
		rec.Record(HopServed, at(p.t), p.served)
		rec.Record(HopHPA, at(p.t), p.served)
		rec.Record(HopDesired, at(p.t), p.desired)
		rec.Record(HopReplicas, at(p.t), p.desired)
		rec.Record(HopReady, at(p.t), p.readyN)
	}
	rec.Mark(MarkLoadStep, at(0), "to 194/s")
	rec.SawSample(at(0.3), at(0.45))
	rec.Mark(MarkLoadOff, at(12), "")
	rec.Fill(r)
	return r
}

// simulatedRun plays the model once and records it as a real run would be.
func simulatedRun(s Settings, seed uint64, off, until float64) *Run {
	r := &Run{Scenario: "autoscaling", Variant: "native", Profile: "fast", Settings: s, Start: at(-3)}
	rec := NewRecorder(RecorderConfig{})
	rec.Mark(MarkLoadStep, at(0), "to "+num(s.Load)+"/s")
	rec.Mark(MarkLoadOff, at(off), "")
	quiet := map[Hop]float64{HopLoad: 0, HopStored: 0, HopDesired: 1, HopReplicas: 1, HopReady: 1}
	for hop, v := range quiet {
		rec.Record(hop, at(-3), v)
	}
	next := 0.0
	c := newChain(s, seed)
	c.off = off
	for i := 0; float64(i)*simStep < until; i++ {
		t := float64(i) * simStep
		if synced := c.step(t); synced {
			served := c.rate(t)
			rec.Record(HopServed, at(t), served)
			rec.Record(HopHPA, at(t), served)
		}
		for _, p := range c.pods[:1] {
			for _, sample := range p.samples {
				if sample.visible <= t {
					rec.SawSample(at(sample.at), at(t))
				}
			}
		}
		if t >= next {
			next += 0.25
			load := s.Load
			if t >= off {
				load = 0
			}
			rec.Record(HopLoad, at(t), load)
			rec.Record(HopStored, at(t), c.rate(t))
			rec.Record(HopDesired, at(t), float64(c.replicas))
			rec.Record(HopReplicas, at(t), float64(c.replicas))
			rec.Record(HopReady, at(t), float64(c.ready(t)))
		}
	}
	rec.Fill(r)
	return r
}
