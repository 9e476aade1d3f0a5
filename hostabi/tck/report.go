package tck

import (
	"fmt"
	"io"
	"strings"
)

// The ways in which a check can end.
const (
	Passed  = "passed"
	Failed  = "failed"
	Skipped = "skipped" // the clause does not concern this guest
)

// Finding is how one check of one clause came out.
type Finding struct {
	Clause  string `json:"clause"` // of ABI.md, as in ABI-2.10
	Check   string `json:"check"`
	Outcome string `json:"outcome"` // passed, failed or skipped
	Want    string `json:"want,omitempty"`
	Got     string `json:"got,omitempty"` // of a failed check; why, of a skipped one
}

// Report is what the checks found of a guest.
type Report struct {
	ABI      int       `json:"abi"`
	Guest    string    `json:"guest"`
	SHA256   string    `json:"sha256"`
	Passed   int       `json:"passed"`
	Failed   int       `json:"failed"`
	Skipped  int       `json:"skipped"`
	Calls    int       `json:"calls"`    // of siogw_decide
	Fuel     int64     `json:"fuel"`     // the most of one ordinary packet, in units of package meter
	Memory   int64     `json:"memory"`   // bytes, at the end of the longest run
	Findings []Finding `json:"findings"` // in the order of the checks
}

// OK reports whether no check failed.
func (r *Report) OK() bool { return r.Failed == 0 }

// Clauses gives the clauses that were checked and passed or failed.
func (r *Report) Clauses() map[string]bool {
	seen := map[string]bool{}
	for _, f := range r.Findings {
		if f.Outcome != Skipped {
			seen[f.Clause] = true
		}
	}
	return seen
}

func (r *Report) pass(clause, check string) {
	r.Passed++
	r.Findings = append(r.Findings, Finding{Clause: clause, Check: check, Outcome: Passed})
}

func (r *Report) fail(clause, check, want, got string) {
	r.Failed++
	r.Findings = append(r.Findings, Finding{Clause: clause, Check: check, Outcome: Failed, Want: want, Got: shorten(got)})
}

func (r *Report) skip(clause, check, why string) {
	r.Skipped++
	r.Findings = append(r.Findings, Finding{Clause: clause, Check: check, Outcome: Skipped, Got: why})
}

// expect is pass without err, and fail with it.
func (r *Report) expect(clause, check, want string, err error) bool {
	if err == nil {
		r.pass(clause, check)
		return true
	}
	r.fail(clause, check, want, err.Error())
	return false
}

// shorten bounds what a guest can make a report say.
func shorten(s string) string {
	const most = 400
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// Text writes a line a check, and two more of one that failed. show makes text of the guest's fit for a terminal.
func (r *Report) Text(to io.Writer, show func(string) string) error {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%-7s %-8s %s\n", f.Outcome, f.Clause, f.Check)
		if f.Outcome == Failed {
			fmt.Fprintf(&b, "        expected %s\n        got      %s\n", f.Want, show(f.Got))
		}
	}
	verdict := "conforms to"
	if !r.OK() {
		verdict = "breaks"
	}
	fmt.Fprintf(&b, "%s %s ABI %d: %d passed, %d failed, %d do not concern it; %d calls, at most %d fuel for an ordinary packet, %d KiB\n",
		show(r.Guest), verdict, r.ABI, r.Passed, r.Failed, r.Skipped, r.Calls, r.Fuel, r.Memory>>10)
	_, err := io.WriteString(to, b.String())
	return err
}
