package closures

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// statement compiles one; nil where there is nothing to do. rest is what follows it in its block.
func (b *body) statement(s ir.Stmt, rest []ir.Stmt) step {
	if b.runs.covered[s] {
		return nil
	}
	if l, ok := made(s); ok {
		return b.make(s, l)
	}
	if _, ok := changed(s); ok {
		return b.change(s)
	}
	switch s := s.(type) {
	case *ir.BlockStmt:
		var list []block
		for _, x := range s.Blocks {
			list = append(list, b.nested(x, levelBlock))
		}
		return blockStep(list)
	case *ir.ScanStmt:
		from := b.local(s.Source)
		inner := b.nested(s.Block, levelScan, s.Key, s.Value)
		return scanStep(from, b.size(s.Key), b.size(s.Value), inner)
	case *ir.NotStmt:
		return notStep(b.nested(s.Block, levelBlock))
	case *ir.WithStmt:
		return b.with(s)
	case *ir.BreakStmt:
		sig := b.leave(int(s.Index))
		return func(*machine, []*ast.Term) signal { return sig }
	case *ir.CallStmt:
		return b.call(s)
	case *ir.CallDynamicStmt:
		return b.callDynamic(s)
	case *ir.ReturnLocalStmt:
		from := b.local(s.Source)
		return func(m *machine, f []*ast.Term) signal {
			m.result = from.get(m, f)
			return returned
		}
	case *ir.ResultSetAddStmt:
		return func(m *machine, _ []*ast.Term) signal {
			m.yield(m.values)
			return next
		}
	case *ir.NopStmt:
		return nil
	}
	return b.small(s, rest)
}

// leave gives the signal out of the n-th block around the current one. No step leaves a loop but for its next turn.
func (b *body) leave(n int) signal {
	if n >= len(b.levels) {
		b.refuse("a break out of %d blocks of %d", n+1, len(b.levels))
		return out
	}
	for i := range n {
		if b.levels[len(b.levels)-1-i] == levelScan {
			b.refuse("a break out of a loop")
		}
	}
	return signal(n + 1)
}

// small compiles what looks at values, and what copies them.
func (b *body) small(s ir.Stmt, rest []ir.Stmt) step {
	switch s := s.(type) {
	case *ir.DotStmt:
		return b.dot(s, rest)
	case *ir.EqualStmt:
		return equalStep(b.operand(s.A), b.operand(s.B))
	case *ir.NotEqualStmt:
		return notEqualStep(b.operand(s.A), b.operand(s.B))
	case *ir.AssignVarStmt:
		return b.assign(s.Target, b.operand(s.Source))
	case *ir.AssignVarOnceStmt:
		return b.assignOnce(s)
	case *ir.AssignIntStmt:
		return b.constant(s.Target, ast.InternedTerm(s.Value))
	case *ir.ResetLocalStmt:
		delete(b.known, s.Target)
		return set(b.size(s.Target), nil)
	case *ir.LenStmt:
		return b.length(s)
	case *ir.IsDefinedStmt:
		from := b.local(s.Source)
		return holds(func(m *machine, f []*ast.Term) bool { return from.get(m, f) != nil })
	case *ir.IsUndefinedStmt:
		from := b.local(s.Source)
		return holds(func(m *machine, f []*ast.Term) bool { return from.get(m, f) == nil })
	case *ir.IsArrayStmt:
		return isA[*ast.Array](b.operand(s.Source))
	case *ir.IsObjectStmt:
		return isA[ast.Object](b.operand(s.Source))
	case *ir.IsSetStmt:
		return isA[ast.Set](b.operand(s.Source))
	case *ir.ObjectMergeStmt:
		return b.merge(s)
	}
	b.refuse("a statement of kind %T", s)
	return nil
}

func holds(test func(m *machine, f []*ast.Term) bool) step {
	return func(m *machine, f []*ast.Term) signal {
		if test(m, f) {
			return next
		}
		return out
	}
}

