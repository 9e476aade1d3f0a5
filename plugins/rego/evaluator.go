package rego

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/rego/closures"
)

// Evaluators that a policy can have.
const (
	EvaluatorClosures = "closures" // the policy's plan, compiled; OPA's own where that gives an error
	EvaluatorTopdown  = "topdown"  // OPA's own
)

// program is a query compiled to closures, and where its answers are.
type program struct {
	*closures.Program
	why error // there is none
	// handed counts evaluations that topdown made after all.
	handed *atomic.Uint64
	at     [3]int  // the places of allow, deny, transform in its values; -1 for one that the query does not ask for
	places []place // of the document that it looks at; none where the document is made as a whole
}

// program compiles the query of body. What cannot be compiled is left to topdown.
func (p *Policy) program(body ast.Body) (program, error) {
	if p.topdown {
		return program{}, nil
	}
	c, err := closures.Compile(context.Background(), &closures.Source{Compiler: p.compiler, Query: body, Store: p.store, Txn: p.txn,
		Pure: func(name string) bool { return pure[name] }})
	if u := (*closures.Unsupported)(nil); errors.As(err, &u) {
		return program{why: u}, nil
	}
	if err != nil {
		return program{}, err
	}
	out := program{Program: c, handed: &atomic.Uint64{}, at: [3]int{-1, -1, -1}}
	for i, v := range c.Vars() {
		for j, name := range []string{ruleAllow, ruleDeny, ruleTransform} {
			if v == name {
				out.at[j] = i
			}
		}
	}
	places := []place{{}} // the first has no number
	split := c.Split(func(keys []*ast.Term) int {
		at, ok := placeOf(keys)
		if !ok {
			return 0
		}
		places = append(places, at)
		return len(places) - 1
	})
	if split {
		out.places = places
	}
	return out, nil
}

// Evaluator tells which evaluator serves the policy, and why when it is topdown though closures were not refused.
func (p *Policy) Evaluator() (name, why string) {
	for _, q := range []*query{&p.full, &p.answer} {
		if q.program.why != nil {
			return EvaluatorTopdown, q.program.why.Error()
		}
	}
	if p.topdown {
		return EvaluatorTopdown, ""
	}
	return EvaluatorClosures, ""
}

// Handed counts the evaluations that closures left to topdown, because of an error in the policy or for what is done
// seldom. They cost both.
func (p *Policy) Handed() (n uint64) {
	for _, q := range []*query{&p.full, &p.answer} {
		if q.program.handed != nil {
			n += q.program.handed.Load()
		}
	}
	return n
}

// evaluation is an evaluation by closures. It can be used again.
type evaluation struct {
	view    view
	clock   clock
	program *program
	answers answers
	found   bool
	take    func(values []*ast.Term) // takes note of the answers
}

var evaluations = sync.Pool{New: func() any {
	e := &evaluation{}
	e.take = func(values []*ast.Term) { e.answers, e.found = e.program.answers(values), true }
	return e
}}

// end lets go of all that was evaluated.
func (e *evaluation) end() {
	e.view.end()
	e.clock, e.program, e.answers, e.found = clock{}, nil, answers{}, false
	evaluations.Put(e)
}

// ask evaluates the query that answers for in. What the closures give is what topdown gives; where they give an error,
// topdown is asked, within the same time.
func (p *Policy) ask(ctx context.Context, in *engine.Input) (answers, error) {
	q := &p.full
	if !needsAllow(in) {
		q = &p.answer
	}
	if q.program.Program == nil {
		return p.topdownAsk(ctx, in, nil)
	}
	e := evaluations.Get().(*evaluation)
	by := closures.Eval{Time: in.Time}
	if e.view.places = q.program.places; e.view.places != nil && p.reads.top != whole && e.view.begin(&p.reads, in) {
		by.Parts = &e.view
	} else {
		input, err := p.reads.input(in)
		if err != nil {
			return answers{}, fmt.Errorf("input: %w", err)
		}
		by.Input = ast.NewTerm(input)
	}
	timed := e.clock.begin(ctx, in, p.timeout)
	if timed {
		by.Stop = &e.clock
	}
	e.program = &q.program
	err := q.program.Run(ctx, by, e.take)
	switch {
	case err == nil && e.found:
		a := e.answers
		e.end()
		return a, nil
	case errors.Is(err, closures.ErrStopped):
		return answers{}, &topdown.Error{Code: topdown.CancelErr, Message: "closures: " + err.Error()}
	}
	q.program.handed.Add(1)
	if !timed {
		return p.topdownAsk(ctx, in, nil)
	}
	return p.topdownAsk(ctx, in, &e.clock)
}

// topdownAsk evaluates the query by topdown: with the clock of an evaluation that began before, or nil.
func (p *Policy) topdownAsk(ctx context.Context, in *engine.Input, c *clock) (answers, error) {
	input, err := p.reads.input(in)
	if err != nil {
		return answers{}, fmt.Errorf("input: %w", err)
	}
	t := p.start(ctx, in, input)
	if c != nil {
		t = t.WithCancel(c)
	}
	return run(ctx, t)
}

func (p *program) answers(values []*ast.Term) answers {
	get := func(i int) ast.Value {
		if i < 0 || values[i] == nil {
			return nil
		}
		return values[i].Value
	}
	return answers{get(p.at[0]), get(p.at[1]), get(p.at[2])}
}
