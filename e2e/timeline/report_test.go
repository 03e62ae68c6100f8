package timeline

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// written is what a report's method writes.
func written(t testing.TB, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(&b))
	return b.String()
}

// wellFormed reads XML to its end and returns the texts of the elements of one name.
func wellFormed(t *testing.T, text, name string) []string {
	t.Helper()
	var texts []string
	dec := xml.NewDecoder(strings.NewReader(text))
	in := false
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		require.NoError(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			in = e.Name.Local == name
		case xml.CharData:
			if in {
				texts = append(texts, string(e))
			}
		case xml.EndElement:
			in = false
		}
	}
}

func TestWriteSVG(t *testing.T) {
	rep := fullReport()
	pair := written(t, rep.WriteSVG)
	assert.Contains(t, wellFormed(t, pair, "text"), "native and proxy: outage")
	assert.Contains(t, pair, "prefers-color-scheme: dark")
	rep.Pairs = nil
	rep.Runs[0].Faults[0].Text = `</svg><script>alert("x")</script>` + "\x01"
	runs := written(t, rep.WriteSVG)
	texts := wellFormed(t, runs, "text")
	for _, want := range []string{"FAIL  outage / native / fast / kwok", "Replicas", "Load, requests/s", "503", "p99", "writes refused", "fault remote-write-503", "HPA ScalingActive", "busy", "10 ready"} {
		assert.Contains(t, texts, want)
	}
	assert.NotContains(t, runs, "<script")
}

func TestWriteCSV(t *testing.T) {
	rep := fullReport()
	rep.Runs[0].Evaluated = Series{{at(1), 0.25}}
	lines, err := csv.NewReader(strings.NewReader(written(t, rep.WriteCSV))).ReadAll()
	require.NoError(t, err)
	want := 2 // the head, and what was evaluated
	for _, run := range rep.Runs {
		for _, s := range run.Series {
			want += len(s)
		}
	}
	require.Len(t, lines, want)
	assert.Equal(t, []string{"run", "time", "hop", "value"}, lines[0])
	assert.Contains(t, lines, []string{"1 outage / native / fast / kwok", "2026-01-02T03:04:06Z", "evaluated", "0.25"})
	assert.Contains(t, lines, []string{"1 outage / native / fast / kwok", "2026-01-02T03:04:05Z", "code:503", "33.599999999999994"})
}

func TestWriteJUnit(t *testing.T) {
	rep := fullReport()
	rep.Runs = append(rep.Runs, Run{Scenario: "not judged", Start: t0})
	var got junitSuites
	require.NoError(t, xml.Unmarshal([]byte(written(t, rep.WriteJUnit)), &got))
	require.Len(t, got.Suites, 4)
	assert.Equal(t, 3, got.Failures, "an outcome, a control, and what was not judged")
	first := got.Suites[0]
	assert.Equal(t, 3, first.Tests)
	assert.Equal(t, 1, first.Failures, "an outcome's failure is told once")
	assert.Equal(t, "no sample lost", first.Cases[2].Name)
	assert.Equal(t, "wanted 0 of 1204 | all <stored>, got 17 lost", first.Cases[2].Failure.Message)
	assert.Nil(t, first.Cases[0].Failure)
	assert.Contains(t, first.Properties, junitProperty{"Kubernetes", "v1.36.3"})
	assert.Equal(t, "the run as a whole", got.Suites[2].Cases[0].Name)
	assert.Contains(t, got.Suites[2].Cases[0].Failure.Message, "stays at 2")
	assert.Equal(t, "the run was not judged", got.Suites[3].Cases[0].Failure.Message)
}

func TestWriteMarkdown(t *testing.T) {
	text := written(t, fullReport().WriteMarkdown)
	assert.Contains(t, text, "| ❌ not held | no sample lost | 0 of 1204 \\| all &lt;stored&gt; | 17 lost |")
	assert.Contains(t, text, "| ✅ held | reaches 10 ready | 10 ready under load | 10 |")
	assert.Contains(t, text, "| | native | proxy | difference |")
	assert.Regexp(t, `(?m)^ready    ▂[▂-█]+.*  up to 10$`, text)
	columns := 0
	for line := range strings.Lines(text) { // every row of a table has as many cells as its head
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if columns == 0 {
			columns = n
		}
		assert.Equal(t, columns, n, line)
	}
}

func TestEveryFormReportsAFullDisk(t *testing.T) {
	rep := fullReport()
	for name, write := range map[string]func(io.Writer) error{"html": rep.WriteHTML, "svg": rep.WriteSVG, "csv": rep.WriteCSV, "junit": rep.WriteJUnit, "markdown": rep.WriteMarkdown, "json": rep.WriteJSON} {
		assert.ErrorIs(t, write(fullDisk{}), errFull, name)
	}
}