func isA[T ast.Value](from operand) step {
	return holds(func(m *machine, f []*ast.Term) bool {
		t := from.get(m, f)
		if t == nil {
			return false
		}
		_, ok := t.Value.(T)
		return ok
	})
}

func set(l int, t *ast.Term) step {
	return func(_ *machine, f []*ast.Term) signal {
		f[l] = t
		return next
	}
}

// constant makes l hold t.
func (b *body) constant(l ir.Local, t *ast.Term) step {
	b.known[l] = operand{kind: isTerm, term: t}
	if !b.needs(l) {
		return nil
	}
	return set(b.size(l), t)
}

// assign makes to hold what from stands for.
func (b *body) assign(to ir.Local, from operand) step {
	delete(b.known, to)
	if from.kind != isLocal {
		b.known[to] = from
		if !b.needs(to) {
			return nil
		}
	}
	l := b.size(to)
	return func(m *machine, f []*ast.Term) signal {
		f[l] = from.get(m, f)
		return next
	}
}

func (b *body) assignOnce(s *ir.AssignVarOnceStmt) step {
	delete(b.known, s.Target)
	from, l := b.operand(s.Source), b.size(s.Target)
	b.read[s.Target] = true
	return func(m *machine, f []*ast.Term) signal {
		v := from.get(m, f)
		if old := f[l]; old != nil && v != old && (v == nil || !same(old, v)) {
			return m.fail(errConflict)
		}
		f[l] = v
		return next
	}
}

// dot compiles a look-up. Where the input, or the data, is looked into by constants there is a path; nothing needs to
// be done for one here if the step behind finds out that there is nothing.
func (b *body) dot(s *ir.DotStmt, rest []ir.Stmt) step {
	at, key, ok := b.within(s)
	l := b.size(s.Target)
	if !ok {
		at = b.operand(s.Source)
	}
	delete(b.known, s.Target)
	if ok {
		b.known[s.Target] = at
		switch {
		case b.needs(s.Target):
			return func(m *machine, f []*ast.Term) signal {
				if f[l] = at.get(m, f); f[l] == nil {
					return out
				}
				return next
			}
		case b.wanted(rest, s.Target):
			return nil
		}
		return holds(func(m *machine, f []*ast.Term) bool { return at.get(m, f) != nil })
	}
	return func(m *machine, f []*ast.Term) signal {
		if f[l] = m.dot(at.get(m, f), key.get(m, f)); f[l] == nil {
			return out
		}
		return next
	}
}

// wanted reports whether list does not hold where l has no value. Constants that it makes before it looks at l do nothing.
func (b *body) wanted(list []ir.Stmt, l ir.Local) bool {
	for _, s := range list {
		if to, ok := made(s); b.runs.covered[s] || ok && to != l && !b.results[to] {
			continue
		}
		return wants(s, l)
	}
	return false
}

// wants reports whether s does not hold where l has no value.
func wants(s ir.Stmt, l ir.Local) bool {
	switch s := s.(type) {
	case *ir.DotStmt:
		return s.Source.Value == l && s.Target != l
	case *ir.EqualStmt:
		return s.A.Value == l || s.B.Value == l
	case *ir.NotEqualStmt:
		return s.A.Value == l || s.B.Value == l
	case *ir.IsArrayStmt:
		return s.Source.Value == l
	case *ir.IsObjectStmt:
		return s.Source.Value == l
	case *ir.IsSetStmt:
		return s.Source.Value == l
	}
	return false
}

func (b *body) length(s *ir.LenStmt) step {
	from, l := b.operand(s.Source), b.size(s.Target)
	delete(b.known, s.Target)
	return func(m *machine, f []*ast.Term) signal {
		n := length(from.get(m, f))
		if n < 0 {
			return m.fail(errType)
		}
		f[l] = ast.InternedTerm(n)
		return next
	}
}

// length gives the number of elements, -1 for what is no collection.
func length(t *ast.Term) int {
	if t != nil {
		switch v := t.Value.(type) {
		case *ast.Array:
			return v.Len()
		case ast.Set:
			return v.Len()
		case ast.Object:
			return v.Len()
		}
	}
	return -1
}
