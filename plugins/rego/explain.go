package rego

import (
	"context"
	"encoding/json"

	"github.com/siogw/siogw/engine"
)

// Explanation tells how a policy came to its verdict, for people and for machines. Members named like secrets (token,
// password) are shown as ***.
type Explanation struct {
	Effect    string          `json:"effect"`
	Code      engine.Code     `json:"code,omitempty"`
	Custom    json.RawMessage `json:"custom,omitempty"` // the code that the policy chose
	Reason    string          `json:"reason,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	Args      json.RawMessage `json:"args,omitempty"` // after the transform
	Auth      json.RawMessage `json:"auth,omitempty"`
	Error     string          `json:"error,omitempty"`
	Allow     []Cause         `json:"allow"`          // the allow rules that hold
	Deny      []Cause         `json:"deny"`           // the deny rules that hold, once for each member
	Transform []Cause         `json:"transform"`      // the transform rules that hold
	Helpers   []Cause         `json:"helpers"`        // other rules that were needed and hold
	Missed    []Cause         `json:"missed"`         // allow rules that do not hold, with the expression that failed
	Passed    []Cause         `json:"passed"`         // the same of deny rules
	Memo      *MemoPlan       `json:"memo,omitempty"` // what the decision is remembered by, or why it is not
}

// Cause is one rule's part.
type Cause struct {
	Rule    string  `json:"rule"`              // its path, data.siogw.authz.allow
	At      string  `json:"at"`                // file:line
	Value   string  `json:"value,omitempty"`   // the member that a deny rule gave, as JSON
	Expr    string  `json:"expr,omitempty"`    // the expression that failed, with its place
	Values  []Value `json:"values,omitempty"`  // what the names in it stood for; of a rule that holds those of all its body
	Tries   int     `json:"tries,omitempty"`   // how often it was tried and failed, where more than once
	Because []Cause `json:"because,omitempty"` // rules that it refers to and that do not hold
}

// Explain decides as Decide does and watches the rules while it does. It is some ten times slower.
func (p *Policy) Explain(ctx context.Context, in *engine.Input) Explanation {
	input, err := p.reads.input(in)
	if err != nil || p.silent(in) {
		return explanation(p.Decide(ctx, in))
	}
	w := newWatch(p, input)
	// Without early exit and index, so that each rule is tried, and not only as many as decide.
	t := p.start(ctx, in, input).WithQueryTracer(w).WithEarlyExit(false).WithIndexing(false)
	a, err := run(ctx, t)
	v := p.failed(ctx, err)
	if err == nil {
		v = p.verdict(in, &a)
	}
	e := explanation(v)
	e.Memo = p.memoPlanOf(in)
	w.fill(&e)
	return e
}

func explanation(v engine.Verdict) Explanation {
	e := Explanation{
		Effect: v.Effect.String(), Code: v.Code, Custom: v.Custom, Reason: v.Reason, Data: HideSecrets(v.Data),
		Args: HideSecrets(v.Args), Auth: HideSecrets(v.Auth),
		Allow: []Cause{}, Deny: []Cause{}, Transform: []Cause{}, Helpers: []Cause{}, Missed: []Cause{}, Passed: []Cause{},
	}
	if v.Err != nil {
		e.Error = v.Err.Error()
	}
	if v.Effect == engine.Deny && e.Reason == "" {
		e.Reason = v.Code.String()
	}
	return e
}