func TestReadsWhatOlderVersionsWrote(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "older.json"))
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	rep, err := ReadJSON(f)
	require.NoError(t, err)
	require.Len(t, rep.Runs, 1)
	assert.Equal(t, Pass, rep.Verdict())
	assert.Empty(t, rep.Runs[0].Outcomes)
	again := rep.Runs[0]
	again.Finish()
	assert.Equal(t, rep.Runs[0].Split.Total, again.Split.Total)
	for _, write := range []func(io.Writer) error{rep.WriteHTML, rep.WriteSVG, rep.WriteJUnit, rep.WriteMarkdown, rep.WriteCSV} {
		assert.NotEmpty(t, written(t, write))
	}
}

func TestFullJSONRoundTrip(t *testing.T) {
	rep := fullReport()
	rep.Runs = rep.Runs[:2] // the control was never recorded
	text := written(t, rep.WriteJSON)
	back, err := ReadJSON(strings.NewReader(text))
	require.NoError(t, err)
	assert.Equal(t, rep, back)
	var raw struct{ Runs []map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(text), &raw))
	for _, name := range []string{"description", "environment", "phases", "faults", "conditions", "outcomes"} {
		assert.Contains(t, raw.Runs[0], name)
	}
	assert.JSONEq(t, `[{"name":"remote-write-503","from":"2026-01-02T03:04:17Z","to":"2026-01-02T03:04:23Z","text":"aps:RemoteWrite answers 503"}]`, string(raw.Runs[0]["faults"]))
}

// elements are the elements of a page, by name.
func elements(t *testing.T, page string) map[string][]*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	out := map[string][]*html.Node{}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			out[n.Data] = append(out[n.Data], n)
		}
	}
	return out
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestPageStandsAloneAndCanBeHeard(t *testing.T) {
	rep := fullReport()
	rep.Runs[0].Outcomes[0].Got = `</script><img src=x onerror=alert(1)>`
	rep.Runs[0].Faults[0].Name = `<img src=x>`
	page := written(t, rep.WriteHTML)
	got := elements(t, page)
	for _, name := range []string{"img", "link", "iframe", "object", "image", "use"} {
		assert.Empty(t, got[name], name)
	}
	ids := map[string]int{}
	for _, nodes := range got {
		for _, n := range nodes {
			if id := attribute(n, "id"); id != "" {
				ids[id]++
			}
			for _, name := range []string{"src", "href", "xlink:href"} {
				value := attribute(n, name)
				assert.True(t, value == "" || strings.HasPrefix(value, "#"), "%s %q leads out of the page", name, value)
			}
		}
	}
	for id, n := range ids {
		assert.Equal(t, 1, n, "id %s", id)
	}
	for _, a := range got["a"] {
		assert.Contains(t, ids, strings.TrimPrefix(attribute(a, "href"), "#"))
	}
	require.Len(t, got["section"], 4, "a pair and three runs")
	require.Len(t, got["h1"], 1)
	require.Len(t, got["h2"], 4)
	charts := 0
	for _, svg := range got["svg"] {
		if attribute(svg, "role") == "img" {
			charts++
			for id := range strings.FieldsSeq(attribute(svg, "aria-labelledby")) {
				assert.Contains(t, ids, id)
			}
		} else {
			assert.Equal(t, "true", attribute(svg, "aria-hidden"))
		}
	}
	assert.Equal(t, 8, charts, "each at two sizes")
	for _, th := range got["th"] {
		assert.NotEmpty(t, attribute(th, "scope"))
	}
	for _, script := range got["script"] {
		if attribute(script, "type") == "application/json" {
			var grid struct {
				Curves []struct{ Values []*float64 }
			}
			require.NoError(t, json.Unmarshal([]byte(script.FirstChild.Data), &grid))
			require.NotEmpty(t, grid.Curves)
			require.Len(t, grid.Curves[0].Values, pageColumns+1)
		}
	}
}

func TestHalfAnHourFitsThePage(t *testing.T) {
	rep := Report{Title: "soak", Generated: t0, Runs: []Run{*longRun()}}
	points := 0
	for _, s := range rep.Runs[0].Series {
		points += len(s)
	}
	require.Greater(t, points, 100_000, "the JSON keeps all")
	page := written(t, rep.WriteHTML)
	t.Logf("%d points, page %d kB", points, len(page)/1000)
	assert.Less(t, len(page), 2_000_000)
	picture := written(t, rep.WriteSVG)
	t.Logf("picture %d kB", len(picture)/1000)
	assert.Less(t, len(picture), 1_000_000)
}

func BenchmarkWriteHTMLOfHalfAnHour(b *testing.B) {
	rep := Report{Title: "soak", Generated: t0, Runs: []Run{*longRun()}}
	for b.Loop() {
		if err := rep.WriteHTML(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	rec, i := NewRecorder(RecorderConfig{}), 0
	for b.Loop() {
		i++
		rec.Record(HopStored, t0.Add(time.Duration(i)), float64(i))
	}
}
