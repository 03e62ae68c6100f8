package output

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// The forms that readers of JUnit files have in common.
type (
	testSuites struct {
		XMLName  xml.Name    `xml:"testsuites"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Suites   []testSuite `xml:"testsuite"`
	}
	testSuite struct {
		Name       string     `xml:"name,attr"`
		Tests      int        `xml:"tests,attr"`
		Failures   int        `xml:"failures,attr"`
		Skipped    int        `xml:"skipped,attr"`
		Time       string     `xml:"time,attr"`
		Timestamp  string     `xml:"timestamp,attr"`
		Properties []property `xml:"properties>property"`
		Cases      []testCase `xml:"testcase"`
	}
	testCase struct {
		Name       string      `xml:"name,attr"`
		Class      string      `xml:"classname,attr"`
		Time       string      `xml:"time,attr"`
		Properties *properties `xml:"properties"`
		Failure    *message    `xml:"failure"`
		Skipped    *message    `xml:"skipped"`
		Output     string      `xml:"system-out,omitempty"`
	}
	properties struct {
		List []property `xml:"property"`
	}
	property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	message struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as JUnit XML, a suite for each area. A MUST or
// SHOULD that failed is a failure; a MAY that a target does otherwise and an
// UNKNOWN are skipped and carry what was seen as properties, so that no reader of
// such files takes them for a judgement.
func WriteJUnit(w io.Writer, r conformance.Report) error {
	all := testSuites{Name: "conformance of " + r.Target, Time: secondsOf(r.Took)}
	for _, area := range conformance.Areas() {
		results := of(r.Results, area)
		if len(results) == 0 {
			continue
		}
		suite := testSuite{
			Name: string(area), Tests: len(results), Timestamp: r.Began.UTC().Format("2006-01-02T15:04:05"),
			Properties: []property{{"target", r.Target}, {"region", r.Region}, {"run", r.Run}},
		}
		var took time.Duration
		for _, res := range results {
			took += res.Took
			c := newCase(res)
			suite.Cases = append(suite.Cases, c)
			if c.Failure != nil {
				suite.Failures++
			}
			if c.Skipped != nil {
				suite.Skipped++
			}
		}
		suite.Time = secondsOf(took)
		all.Tests, all.Failures, all.Skipped = all.Tests+suite.Tests, all.Failures+suite.Failures, all.Skipped+suite.Skipped
		all.Suites = append(all.Suites, suite)
	}
	raw, err := xml.MarshalIndent(all, "", "  ")
	if err == nil {
		_, err = io.WriteString(w, xml.Header+string(raw)+"\n")
	}
	if err != nil {
		return fmt.Errorf("write the report as JUnit: %w", err)
	}
	return nil
}

func newCase(res conformance.Result) testCase {
	c := testCase{Name: res.Check.ID, Class: "conformance." + string(res.Check.Area), Time: secondsOf(res.Took)}
	list := []property{{"level", string(res.Check.Level)}, {"description", res.Check.Description}, {"source", res.Check.Source}}
	for _, record := range res.Records {
		list = append(list, property{"recorded." + record.Name, record.Value})
	}
	c.Properties = &properties{list}
	text := strings.Join(res.Failures, "\n")
	switch {
	case res.Outcome == conformance.Fail && judged(res.Check.Level):
		c.Failure = &message{Message: res.Check.Description, Type: string(res.Check.Level), Text: text}
	case res.Outcome == conformance.Fail:
		c.Skipped = &message{Message: "a " + string(res.Check.Level) + " that the target does otherwise"}
		c.Output = text + "\n"
	case res.Outcome == conformance.Recorded:
		c.Skipped = &message{Message: "recorded, not judged"}
	case res.Outcome == conformance.NotRun || res.Outcome == conformance.NotApplicable:
		c.Skipped = &message{Message: string(res.Outcome) + ": " + res.Reason}
	}
	for _, line := range res.Log {
		c.Output += line + "\n"
	}
	return c
}

// judged reports whether a check of the level can fail a build.
func judged(l conformance.Level) bool { return l == conformance.Must || l == conformance.Should }

func secondsOf(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
