package output_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/e2e/conformance/output"
)

// report has every outcome at every place that matters.
func report() conformance.Report {
	check := func(id string, area conformance.Area, level conformance.Level) conformance.Check {
		return conformance.Check{ID: id, Area: area, Level: level, Description: "Somebody does <this> & gets that.", Source: "amp-api.md 1 [O]"}
	}
	return conformance.Report{
		Run: "0a1b2c3d", Target: "https://aps.us-east-1.amazonaws.com", Region: "us-east-1",
		Began: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Took: 90 * time.Second,
		Results: []conformance.Result{
			{Check: check("authentication.one", conformance.Authentication, conformance.Must), Outcome: conformance.Pass, Requests: 3, Took: time.Second},
			{
				Check: check("authentication.two", conformance.Authentication, conformance.Must), Outcome: conformance.Fail,
				Failures: []string{`expected status 403; GET /x: status 200, body "<script>alert(1)</script>"`, "second\nline \x00"}, Log: []string{"a line"}, Requests: 1,
			},
			{Check: check("query.should", conformance.Querying, conformance.Should), Outcome: conformance.Fail, Failures: []string{"should not"}},
			{Check: check("query.may", conformance.Querying, conformance.May), Outcome: conformance.Fail, Failures: []string{"may not"}},
			{Check: check("query.role", conformance.Querying, conformance.Must), Outcome: conformance.NotRun, Reason: "needs a role"},
			{Check: check("query.none", conformance.Querying, conformance.Must), Outcome: conformance.NotApplicable, Reason: "no such thing"},
			{
				Check: check("open-questions.x", conformance.OpenQuestions, conformance.Unknown), Outcome: conformance.Recorded,
				Records: []conformance.Record{{Name: "colour", Value: "blue"}},
			},
		},
	}
}

// TestText: what failed is spelled out, what was recorded shown, and the last
// line is the verdict.
func TestText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, output.WriteText(&b, report()))
	text := b.String()
	require.Contains(t, text, "MUST authentication.two\n  Somebody does <this> & gets that.\n  [amp-api.md 1 [O]]\n  - expected status 403; GET /x")
	require.Contains(t, text, "colour: blue")
	require.Contains(t, text, "not-run: needs a role: query.role\n")
	require.Regexp(t, `(?m)^ *authentication +MUST +1 +1 +0 +0 +0 *$`, text)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	require.Equal(t, "FAIL: https://aps.us-east-1.amazonaws.com: 7 checks, 1 passed, 1 MUST failed, 1 SHOULD failed, 1 MAY failed, 1 not run; 4 requests in 1m30s", lines[len(lines)-1])
}

// TestVerdict: only a MUST, an interruption and a leftover keep a run from passing.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*conformance.Report)
		word   string
	}{
		"a MUST failed":      {func(*conformance.Report) {}, "FAIL"},
		"only a SHOULD did":  {func(r *conformance.Report) { r.Results = r.Results[2:] }, "PASS"},
		"a leftover":         {func(r *conformance.Report) { r.Results, r.Leftovers = r.Results[2:], []string{"ws-1"} }, "FAIL"},
		"an interrupted run": {func(r *conformance.Report) { r.Results, r.Interrupted = r.Results[2:], true }, "INTERRUPTED"},
	} {
		t.Run(name, func(t *testing.T) {
			r := report()
			c.change(&r)
			require.Equal(t, c.word == "PASS", output.Passed(r))
			require.True(t, strings.HasPrefix(output.Verdict(r), c.word+": "), output.Verdict(r))
		})
	}
}

// TestJSON: what is written reads back as the documented type.
func TestJSON(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	want := report()
	want.Results[0].Check.Needs = conformance.NeedsRole | conformance.NeedsSlow
	require.NoError(t, output.WriteJSON(&b, want))
	require.Contains(t, b.String(), `"needs": "role,slow"`)
	var got output.Document
	decoder := json.NewDecoder(&b)
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&got))
	require.Equal(t, want, got.Report)
	require.False(t, got.Passed)
	require.Equal(t, want.Summary(), got.Summary)
}

// TestJUnit reads the file as those who show such files do.
func TestJUnit(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, output.WriteJUnit(&b, report()))
	type outcome struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name     string `xml:"name,attr"`
			Tests    int    `xml:"tests,attr"`
			Failures int    `xml:"failures,attr"`
			Skipped  int    `xml:"skipped,attr"`
			Cases    []struct {
				Name       string   `xml:"name,attr"`
				Failure    *outcome `xml:"failure"`
				Skipped    *outcome `xml:"skipped"`
				Properties []struct {
					Name  string `xml:"name,attr"`
					Value string `xml:"value,attr"`
				} `xml:"properties>property"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(b.Bytes(), &got))
	require.Equal(t, [3]int{7, 2, 4}, [3]int{got.Tests, got.Failures, got.Skipped})
	require.Len(t, got.Suites, 3)
	require.Equal(t, [3]int{4, 1, 3}, [3]int{got.Suites[1].Tests, got.Suites[1].Failures, got.Suites[1].Skipped})
	failed := got.Suites[0].Cases[1]
	require.Equal(t, "authentication.two", failed.Name)
	require.Equal(t, "MUST", failed.Failure.Type)
	require.Contains(t, failed.Failure.Text, "<script>alert(1)</script>")
	require.Nil(t, got.Suites[0].Cases[0].Failure)
	recorded := got.Suites[2].Cases[0]
	require.Equal(t, "recorded, not judged", recorded.Skipped.Message)
	require.Equal(t, "recorded.colour", recorded.Properties[3].Name)
	require.Equal(t, "blue", recorded.Properties[3].Value)
}

// TestHTML: the page is whole, shows every check, loads nothing and runs nothing
// that a target has said.
func TestHTML(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, output.WriteHTML(&b, report()))
	root, err := html.Parse(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	rows := make(map[string]string)
	var links []string
	scripts := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attrs := make(map[string]string)
		for _, a := range n.Attr {
			attrs[a.Key] = a.Val
		}
		require.NotContains(t, []string{"link", "img", "iframe"}, n.Data)
		require.Empty(t, attrs["src"])
		if n.Data == "script" {
			scripts++
		}
		if n.Data == "a" {
			links = append(links, attrs["href"])
		}
		if n.Data == "tr" && attrs["id"] != "" {
			rows[attrs["id"]] = attrs["data-outcome"] + " " + attrs["data-level"] + " " + attrs["data-area"]
		}
	}
	require.Equal(t, 1, scripts, "the page's own")
	require.Len(t, rows, 7)
	require.Equal(t, []string{"#authentication.two", "#query.should", "#query.may"}, links, "what failed, the most binding first")
	require.Equal(t, "fail MUST authentication", rows["authentication.two"])
	require.Equal(t, "recorded UNKNOWN open-questions", rows["open-questions.x"])
}

// TestWriteFails: a full disk is said.
func TestWriteFails(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, output.WriteText(full{}, report()), "write the report as text: full")
	require.ErrorContains(t, output.WriteJSON(full{}, report()), "write the report as JSON: full")
	require.ErrorContains(t, output.WriteJUnit(full{}, report()), "write the report as JUnit: full")
	require.ErrorContains(t, output.WriteHTML(full{}, report()), "write the report as HTML: full")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }
