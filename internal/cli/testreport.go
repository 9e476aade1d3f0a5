package cli

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/siogw/siogw/internal/scenario"
	"github.com/siogw/siogw/plugins/rego"
)

// testReport is what siogw test tells.
type testReport struct {
	OK       bool            `json:"ok"`
	Passed   int             `json:"passed"`
	Failed   int             `json:"failed"`
	Skipped  int             `json:"skipped"`
	Tests    []testResult    `json:"tests"`
	Coverage *coverageReport `json:"coverage,omitempty"`
}

// The outcomes of a test.
const (
	passed  = "pass"
	failed  = "fail"
	skipped = "skip"
	broken  = "error" // it did not evaluate
)

type testResult struct {
	File    string          `json:"file"`
	Line    int             `json:"line"`
	Name    string          `json:"name"`
	Outcome string          `json:"outcome"`
	Message string          `json:"message,omitempty"` // why it is broken
	Output  string          `json:"output,omitempty"`  // what it printed
	Diffs   []scenario.Diff `json:"diffs,omitempty"`
	Steps   []string        `json:"steps,omitempty"` // the decisions of a scenario that failed
	Seconds float64         `json:"seconds"`
}

type coverageReport struct {
	Percent   float64             `json:"percent"`
	Threshold float64             `json:"threshold,omitempty"`
	Files     []rego.FileCoverage `json:"files"`
}

func (r *testReport) unit(u *rego.UnitResult) {
	t := testResult{File: u.File, Line: u.Line, Name: strings.TrimPrefix(u.Name, "data."), Outcome: passed, Output: u.Output, Seconds: u.Took.Seconds()}
	switch {
	case u.Err != nil:
		t.Outcome, t.Message = broken, u.Err.Error()
	case u.Failed:
		t.Outcome = failed
	case u.Skipped:
		t.Outcome = skipped
	}
	r.Tests = append(r.Tests, t)
}

func (r *testReport) scenario(s *scenario.Result, took time.Duration) {
	t := testResult{File: s.File, Line: s.Line, Name: s.Name, Outcome: passed, Seconds: took.Seconds()}
	if len(s.Diffs) > 0 {
		t.Outcome, t.Diffs, t.Steps = failed, s.Diffs, s.Steps
	}
	r.Tests = append(r.Tests, t)
}

// finish counts.
func (r *testReport) finish(c *rego.Coverage, threshold float64) {
	for i := range r.Tests {
		switch r.Tests[i].Outcome {
		case passed:
			r.Passed++
		case skipped:
			r.Skipped++
		default:
			r.Failed++
		}
	}
	r.OK = r.Failed == 0
	if c != nil {
		files := c.Files()
		r.Coverage = &coverageReport{rego.Percent(files), threshold, files}
		r.OK = r.OK && !r.Coverage.low()
	}
}

func (c *coverageReport) low() bool { return c.Percent < c.Threshold }

func (r *testReport) write(to io.Writer, as string) error {
	switch as {
	case "json":
		return indented(to, r)
	case "junit":
		return r.junit(to)
	}
	_, err := io.WriteString(to, r.text())
	return err
}

func (r *testReport) text() string {
	var b strings.Builder
	for i := range r.Tests {
		if t := &r.Tests[i]; t.Outcome != passed {
			fmt.Fprintf(&b, "%s %s:%d: %s\n%s", strings.ToUpper(t.Outcome), t.File, t.Line, t.Name, indent(t.detail()))
		}
	}
	if c := r.Coverage; c != nil {
		for _, f := range c.Files {
			fmt.Fprintf(&b, "%s: %.1f%% covered%s\n", f.File, rego.Percent([]rego.FileCoverage{f}), lines(f.NotLines))
		}
		fmt.Fprintf(&b, "%.1f%% of the policy covered\n", c.Percent)
		if c.low() {
			fmt.Fprintf(&b, "FAIL: less than %v%%\n", c.Threshold)
		}
	}
	fmt.Fprintf(&b, "%d passed, %d failed", r.Passed, r.Failed)
	if r.Skipped > 0 {
		fmt.Fprintf(&b, ", %d skipped", r.Skipped)
	}
	return b.String() + "\n"
}

