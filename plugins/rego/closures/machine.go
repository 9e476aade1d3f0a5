package closures

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// machine is the state of an evaluation.
type machine struct {
	program *Program
	scope   *scope
	active  []*scope // those entered and not left, in order
	free    []*scope // those that can be used again, empty
	stack   []*ast.Term
	top     int
	high    int // of stack that was used
	depth   int
	builtin topdown.BuiltinContext
	parts   Parts     // of the input that is unmade
	result  *ast.Term // of the function that returned
	found   []*ast.Term
	take    func(*ast.Term) error // appends to found
	values  []*ast.Term           // of the query's variables
	yield   func([]*ast.Term)
	err     error
}

const (
	maxDepth = 1000    // of calls
	maxStack = 1 << 14 // terms that a machine keeps for the next evaluation
	maxScope = 64      // the same of scopes
)

func newMachine(p *Program) *machine {
	m := &machine{program: p, stack: make([]*ast.Term, 256), values: make([]*ast.Term, len(p.vars))}
	m.take = func(t *ast.Term) error {
		m.found = append(m.found, t)
		return nil
	}
	return m
}

// begin makes m ready.
func (m *machine) begin(ctx context.Context, e *Eval, yield func([]*ast.Term)) {
	m.yield, m.err, m.top, m.depth = yield, nil, 0, 0
	m.builtin = topdown.BuiltinContext{Context: ctx, Metrics: nop, Cancel: e.Stop}
	if m.program.now {
		m.builtin.Time = ast.NewTerm(ast.Number(json.Number(strconv.FormatInt(e.Time.UnixNano(), 10))))
	}
	input := e.Input
	if m.parts = e.Parts; m.parts != nil {
		input = unmade
	}
	m.enter(input, m.program.data)
}

func (m *machine) run() (err error) {
	if m.over() {
		return ErrStopped
	}
	defer func() { // a builtin function's panic; the evaluator would have it, too
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanic, r)
			m.high = maxStack + 1 // what m is in is not known
		}
	}()
	p := m.program
	f := m.frame(p.size)
	f[0], f[1] = m.scope.input, m.scope.data
	for i := range p.blocks {
		if s := p.blocks[i].run(m, f); s >= returned {
			break
		}
	}
	return m.err
}

// end lets go of all that was evaluated. It reports whether m can be used again.
func (m *machine) end() bool {
	for len(m.active) > 0 {
		m.leave()
	}
	if m.high > maxStack || len(m.free) > maxScope || cap(m.found) > maxStack {
		return false
	}
	clear(m.stack[:min(m.high, len(m.stack))])
	clear(m.values)
	clear(m.found[:cap(m.found)])
	m.high, m.result, m.yield, m.found, m.parts = 0, nil, nil, m.found[:0], nil
	m.builtin = topdown.BuiltinContext{}
	return true
}

// frame gives n locals without values.
func (m *machine) frame(n int) []*ast.Term {
	from, to := m.top, m.top+n
	if to > len(m.stack) {
		m.stack = make([]*ast.Term, 2*to) // frames that are in use stay where they are
	}
	m.top, m.high = to, max(m.high, to)
	f := m.stack[from:to:to]
	clear(f)
	return f
}

// over reports whether to stop.
func (m *machine) over() bool { return m.builtin.Cancel != nil && m.builtin.Cancel.Cancelled() }

// tick is for the turns of loops, and calls: it reports whether to go on. Even one addition to a set may take long, for a
// client can choose values whose hashes are equal.
func (m *machine) tick() bool {
	if m.over() {
		m.err = ErrStopped
		return false
	}
	return true
}

func (m *machine) fail(err error) signal {
	m.err = err
	return failed
}
