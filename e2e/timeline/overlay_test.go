package timeline

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOverlay(t *testing.T) {
	a, b := fullReport(), fullReport()
	a.Pairs, b.Pairs = nil, nil
	a.Title, b.Title = "yesterday", "today"
	for i := range b.Runs {
		b.Runs[i].Start = b.Runs[i].Start.Add(24 * time.Hour)
	}
	b.Runs[0], b.Runs[1] = b.Runs[1], b.Runs[0]
	got, err := Overlay(a, b)
	require.NoError(t, err)
	require.Len(t, got.Runs, 6)
	require.Len(t, got.Pairs, 3)
	for _, p := range got.Pairs {
		assert.Equal(t, got.Runs[p.A].Name(), got.Runs[p.B].Name(), "like over like")
	}
	assert.Equal(t, "yesterday and today", got.Title)
	assert.Equal(t, "2026-01-02 03:04:02", got.Pairs[0].AName, "only their times set them apart")

	other := Report{Title: "other", Runs: []Run{{Scenario: "x"}, {Scenario: "y"}}}
	_, err = Overlay(a, other)
	assert.ErrorContains(t, err, `lay "other" over "yesterday"`)
	single, err := Overlay(Report{Runs: a.Runs[:1]}, Report{Runs: a.Runs[1:2]})
	require.NoError(t, err, "the only runs of both")
	assert.Equal(t, []Pair{{A: 0, B: 1, AName: "native", BName: "proxy"}}, single.Pairs)

	same := Report{Runs: []Run{a.Runs[0], a.Runs[0]}}
	twice, err := Overlay(same, same)
	require.NoError(t, err)
	assert.Len(t, twice.Pairs, 2, "the first over the first, the second over the second")
	assert.Error(t, same.Pair(0, 2, "", ""))
	assert.Error(t, same.Pair(1, 1, "", ""))
	_, err = ReadJSON(strings.NewReader(`{"title":"","generated":"2026-01-02T03:04:05Z","runs":[],"pairs":[{"a":0,"b":1,"aName":"","bName":""}]}`))
	assert.ErrorContains(t, err, "the report has 0 runs")
}

func TestDifferences(t *testing.T) {
	late := smallRun()
	late.Series[HopReady] = Series{{at(-3), 1}, {at(9.8), 10}, {at(31), 1}}
	late.Series[HopReplicas] = Series{{at(-3), 1}, {at(4), 10}, {at(29), 1}, {at(31), 1}}
	early := smallRun()
	late.Finish()
	early.Finish()
	rep := Report{Runs: []Run{*early, *late}}
	require.NoError(t, rep.Pair(0, 1, "proactive", "reactive"))
	by := map[string]Difference{}
	for _, d := range rep.Differences(rep.Pairs[0]) {
		by[d.Name] = d
	}
	assert.Equal(t, "+2.00 s", by["load step to target ready"].Text())
	// 1 for 2 s, 4 for 5 s, 10 for 22 s, 1 for 2 s; and 1 for 4 s, 10 for 25 s, 1 for 2 s
	assert.InDelta(t, 244, *by["replica-seconds"].A, 1e-9)
	assert.InDelta(t, 256, *by["replica-seconds"].B, 1e-9)
	assert.Equal(t, "+12", by["replica-seconds"].Text())
	assert.Equal(t, "-", by["not seen"].Text())
	assert.Equal(t, "0 replicas", by["most desired"].Text())
}

func TestFigures(t *testing.T) {
	r := smallRun()
	r.Series[HopAnswered] = Series{{at(0), 190}, {at(12), 0}}
	r.Series[HopP99] = Series{{at(1), 0.25}, {at(2), 0.02}}
	r.Finish()
	by := map[string]string{}
	for _, f := range r.Figures() {
		by[f.Name] = f.Text()
	}
	assert.Equal(t, map[string]string{"load step to target ready": "7.80 s", "load off to minimum": "17.40 s", "replica-seconds": "244",
		"most desired": "10 replicas", "changes of direction": "1", "not answered": "48 requests", "worst p99": "250 ms"}, by)
	assert.Equal(t, "not seen", (&Run{Start: t0}).Figures()[2].Text())
}

func TestSpansAreRecorded(t *testing.T) {
	rec := NewRecorder(RecorderConfig{Now: func() time.Time { return at(9) }})
	rec.Phase("quiet", "", at(0))
	rec.Phase("busy", "198/s", at(3))
	rec.Condition("HPA ScalingActive", "True", "ok", at(0))
	rec.Condition("HPA ScalingActive", "True", "ok", at(1))
	rec.Condition("HPA AbleToScale", "True", "ok", at(1))
	rec.Condition("HPA ScalingActive", "False", "broken", at(2))
	assert.False(t, rec.FaultEnds("slow", at(1)), "not in force")
	rec.FaultBegins("slow", "2 s", at(2))
	rec.FaultBegins("slow", "2 s", at(3))
	rec.FaultBegins("cut", "", at(4))
	assert.True(t, rec.FaultEnds("slow", at(5)))
	rec.Count(HopWrites, at(0.2), 1)
	rec.Count(HopWrites, at(0.9), 2)
	rec.Count(HopWrites, at(4), 1)
	rec.Mark(MarkEvent, at(1), "a")
	rec.Mark(MarkLoadStep, at(3), "b")
	rec.Record(HopReady, at(-1), 2)
	var run Run
	rec.Fill(&run)
	assert.Equal(t, []Span{{Name: "quiet", From: at(0), To: at(3)}, {Name: "busy", From: at(3), Text: "198/s"}}, run.Phases)
	assert.Equal(t, []Span{{Name: "slow", From: at(2), To: at(5), Text: "2 s"}, {Name: "cut", From: at(4)}}, run.Faults)
	assert.Len(t, run.Conditions, 3)
	assert.Equal(t, Span{Name: "HPA ScalingActive", State: "True", From: at(0), To: at(2), Text: "ok"}, run.Conditions[0])
	assert.Equal(t, Series{{at(0), 3}, {at(1), 0}, {at(4), 1}, {at(5), 0}}, run.Series[HopWrites])
	now := rec.Now(1)
	assert.Equal(t, "busy", now.Phase.Name)
	assert.Equal(t, []Span{{Name: "cut", From: at(4)}}, now.Faults)
	assert.Equal(t, []Mark{{At: at(3), Name: MarkLoadStep, Text: "b"}}, now.Marks)
	assert.Equal(t, 2.0, now.Values[HopReady])
	assert.Equal(t, at(3), now.Step)
	assert.Equal(t, at(-1), now.Start)
	rec.Phase("gone", "", at(10))
	assert.True(t, run.Phases[1].To.IsZero(), "the copy is the caller's")
}

func TestFactsAreOrdered(t *testing.T) {
	assert.Equal(t, []Fact{{"Kubernetes", "1"}, {"Go", "2"}, {"a", "3"}, {"b", "4"}}, Environment{"b": "4", "Go": "2", "a": "3", "Kubernetes": "1"}.Facts())
}
