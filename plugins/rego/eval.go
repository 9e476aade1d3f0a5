package rego

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/turn"
)

// query is a compiled query over some of the three rules, each bound to a variable of its name.
type query struct {
	body     ast.Body
	compiler ast.QueryCompiler
	program  program // the same as closures
}

// answers are the values of the three rules; nil where the query does not ask for one, or there is none.
type answers struct{ allow, deny, transform ast.Value }

var nop = metrics.NoOp()

// prepare compiles the queries and takes notes of the policy's text.
func (p *Policy) prepare(modules map[string]*ast.Module) (err error) {
	var names []string
	for _, name := range []string{ruleDeny, ruleTransform, ruleAllow} {
		if len(rules(modules, name)) > 0 {
			names = append(names, name)
		}
	}
	if p.full, err = p.query(names); err != nil {
		return err
	}
	p.transforms = slices.Contains(names, ruleTransform)
	names = slices.DeleteFunc(names, func(name string) bool { return name == ruleAllow })
	if p.answer, err = p.query(names); err != nil {
		return err
	}
	p.named = constants(rules(modules, ruleDeny))
	p.reads = footprint(p.compiler)
	p.plans = newPlans(p)
	return nil
}

// query makes `deny = data.siogw.authz.deny; …`. It is always defined, for the rules have defaults, and
// it leaves the other rules of the package alone.
func (p *Policy) query(names []string) (query, error) {
	var body ast.Body
	for _, name := range names {
		ref := ast.MustParseRef(pkg + "." + name) // names are ours
		body.Append(ast.Equality.Expr(ast.VarTerm(name), ast.NewTerm(ref)))
	}
	if len(body) == 0 {
		return query{}, nil
	}
	plain := body.Copy()
	qc := p.compiler.QueryCompiler()
	compiled, err := qc.Compile(body)
	if err != nil {
		return query{}, fmt.Errorf("policy query: %w", err)
	}
	swift, err := p.program(plain)
	return query{compiled, qc, swift}, err
}

// start makes an evaluation of the query that answers for in.
func (p *Policy) start(ctx context.Context, in *engine.Input, input ast.Value) *topdown.Query {
	q := &p.full
	if !needsAllow(in) {
		q = &p.answer
	}
	t := topdown.NewQuery(q.body).
		WithCompiler(p.compiler).
		WithQueryCompiler(q.compiler).
		WithStore(p.store).
		WithTransaction(p.txn).
		WithMetrics(nop).
		WithInput(ast.NewTerm(input)).
		WithTime(in.Time).
		WithStrictBuiltinErrors(true)
	if c := newClock(ctx, in, p.timeout); c != nil {
		t = t.WithCancel(c)
	}
	return t
}

// silent reports whether the policy has nothing to say about in: it is the server's ack, and there is
// neither deny nor transform.
func (p *Policy) silent(in *engine.Input) bool { return len(p.answer.body) == 0 && !needsAllow(in) }

// needsAllow reports whether in must be allowed, and not only not denied: all but the server's ack.
func needsAllow(in *engine.Input) bool { return in.Kind != engine.Ack || in.Direction != engine.Out }

var errUndefined = errors.New("the policy query has no result")

// run evaluates t.
func run(ctx context.Context, t *topdown.Query) (a answers, err error) {
	found := false
	err = t.Iter(ctx, func(qr topdown.QueryResult) error {
		a, found = answers{value(qr, ruleAllow), value(qr, ruleDeny), value(qr, ruleTransform)}, true
		return nil
	})
	if err == nil && !found {
		err = errUndefined
	}
	return a, err
}

func value(qr topdown.QueryResult, name ast.Var) ast.Value {
	if t := qr[name]; t != nil {
		return t.Value
	}
	return nil
}

// failed makes the verdict of an evaluation that gave err.
func (p *Policy) failed(ctx context.Context, err error) engine.Verdict {
	switch cause := ctx.Err(); {
	case !topdown.IsCancel(err):
		return engine.Failed(engine.CodePolicyError, err)
	case cause != nil:
		return engine.Failed(engine.CodePolicyTimeout, fmt.Errorf("policy stopped: %w", cause))
	}
	return engine.Failed(engine.CodePolicyTimeout, fmt.Errorf("policy took longer than %v: %w", p.timeout, err))
}

// clock is a topdown.Cancel that looks at the time itself every few steps of the evaluation, so that an
// evaluation needs no timer and no goroutine. It runs from the first step on. One that takes long leaves its turn. One
// evaluation uses it.
type clock struct {
	ctx      context.Context
	turn     turn.Turn
	pace     turn.Pace
	timeout  time.Duration // 0 for none
	deadline time.Time
	steps    uint
	over     bool
}

// every is how many steps pass between two looks: a step takes 100 ns and more, a look 50.
const every = 16

// newClock gives nil where nobody looks at the time.
func newClock(ctx context.Context, in *engine.Input, timeout time.Duration) *clock {
	if c := new(clock); c.begin(ctx, in, timeout) {
		return c
	}
	return nil
}

// begin makes c the clock of an evaluation. It reports false where nobody looks at the time.
func (c *clock) begin(ctx context.Context, in *engine.Input, timeout time.Duration) bool {
	*c = clock{ctx: ctx, turn: in.Turn, timeout: timeout}
	return timeout > 0 || ctx.Done() != nil || in.Turn != nil
}

// Cancel ends the evaluation at its next step.
func (c *clock) Cancel() { c.over = true }

// Cancelled reports whether the evaluation has to end.
func (c *clock) Cancelled() bool {
	if c.steps++; c.over || c.steps%every != 1 {
		return c.over
	}
	now := time.Now()
	if c.steps == 1 {
		c.pace.Begin(c.turn, now)
		c.deadline = now.Add(c.timeout)
	}
	c.over = c.ctx.Err() != nil || c.timeout > 0 && now.After(c.deadline)
	c.pace.Look(now)
	return c.over
}
