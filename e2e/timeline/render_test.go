package timeline

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the expected files under testdata anew")

func finishedReport() Report {
	r := smallRun()
	r.Cluster = "kwok"
	r.Reads = map[Hop]Reads{HopServed: {Absent: 2, Failed: 3, LastError: "dial tcp 127.0.0.1:1: connection refused"}}
	r.Marks = append(r.Marks, Mark{At: at(7), Name: MarkEvent, Text: "New size: 10"})
	r.Finish(r.StartsAt(1), r.NeverAbove(10), r.ReachesReady(10), r.NonDecreasing(), r.ReturnsTo(1))
	control := flatRun()
	control.Settings.Behavior.ScaleUp.Tolerance = ""
	control.Finish(control.StaysAt(2))
	return Report{Title: "Ampersand", Generated: at(60), Runs: []Run{*r, *control}}
}

func TestWriteText(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, finishedReport().WriteText(&b, TextOptions{Every: 5 * time.Second}))
	golden := filepath.Join("testdata", "report.txt")
	if *update {
		require.NoError(t, os.WriteFile(golden, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String(), "go test ./e2e/timeline -update writes it anew")
	for line := range strings.Lines(b.String()) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), textWidth)
		assert.Equal(t, -1, strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(c rune) bool { return c > '~' || c < ' ' }), "ASCII: %q", line)
	}
}

func TestWriteTextUnicodeAndLongLines(t *testing.T) {
	r := smallRun()
	r.Marks = append(r.Marks, Mark{At: at(3), Name: MarkEvent, Text: strings.Repeat("überlang ", 30)})
	r.Finish(errors.New("x: " + strings.Repeat("word ", 60)))
	var b bytes.Buffer
	require.NoError(t, r.WriteText(&b, TextOptions{Unicode: true}))
	assert.Contains(t, b.String(), "█")
	for line := range strings.Lines(b.String()) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), textWidth)
	}
	b.Reset()
	require.NoError(t, r.WriteText(&b, TextOptions{}))
	assert.NotContains(t, b.String(), "ü")
}

func TestWriteTextTellsOutcomesOnce(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, fullRun(3).WriteText(&b, TextOptions{}))
	assert.Contains(t, b.String(), "  held: returns to 1: wanted 1 at the end, got 1\n")
	assert.Equal(t, 1, strings.Count(b.String(), "17 lost"))
	assert.Contains(t, b.String(), "  NOT HELD: no sample lost: wanted 0 of 1204")
}

func TestWriteReportsAFullDisk(t *testing.T) {
	rep := finishedReport()
	assert.ErrorIs(t, rep.WriteText(fullDisk{}, TextOptions{}), errFull)
	assert.ErrorIs(t, rep.WriteJSON(fullDisk{}), errFull)
	assert.ErrorIs(t, rep.WriteHTML(fullDisk{}), errFull)
}

var errFull = errors.New("no space left on device")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestJSONRoundTrip(t *testing.T) {
	rep := finishedReport()
	var b bytes.Buffer
	require.NoError(t, rep.WriteJSON(&b))
	for _, name := range []string{`"scenario"`, `"variant"`, `"profile"`, `"settings"`, `"scrapeInterval": "500ms"`, `"series"`, `"ready"`, `"marks"`, `"measuredSeconds"`, `"totalSeconds"`, `"verdict": "PASS"`, `"failures"`} {
		assert.Contains(t, b.String(), name)
	}
	back, err := ReadJSON(&b)
	require.NoError(t, err)
	assert.Equal(t, rep, back)
	_, err = ReadJSON(strings.NewReader(`{"title":"x","nonsense":1}`))
	assert.ErrorContains(t, err, "nonsense")
}

func TestWriteHTML(t *testing.T) {
	rep := finishedReport()
	rep.Runs[1].Failures = append(rep.Runs[1].Failures, `<script>alert("x")</script>`)
	var b bytes.Buffer
	require.NoError(t, rep.WriteHTML(&b))
	page := b.String()
	for _, forbidden := range []string{"<script>alert", "https://", "src=", "@import", "url(", "NaN", "Infinity", "ZgotmplZ"} {
		assert.False(t, strings.Contains(page, forbidden), forbidden)
	}
	for _, wanted := range []string{"prefers-color-scheme", `class="curve c-ready area"`, `class="curve c-stored"`, "10 ready", "7.80 s", "PASS", "FAIL", "requests/s", "rebalance"} {
		assert.Contains(t, page, wanted)
	}
}

func TestRenderEmptyRun(t *testing.T) {
	rep := Report{Title: "nothing", Generated: t0, Runs: []Run{{Start: t0}, {}}}
	require.NoError(t, rep.WriteHTML(io.Discard))
	require.NoError(t, rep.WriteText(io.Discard, TextOptions{}))
	require.NoError(t, rep.WriteJSON(io.Discard))
	rep.Runs[0].Finish(rep.Runs[0].StartsAt(1))
	require.NoError(t, rep.WriteHTML(io.Discard))
	require.NoError(t, rep.WriteText(io.Discard, TextOptions{}))
	require.NoError(t, rep.WriteJSON(io.Discard))
}

// TestSample renders simulated runs, two good ones and a control that is not, as one report. For people to look at:
// TIMELINE_SAMPLE=/tmp/sample.html go test -run TestSample.
func TestSample(t *testing.T) {
	file := os.Getenv("TIMELINE_SAMPLE")
	if file == "" {
		file = filepath.Join(t.TempDir(), "sample.html")
	}
	rep := Report{Title: "Ampersand: autoscaling end to end", Generated: t0}
	for seed, off := range []float64{30, 32} {
		r := simulatedRun(fastSettings(), uint64(seed+3), off, off+24)
		r.Cluster = "simulated"
		r.Finish(r.StartsAt(1), r.NeverAbove(10), r.ReachesReady(10), r.NonDecreasing(), r.ReturnsTo(1), r.WithinBound(Predict(r.Settings), 0))
		rep.Runs = append(rep.Runs, *r)
	}
	control := flatRun()
	control.Finish(control.StaysAt(2))
	rep.Runs = append(rep.Runs, *control)
	out, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, rep.WriteHTML(out))
	require.NoError(t, out.Close())
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, []Verdict{Pass, Pass, Fail}, []Verdict{rep.Runs[0].Verdict, rep.Runs[1].Verdict, rep.Runs[2].Verdict})
	require.Equal(t, 3, strings.Count(string(page), "<section"), "a section a run")
}
