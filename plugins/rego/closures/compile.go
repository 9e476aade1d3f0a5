package closures

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/storage"
)

// Unsupported tells why a query is left to the evaluator.
type Unsupported struct {
	At   string // file:line, or empty
	What string
}

// Error implements error.
func (u *Unsupported) Error() string {
	if u.At == "" {
		return u.What
	}
	return u.At + ": " + u.What
}

// compiler makes a program of a plan.
type compiler struct {
	plan    *ir.Policy
	program *Program
	pure    func(string) bool
	strings []*ast.Term // the plan's
	index   map[string]int
	pathOf  map[pathID]int
	vars    map[string]int
	sure    map[string]bool // functions that never fail
	dynamic *branch         // functions by path
}

// branch is a node of the tree of functions.
type branch struct {
	fn  *function // nil for none
	sub map[string]*branch
}

// Compile makes a program of a query. Its error is an *Unsupported where the evaluator is to serve instead.
func Compile(ctx context.Context, s *Source) (*Program, error) {
	plan, err := s.plan(ctx)
	if err != nil {
		return nil, &Unsupported{What: "the planner refuses it: " + err.Error()}
	}
	if len(plan.Plans.Plans) != 1 {
		return nil, &Unsupported{What: fmt.Sprintf("%d plans", len(plan.Plans.Plans))}
	}
	data, err := s.data(ctx)
	if err != nil {
		return nil, err
	}
	c := &compiler{plan: plan, program: &Program{paths: make([]path, 1), data: data}, pure: s.Pure,
		index: map[string]int{}, pathOf: map[pathID]int{}, vars: map[string]int{}, dynamic: &branch{}}
	for _, t := range plan.Static.Strings {
		c.strings = append(c.strings, ast.InternedTerm(t.Value))
	}
	c.declare()
	if err := c.functions(); err != nil {
		return nil, err
	}
	return c.program, c.query(plan.Plans.Plans[0])
}

// data gives all of the store.
func (s *Source) data(ctx context.Context) (*ast.Term, error) {
	v, err := s.Store.Read(ctx, s.Txn, storage.RootPath)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if d, ok := v.(ast.Value); ok {
		return ast.NewTerm(d), nil
	}
	d, err := ast.InterfaceToValue(v)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return ast.NewTerm(d), nil
}

// declare makes the functions, still without steps, so that each can call each.
func (c *compiler) declare() {
	for i, f := range c.plan.Funcs.Funcs {
		fn := &function{name: f.Name, ret: int(f.Return), memo: -1}
		for _, p := range f.Params {
			fn.params = append(fn.params, int(p))
		}
		if len(f.Params) == 2 {
			fn.memo = i
		}
		c.index[f.Name] = i
		c.program.funcs = append(c.program.funcs, fn)
		at := c.dynamic
		for _, key := range f.Path {
			if at.sub[key] == nil {
				if at.sub == nil {
					at.sub = map[string]*branch{}
				}
				at.sub[key] = &branch{}
			}
			at = at.sub[key]
		}
		at.fn = fn
	}
}

// maxBlocks bounds the blocks of a rule, two for a body: all are tried in turn, and from here on that costs more than
// what topdown does beside.
const maxBlocks = 500

func (c *compiler) functions() error {
	fixed := c.fixed()
	c.sure = c.safe()
	for i, f := range c.plan.Funcs.Funcs {
		fn := c.program.funcs[i]
		if len(f.Blocks) > maxBlocks {
			name := "data." + strings.Join(f.Path[1:], ".")
			return &Unsupported{What: name + " has very many bodies, of which the index of topdown finds those that may hold"}
		}
		blocks, size, err := c.body(f.Blocks)
		if err != nil {
			return err
		}
		fn.blocks, fn.size = blocks, max(size, slices.Max(fn.params)+1, fn.ret+1)
		if fixed[f.Name] {
			fn.fixed = &atomic.Pointer[ast.Term]{}
		}
		for j, quit := range c.quits(f) {
			fn.blocks[j].quit = quit
		}
	}
	return nil
}

