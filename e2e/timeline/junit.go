package timeline

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The parts of JUnit's form that its readers have in common.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property,omitempty"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as JUnit XML: a suite for each run, a test case for each outcome and one for the checks beside
// them. A run that was not judged fails.
func (r Report) WriteJUnit(w io.Writer) error {
	all := junitSuites{Name: r.Title}
	total := 0.0
	for i := range r.Runs {
		suite, took := r.Runs[i].junit()
		total += took
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Suites = append(all.Suites, suite)
	}
	all.Time = junitSeconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write the timeline as JUnit: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	if err := enc.Encode(all); err != nil {
		return fmt.Errorf("write the timeline as JUnit: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write the timeline as JUnit: %w", err)
	}
	return nil
}

func (r *Run) junit() (suite junitSuite, took float64) {
	took = max(0, r.End().Sub(r.Start).Seconds())
	suite = junitSuite{Name: r.Name(), Time: junitSeconds(took), Timestamp: r.Start.UTC().Format("2006-01-02T15:04:05")}
	for _, f := range r.Environment.Facts() {
		suite.Properties = append(suite.Properties, junitProperty(f))
	}
	add := func(name, output string, failures ...string) {
		c := junitCase{Name: name, Class: r.Name(), Time: "0", Output: output}
		if len(failures) > 0 {
			c.Failure = &junitFailure{Message: failures[0], Text: strings.Join(failures, "\n")}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, o := range r.Outcomes {
		text := "wanted " + o.Want + ", got " + o.Got
		if o.Held {
			add(o.Name, text)
		} else {
			add(o.Name, "", text)
		}
	}
	switch others := r.otherFailures(); {
	case r.Verdict == "":
		add("the run as a whole", "", "the run was not judged")
	case len(others) > 0 || len(r.Outcomes) == 0:
		add("the run as a whole", "", others...)
	}
	suite.Tests = len(suite.Cases)
	// The run is what took the time; its cases are looks at it.
	suite.Cases[0].Time = suite.Time
	return suite, took
}

func junitSeconds(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }
