package timeline

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func measured(s Split) map[TermName]float64 {
	out := map[TermName]float64{}
	for _, t := range s.Terms {
		if t.Measured != nil {
			out[t.Name] = *t.Measured
		}
	}
	return out
}

func TestSplit(t *testing.T) {
	r := smallRun()
	s := r.ComputeSplit(Predict(r.Settings))
	assert.InDeltaMapValues(t, map[TermName]float64{TermScrape: 0.3, TermExport: 0.15, TermRate: 5.55, TermReact: 1, TermPods: 0.8}, measured(s), 1e-9)
	require.NotNil(t, s.Total)
	assert.InDelta(t, 7.8, *s.Total, 1e-9)
	assert.Empty(t, s.Notes)
	assert.Empty(t, s.Spans)
	for _, term := range s.Terms {
		assert.NotEmpty(t, term.From)
		assert.Positive(t, term.PredictedMax, term.Name)
	}
}

func TestSplitSaysWhatIsMissing(t *testing.T) {
	for _, tc := range []struct {
		name   string
		damage func(*Run)
		have   []TermName
		span   *SplitSpan
		total  bool
		note   string
	}{
		{"no first sample", func(r *Run) { dropMark(r, MarkFirstSample) }, []TermName{TermRate, TermReact, TermPods},
			&SplitSpan{[]TermName{TermScrape, TermExport}, 0.45}, true, `"first sample" was not seen`},
		{"no samples of the store", func(r *Run) { delete(r.Series, HopStored) }, []TermName{TermScrape, TermExport, TermPods},
			&SplitSpan{[]TermName{TermRate, TermReact}, 6.55}, true, `"stored value above 180/s" was not seen`},
		{"never ready", func(r *Run) { delete(r.Series, HopReady) }, []TermName{TermScrape, TermExport, TermRate, TermReact},
			nil, false, `"10 ready" was not seen`},
		{"no load step", func(r *Run) { dropMark(r, MarkLoadStep) }, []TermName{TermExport}, nil, false, `"load step" was not seen`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := smallRun()
			tc.damage(r)
			s := r.ComputeSplit(Predict(r.Settings))
			m := measured(s)
			assert.Len(t, m, len(tc.have))
			for _, name := range tc.have {
				assert.Contains(t, m, name)
			}
			if tc.span != nil {
				require.Len(t, s.Spans, 1)
				assert.Equal(t, tc.span.Terms, s.Spans[0].Terms)
				assert.InDelta(t, tc.span.Seconds, s.Spans[0].Seconds, 1e-9)
			}
			assert.Equal(t, tc.total, s.Total != nil)
			assert.Contains(t, join(s.Notes), tc.note)
			addsUp(t, s)
		})
	}
}

// A hop that was read too late is moved to the next instant: the terms stay positive and add up.
func TestSplitAlignsLateReads(t *testing.T) {
	r := smallRun()
	r.Series[HopStored] = Series{{at(0), 0}, {at(7.5), 190}}
	s := r.ComputeSplit(Predict(r.Settings))
	assert.Zero(t, measured(s)[TermReact])
	assert.Contains(t, join(s.Notes), "reads are too far apart")
	addsUp(t, s)
}

func addsUp(t *testing.T, s Split) {
	t.Helper()
	if s.Total == nil {
		return
	}
	sum := 0.0
	for _, v := range measured(s) {
		assert.GreaterOrEqual(t, v, 0.0)
		sum += v
	}
	for _, span := range s.Spans {
		sum += span.Seconds
	}
	assert.InDelta(t, *s.Total, sum, 1e-9)
}

func dropMark(r *Run, name MarkName) {
	r.Marks = slices.DeleteFunc(r.Marks, func(m Mark) bool { return m.Name == name })
}