func (c *compiler) query(p *ir.Plan) error {
	results := map[ir.Local]bool{}
	walk(p.Blocks, func(s ir.Stmt, _ []ir.Stmt) {
		if r, ok := s.(*ir.ResultSetAddStmt); ok {
			results[r.Value] = true
		}
	})
	names := map[string]bool{}
	walk(p.Blocks, func(s ir.Stmt, _ []ir.Stmt) {
		if o, ok := s.(*ir.ObjectInsertStmt); ok && results[o.Object] {
			if i, ok := o.Key.Value.(ir.StringIndex); ok {
				names[c.plan.Static.Strings[i].Value] = true
			}
		}
	})
	c.program.vars = slices.Sorted(maps.Keys(names))
	for i, name := range c.program.vars {
		c.vars[name] = i
	}
	var err error
	c.program.blocks, c.program.size, err = c.bodyOf(p.Blocks, results)
	return err
}

// body compiles the blocks of a function, twice: the first time tells which locals are read at all.
func (c *compiler) body(list []*ir.Block) ([]block, int, error) { return c.bodyOf(list, nil) }

func (c *compiler) bodyOf(list []*ir.Block, results map[ir.Local]bool) (out []block, size int, err error) {
	var needed []map[ir.Local]bool
	runs := literals(list, c.strings)
	for range 2 {
		b := &body{compiler: c, runs: runs, results: results, frame: 2}
		read := make([]map[ir.Local]bool, len(list))
		out = nil
		for i, one := range list {
			read[i] = map[ir.Local]bool{}
			b.read, b.known, b.foreign = read[i], map[ir.Local]operand{}, foreign(one)
			if needed != nil {
				b.needed = needed[i]
			}
			out = append(out, b.block(one, levelBlock))
		}
		if b.err != nil {
			return nil, 0, b.err
		}
		needed, size = share(list, read), b.frame
	}
	return out, size, nil
}

// body is the state of compiling a function's blocks.
type body struct {
	*compiler
	known   map[ir.Local]operand // what locals hold here, where that is known
	read    map[ir.Local]bool    // locals that steps of the current block read
	needed  map[ir.Local]bool    // those that the first time found to be read, of what it writes; nil the first time
	runs    *runs
	results map[ir.Local]bool // objects of the query's variables
	foreign map[ir.Local]bool // locals that may hold what another has made
	levels  []level
	frame   int
	at      *ir.Location
	err     error
}

// level is what a block belongs to.
type level uint8

const (
	levelBlock level = iota
	levelScan
)

// size takes note of a local.
func (b *body) size(l ir.Local) int {
	b.frame = max(b.frame, int(l)+1)
	return int(l)
}

// needs reports whether anybody reads l from the frame.
func (b *body) needs(l ir.Local) bool { return b.needed == nil || b.needed[l] }

func (b *body) refuse(format string, args ...any) {
	if b.err != nil {
		return
	}
	u := &Unsupported{What: fmt.Sprintf(format, args...)}
	if l := b.at; l != nil && l.File < len(b.plan.Static.Files) && l.Row > 0 {
		u.At = fmt.Sprintf("%s:%d", b.plan.Static.Files[l.File].Value, l.Row)
	}
	b.err = u
}

// block compiles a block within the others.
func (b *body) block(x *ir.Block, l level) (out block) {
	b.levels = append(b.levels, l)
	for i, s := range x.Stmts {
		if loc := s.GetLocation(); loc.Row > 0 {
			b.at = loc
		}
		if st := b.statement(s, x.Stmts[i+1:]); st != nil {
			out.steps = append(out.steps, st)
		}
	}
	b.levels = b.levels[:len(b.levels)-1]
	return out
}

// nested compiles a block of a statement: what it writes is not known within it from outside, nor afterwards.
func (b *body) nested(x *ir.Block, l level, also ...ir.Local) block {
	if x == nil {
		return block{}
	}
	gone := written(x)
	for _, w := range also {
		gone[w] = true
	}
	maps.DeleteFunc(b.known, func(l ir.Local, _ operand) bool { return gone[l] })
	outside := maps.Clone(b.known)
	out := b.block(x, l)
	b.known = outside
	return out
}