// detail tells why a test did not pass.
func (t *testResult) detail() string {
	var b strings.Builder
	if t.Message != "" {
		b.WriteString(t.Message + "\n")
	}
	step := 0
	for _, d := range t.Diffs {
		if d.Step != step && d.Step <= len(t.Steps) {
			step = d.Step
			fmt.Fprintf(&b, "step %d, %s\n", step, t.Steps[step-1])
		}
		fmt.Fprintf(&b, "  %s (line %d)\n  - %s\n  + %s\n", d.Path, d.Line, orNothing(d.Want), orNothing(d.Got))
	}
	b.WriteString(t.Output)
	return b.String()
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func indent(text string) string {
	if text == "" {
		return ""
	}
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}

// lines tells which lines are not covered, 3-5 for several in a row.
func lines(rows []int) string {
	var parts []string
	for i := 0; i < len(rows); {
		j := i
		for j+1 < len(rows) && rows[j+1] == rows[j]+1 {
			j++
		}
		part := strconv.Itoa(rows[i])
		if j > i {
			part += "-" + strconv.Itoa(rows[j])
		}
		parts, i = append(parts, part), j+1
	}
	if len(parts) == 0 {
		return ""
	}
	return ", not lines " + strings.Join(parts, ", ")
}

// The JUnit report, as CI servers read it.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Time    string        `xml:"time,attr"` // seconds
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Skipped *struct{}     `xml:"skipped"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// junit writes a suite for each file, and one for the coverage where it is too low.
func (r *testReport) junit(to io.Writer) error {
	var all junitSuites
	for i := range r.Tests {
		all.add(&r.Tests[i])
	}
	if c := r.Coverage; c != nil && c.low() {
		all.add(&testResult{File: "coverage", Name: fmt.Sprintf("at least %v%%", c.Threshold), Outcome: failed,
			Message: fmt.Sprintf("%.1f%% of the policy covered", c.Percent)})
	}
	if _, err := io.WriteString(to, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(to)
	e.Indent("", "  ")
	if err := e.Encode(&all); err != nil {
		return err
	}
	_, err := io.WriteString(to, "\n")
	return err
}

func (a *junitSuites) add(t *testResult) {
	if n := len(a.Suites); n == 0 || a.Suites[n-1].Name != t.File {
		a.Suites = append(a.Suites, junitSuite{Name: t.File})
	}
	s := &a.Suites[len(a.Suites)-1]
	c := junitCase{Name: t.Name, Class: t.File, File: t.File, Line: t.Line, Time: strconv.FormatFloat(t.Seconds, 'f', 6, 64)}
	m := &junitMessage{Message: t.first(), Text: t.detail()}
	a.Tests, s.Tests = a.Tests+1, s.Tests+1
	switch t.Outcome {
	case failed:
		c.Failure, a.Failures, s.Failures = m, a.Failures+1, s.Failures+1
	case broken:
		c.Error, a.Errors, s.Errors = m, a.Errors+1, s.Errors+1
	case skipped:
		c.Skipped, a.Skipped, s.Skipped = &struct{}{}, a.Skipped+1, s.Skipped+1
	}
	s.Cases = append(s.Cases, c)
}

// first tells in one line why a test did not pass.
func (t *testResult) first() string {
	if len(t.Diffs) > 0 {
		d := &t.Diffs[0]
		return fmt.Sprintf("%s: want %s, got %s", d.Path, orNothing(d.Want), orNothing(d.Got))
	}
	if t.Message != "" {
		text, _, _ := strings.Cut(t.Message, "\n")
		return text
	}
	return "the rule does not hold"
}
