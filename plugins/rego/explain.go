package rego

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/siogw/siogw/engine"
)

// Explanation tells how a policy came to its verdict, for people and for machines.
type Explanation struct {
	Effect    string          `json:"effect"`
	Code      engine.Code     `json:"code,omitempty"`
	Custom    json.RawMessage `json:"custom,omitempty"` // the code that the policy chose
	Reason    string          `json:"reason,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	Args      json.RawMessage `json:"args,omitempty"` // after the transform
	Auth      json.RawMessage `json:"auth,omitempty"`
	Error     string          `json:"error,omitempty"`
	Allow     []Cause         `json:"allow"`     // the allow rules that hold
	Deny      []Cause         `json:"deny"`      // the deny rules that hold, once for each member
	Transform []Cause         `json:"transform"` // the transform rules that hold
	Helpers   []Cause         `json:"helpers"`   // other rules that were needed and hold
	Missed    []Cause         `json:"missed"`    // allow rules that do not hold, with the expression that failed
}

// Cause is one rule's part.
type Cause struct {
	Rule  string `json:"rule"`            // its path, data.siogw.authz.allow
	At    string `json:"at"`              // file:line
	Value string `json:"value,omitempty"` // the member that a deny rule gave, as JSON
	Expr  string `json:"expr,omitempty"`  // the expression that failed, with its place
}

// Explain decides as Decide does and watches the rules while it does. It is some ten times slower.
func (p *Policy) Explain(ctx context.Context, in *engine.Input) Explanation {
	input, err := p.reads.input(in)
	if err != nil || p.silent(in) {
		return explanation(p.Decide(ctx, in))
	}
	w := &watch{failed: map[uint64]*ast.Expr{}, enters: map[uint64]*ast.Rule{}, held: map[*ast.Rule]bool{}}
	// Without early exit and index, so that each rule is tried, and not only as many as decide.
	t := p.start(ctx, in, input).WithQueryTracer(w).WithEarlyExit(false).WithIndexing(false)
	a, err := run(ctx, t)
	v := p.failed(ctx, err)
	if err == nil {
		v = p.verdict(in, &a)
	}
	e := explanation(v)
	w.fill(&e)
	return e
}

func explanation(v engine.Verdict) Explanation {
	e := Explanation{
		Effect: v.Effect.String(), Code: v.Code, Custom: v.Custom, Reason: v.Reason, Data: v.Data, Args: v.Args, Auth: v.Auth,
		Allow: []Cause{}, Deny: []Cause{}, Transform: []Cause{}, Helpers: []Cause{}, Missed: []Cause{},
	}
	if v.Err != nil {
		e.Error = v.Err.Error()
	}
	if v.Effect == engine.Deny && e.Reason == "" {
		e.Reason = v.Code.String()
	}
	return e
}

// maxCauses bounds what is noted: a policy may try a helper for each of very many elements.
const maxCauses = 1000

// watch is a topdown.QueryTracer that notes which rules held and where others failed.
type watch struct {
	enters map[uint64]*ast.Rule // by the query of its body
	failed map[uint64]*ast.Expr // the last expression that failed, by the same
	held   map[*ast.Rule]bool
	causes []Cause // one for each rule that held, and each member that it gave
}

// Enabled says that there is somebody watching.
func (*watch) Enabled() bool { return true }

// Config asks for no more than the events.
func (*watch) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent takes note of one event.
func (w *watch) TraceEvent(e topdown.Event) {
	if len(w.causes) >= maxCauses {
		return
	}
	switch n := e.Node.(type) {
	case *ast.Rule:
		if n.Loc() == nil || n.Loc().File == defaultsName {
			return
		}
		if e.Op == topdown.EnterOp {
			w.enters[e.QueryID] = n
		}
		if e.Op == topdown.ExitOp && !n.Default {
			w.exit(n, &e)
		}
	case *ast.Expr:
		if e.Op == topdown.FailOp && w.enters[e.QueryID] != nil {
			w.failed[e.QueryID] = n
		}
	}
}

func (w *watch) exit(r *ast.Rule, e *topdown.Event) {
	w.held[r] = true
	c := Cause{Rule: r.Ref().GroundPrefix().String(), At: r.Loc().String()}
	if c.Rule == pkg+"."+ruleDeny && r.Head.Key != nil {
		c.Value = string(appendJSON(nil, e.Plug(r.Head.Key).Value))
	}
	if !slices.Contains(w.causes, c) {
		w.causes = append(w.causes, c)
	}
}

// fill sorts the notes into e.
func (w *watch) fill(e *Explanation) {
	for _, c := range w.causes {
		switch c.Rule {
		case pkg + "." + ruleAllow:
			e.Allow = append(e.Allow, c)
		case pkg + "." + ruleDeny:
			e.Deny = append(e.Deny, c)
		case pkg + "." + ruleTransform:
			e.Transform = append(e.Transform, c)
		default:
			e.Helpers = append(e.Helpers, c)
		}
	}
	byPlace := func(a, b uint64) int { return w.enters[a].Loc().Compare(w.enters[b].Loc()) }
	for _, query := range slices.SortedFunc(maps.Keys(w.enters), byPlace) {
		r := w.enters[query]
		if r.Default || w.held[r] || r.Ref().GroundPrefix().String() != pkg+"."+ruleAllow {
			continue
		}
		c := Cause{Rule: pkg + "." + ruleAllow, At: r.Loc().String()}
		if expr := w.failed[query]; expr != nil && expr.Loc() != nil {
			c.Expr = fmt.Sprintf("%s: %s", expr.Loc(), expr.Loc().Text)
		}
		e.Missed = append(e.Missed, c)
	}
}

// String gives some lines for a terminal.
func (e Explanation) String() string {
	var b strings.Builder
	b.WriteString(e.Effect)
	if e.Code != 0 {
		fmt.Fprintf(&b, " (%d): %s", e.Code, e.Reason)
	}
	b.WriteByte('\n')
	for _, l := range []struct {
		title string
		list  []Cause
	}{{"allow", e.Allow}, {"deny", e.Deny}, {"transform", e.Transform}, {"helper", e.Helpers}, {"allow not", e.Missed}} {
		for _, c := range l.list {
			fmt.Fprintf(&b, "  %-9s %s %s\n", l.title, c.At, strings.TrimSpace(strings.TrimPrefix(c.Rule, pkg+".")+" "+c.Value+c.Expr))
		}
	}
	for _, l := range []struct {
		title string
		text  []byte
	}{{"code", e.Custom}, {"data", e.Data}, {"args", e.Args}, {"auth", e.Auth}, {"error", []byte(e.Error)}} {
		if len(l.text) > 0 {
			fmt.Fprintf(&b, "  %-9s %s\n", l.title, l.text)
		}
	}
	return b.String()
}
