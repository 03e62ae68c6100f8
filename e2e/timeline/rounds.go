package timeline

import "math"

// firstMove is the share of the load at which the HPA first leaves MinReplicas.
func firstMove(s Settings) float64 {
	if s.Load <= 0 {
		return 1
	}
	return float64(max(s.MinReplicas, 1)) * s.Threshold * (1 + s.upTolerance()) / s.Load
}

// rounds counts how often the HPA climbs, rests because the newest pods give no rate yet, and climbs again until it reaches
// Target. While m pods are visible and n take load, the metric shows m/n of the load; the HPA rests where that asks for n pods.
func rounds(s Settings) int {
	if s.Threshold <= 0 {
		return 1
	}
	n := 0
	for visible := max(s.MinReplicas, 1); visible < s.Target; n++ {
		rest := int(math.Ceil(math.Sqrt(s.Load / s.Threshold * float64(visible))))
		visible = max(visible+1, rest)
	}
	return n
}

// rateLoss bounds the share of the rate that is lost while pods are new: up to half an interval of what a new pod counted before
// its first sample, and what the age of the newest sample costs.
func rateLoss(s Settings) float64 {
	if s.RateWindow <= 0 {
		return 0
	}
	return s.ScrapeInterval.Seconds()/2/s.RateWindow.Seconds() + ageLoss(s)
}

// ageLoss bounds the share of the rate that is lost to old samples: rate() extrapolates to the present when the newest sample is
// at most 1.1 intervals old, and by half an interval only when it is older.
func ageLoss(s Settings) float64 {
	interval := s.ScrapeInterval.Seconds()
	age := interval + s.BatchTimeout.Seconds() + s.ExportTime.Seconds()
	if s.RateWindow <= 0 || age <= 1.1*interval {
		return 0
	}
	return (age - interval/2) / s.RateWindow.Seconds()
}
