// Package scenario reads packet scenarios, YAML files named *.test.yaml, and holds the decisions of a configuration
// against them: given who is connected, when this packet comes, then this is decided. docs/testing.md describes
// the files. Nothing here touches the network.
package scenario

import "encoding/json"

// File is one file of scenarios.
type File struct {
	Name  string
	Cases []Case
}

// Case is one scenario: steps that follow each other in one session.
type Case struct {
	Name  string
	Line  int
	given *node // nil for none
	Steps []Step
}

// Step is one packet with what is to come of it.
type Step struct {
	Line int
	when *node
	then *node
	want want
}

// want is what then says; nil, or "" where that is no value, is not looked at.
type want struct {
	Effect      string          `json:"effect"` // allow or deny
	Kind        string          `json:"kind"`   // as which the packet is decided
	Room        *string         `json:"room"`   // "" for none
	Code        json.RawMessage `json:"code"`   // the number, or the policy's own
	Reason      *string         `json:"reason"`
	Data        json.RawMessage `json:"data"`
	By          *string         `json:"by"`
	Transformed *bool           `json:"transformed"`
	Args        json.RawMessage `json:"args"` // what is forwarded
	Auth        json.RawMessage `json:"auth"`
	Rooms       *[]string       `json:"rooms"` // the session's, afterwards
}

// Result is what came of a case.
type Result struct {
	File  string
	Line  int // of the case, or of the step that went otherwise
	Name  string
	Diffs []Diff   // none: it passed
	Steps []string // the decision of each step, in words
}

// Diff is one difference between what is wanted and what was decided.
type Diff struct {
	Step int    `json:"step"` // from 1
	Line int    `json:"line"` // of the value that is wanted, or of its step
	Path string `json:"path"` // args[0].text
	Want string `json:"want"` // JSON; "" for nothing there
	Got  string `json:"got"`
}
