package closures

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Program is a compiled query. It is safe for concurrent use.
type Program struct {
	vars     []string // of the query, sorted
	blocks   []block
	size     int // of the query's frame
	funcs    []*function
	paths    []path // the parts of input and data that the program names; the first is none
	data     *ast.Term
	now      bool // it asks for the time
	whole    bool // it looks at the input otherwise than by paths
	machines sync.Pool
}

// function is a rule, or a function of the policy.
type function struct {
	name   string
	params []int // locals
	size   int   // of the frame
	ret    int
	blocks []block
	memo   int                       // its place in scope.memo; -1 where it has arguments
	fixed  *atomic.Pointer[ast.Term] // its value where it depends on data alone; nil where it may depend on more
}

// block is a row of steps that ends at the first that does not hold.
type block struct {
	steps []step
	quit  bool // what comes behind neither changes a result that is defined, nor fails
}

// step is a compiled statement. f are the locals of the function that it stands in.
type step func(m *machine, f []*ast.Term) signal

// signal says how to go on: with the next step, or out of so many blocks.
type signal uint32

const (
	next     signal = 0
	out      signal = 1       // the statement does not hold
	returned signal = 1 << 30 // machine.result is the function's
	failed   signal = 1 << 31 // machine.err says why
)

// Errors of Eval beside those of the policy.
var (
	// ErrStopped means that Stop said so.
	ErrStopped = errors.New("evaluation stopped")
	errPanic   = errors.New("panic")
	errDeep    = errors.New("rules too deep in one another")
	errType    = errors.New("not what a plan has here")
)

// Eval are the circumstances of one evaluation.
type Eval struct {
	Input *ast.Term
	// Parts, when not nil, is the input: it needs a program that is split, and Input does not count.
	Parts Parts
	Time  time.Time
	// Stop, when not nil, is asked whether to end the evaluation, at each turn of a loop and each call: it must be cheap.
	Stop topdown.Cancel
}

// Vars gives the variables of the query, in the order of their values.
func (p *Program) Vars() []string { return p.vars }

// Run evaluates: yield gets the values of the variables for each solution, nil for one without value. The slice is
// its own only until it returns. After an error other than ErrStopped nothing is known, and the evaluator is to
// be asked: it knows whether the policy gives an error, too, and tells it better.
func (p *Program) Run(ctx context.Context, e Eval, yield func(values []*ast.Term)) error {
	m, _ := p.machines.Get().(*machine)
	if m == nil {
		m = newMachine(p)
	}
	m.begin(ctx, &e, yield)
	err := m.run()
	if m.end() {
		p.machines.Put(m)
	}
	return err
}

// nop is shared: metrics of one evaluation are of no use here.
var nop = metrics.NoOp()
