package rego

import (
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// What is noted: a policy may try a helper for each of very many elements.
const (
	maxCauses  = 1000
	maxEnters  = 10_000
	maxBecause = 3 // rules below a rule, and rules of those
)

// watch is a topdown.QueryTracer that notes which rules held and where others failed.
type watch struct {
	policy *Policy
	input  ast.Value
	hidden secrets              // of the input
	enters map[uint64]*ast.Rule // by the query of its body
	missed map[*ast.Rule]*miss
	held   map[*ast.Rule]bool
	causes []Cause // one for each rule that held, and each member that it gave
	noted  map[string]bool
}

// miss is where a rule failed: where its body got furthest.
type miss struct {
	expr   *ast.Expr
	values []Value
	tries  int
}

func newWatch(p *Policy, input ast.Value) *watch {
	return &watch{policy: p, input: input, hidden: secretsOf(input), enters: map[uint64]*ast.Rule{}, missed: map[*ast.Rule]*miss{}, held: map[*ast.Rule]bool{}, noted: map[string]bool{}}
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
		if e.Op == topdown.EnterOp && len(w.enters) < maxEnters {
			w.enters[e.QueryID] = n
		}
		if e.Op == topdown.ExitOp && !n.Default {
			w.exit(n, &e)
		}
	case *ast.Expr:
		if r := w.enters[e.QueryID]; e.Op == topdown.FailOp && r != nil && !r.Default {
			w.fail(r, n, &e)
		}
	}
}

func (w *watch) exit(r *ast.Rule, e *topdown.Event) {
	w.held[r] = true
	c := Cause{Rule: r.Ref().GroundPrefix().String(), At: r.Loc().String()}
	if c.Rule == pkg+"."+ruleDeny && r.Head.Key != nil {
		c.Value = string(appendJSON(nil, w.hidden.hide(e.Plug(r.Head.Key).Value)))
	}
	key := c.Rule + c.At + c.Value
	if w.noted[key] {
		return
	}
	w.noted[key] = true
	s := w.scope(r, e)
	for _, expr := range r.Body {
		for _, v := range s.values(expr) {
			if !slices.Contains(c.Values, v) && len(c.Values) < maxNames {
				c.Values = append(c.Values, v)
			}
		}
	}
	w.causes = append(w.causes, c)
}

// fail notes where a body failed, when it got as far as never before.
func (w *watch) fail(r *ast.Rule, expr *ast.Expr, e *topdown.Event) {
	m := w.missed[r]
	if m == nil {
		m = &miss{}
		w.missed[r] = m
	}
	if m.tries++; m.expr == nil || expr.Index > m.expr.Index {
		m.expr, m.values = expr, w.scope(r, e).values(expr)
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
	var order []*ast.Rule
	for r := range w.missed {
		if !w.held[r] {
			order = append(order, r)
		}
	}
	slices.SortFunc(order, func(a, b *ast.Rule) int { return a.Loc().Compare(b.Loc()) })
	for _, r := range order {
		switch r.Ref().GroundPrefix().String() {
		case pkg + "." + ruleAllow:
			e.Missed = append(e.Missed, w.cause(r, order, maxBecause))
		case pkg + "." + ruleDeny:
			e.Passed = append(e.Passed, w.cause(r, order, maxBecause))
		}
	}
}

// cause tells where r failed, and because of which of the others.
func (w *watch) cause(r *ast.Rule, order []*ast.Rule, depth int) Cause {
	m := w.missed[r]
	c := Cause{Rule: r.Ref().GroundPrefix().String(), At: r.Loc().String(), Values: m.values}
	if l := m.expr.Loc(); l != nil {
		c.Expr = fmt.Sprintf("%s: %s", l, l.Text)
	}
	if m.tries > 1 {
		c.Tries = m.tries
	}
	if depth == 0 || m.expr.Negated {
		return c
	}
	ast.WalkRefs(m.expr, func(ref ast.Ref) bool {
		for _, other := range order {
			if len(c.Because) < maxBecause && other != r && ref.HasPrefix(other.Ref().GroundPrefix()) {
				c.Because = append(c.Because, w.cause(other, order, depth-1))
			}
		}
		return false
	})
	return c
}
