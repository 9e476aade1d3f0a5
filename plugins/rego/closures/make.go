package closures

import (
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

var errConflict = errors.New("a rule gives more than one value")

// make compiles the making of a value: a constant of the text, or a collection that will be added to. Such a one is empty,
// and anybody's, until the first is added.
func (b *body) make(s ir.Stmt, l ir.Local) step {
	delete(b.known, l)
	if b.results[l] {
		return func(m *machine, _ []*ast.Term) signal {
			clear(m.values)
			return next
		}
	}
	if t := b.runs.values[s]; t != nil {
		return b.constant(l, t)
	}
	to := b.size(l)
	switch s.(type) {
	case *ir.MakeArrayStmt:
		return set(to, ast.InternedEmptyArray)
	case *ir.MakeObjectStmt:
		return set(to, ast.InternedEmptyObject)
	case *ir.MakeSetStmt:
		return set(to, ast.InternedEmptySet)
	}
	return b.constant(l, b.runs.fresh(s))
}

// change compiles an addition to a collection. A collection found elsewhere is not the function's own: it is copied.
func (b *body) change(s ir.Stmt) step {
	l, _ := changed(s)
	delete(b.known, l)
	if o, ok := s.(*ir.ObjectInsertStmt); ok && b.results[l] {
		return b.bind(o)
	}
	b.read[l] = true
	to, foreign := b.size(l), b.foreign[l]
	switch s := s.(type) {
	case *ir.ArrayAppendStmt:
		return appendStep(to, b.operand(s.Value), foreign)
	case *ir.SetAddStmt:
		return addStep(to, b.operand(s.Value), foreign)
	case *ir.ObjectInsertStmt:
		return insertStep(to, b.operand(s.Key), b.operand(s.Value), insertion{foreign: foreign})
	case *ir.ObjectInsertOnceStmt:
		return insertStep(to, b.operand(s.Key), b.operand(s.Value), insertion{foreign: foreign, once: true})
	}
	return nil
}

// bind compiles the giving of a value to a variable of the query.
func (b *body) bind(s *ir.ObjectInsertStmt) step {
	key, ok := s.Key.Value.(ir.StringIndex)
	if !ok {
		b.refuse("a variable without name")
		return nil
	}
	i, from := b.vars[b.plan.Static.Strings[key].Value], b.operand(s.Value)
	return func(m *machine, f []*ast.Term) signal {
		m.values[i] = from.get(m, f)
		return next
	}
}

func appendStep(to int, from operand, foreign bool) step {
	return func(m *machine, f []*ast.Term) signal {
		v := from.get(m, f)
		if f[to] == nil || v == nil {
			return m.fail(errType)
		}
		a, ok := f[to].Value.(*ast.Array)
		switch {
		case !ok:
			return m.fail(errType)
		case f[to] == ast.InternedEmptyArray:
			f[to] = ast.ArrayTerm(v)
		case foreign:
			f[to] = ast.ArrayTerm(append(elements(a), v)...)
		default:
			f[to].Value = a.Append(v)
		}
		return next
	}
}

func elements(a *ast.Array) []*ast.Term {
	out := make([]*ast.Term, a.Len())
	for i := range out {
		out[i] = a.Elem(i)
	}
	return out
}

func addStep(to int, from operand, foreign bool) step {
	return func(m *machine, f []*ast.Term) signal {
		v := from.get(m, f)
		if f[to] == nil || v == nil {
			return m.fail(errType)
		}
		s, ok := f[to].Value.(ast.Set)
		switch {
		case !ok:
			return m.fail(errType)
		case f[to] == ast.InternedEmptySet:
			f[to] = ast.SetTerm(v)
			return next
		case foreign:
			s = ast.NewSet(s.Slice()...)
			f[to] = ast.NewTerm(s)
		}
		s.Add(v)
		return next
	}
}

type insertion struct {
	once    bool // another value at the key is a conflict
	foreign bool // the object may be another's
}

func insertStep(to int, key, from operand, how insertion) step {
	return func(m *machine, f []*ast.Term) signal {
		k, v := key.get(m, f), from.get(m, f)
		if f[to] == nil || k == nil || v == nil {
			return m.fail(errType)
		}
		o, ok := f[to].Value.(ast.Object)
		if !ok {
			return m.fail(errType)
		}
		if f[to] == ast.InternedEmptyObject {
			f[to] = ast.ObjectTerm(ast.Item(k, v))
			return next
		}
		if old := o.Get(k); old != nil {
			if old == v || same(old, v) {
				return next
			}
			if how.once {
				return m.fail(errConflict)
			}
		}
		if how.foreign {
			o = copied(o)
			f[to] = ast.NewTerm(o)
		}
		o.Insert(k, v)
		return next
	}
}

// copied gives an object with the elements of o.
func copied(o ast.Object) ast.Object {
	pairs := make([][2]*ast.Term, 0, o.Len())
	o.Foreach(func(k, v *ast.Term) { pairs = append(pairs, ast.Item(k, v)) })
	return ast.NewObject(pairs...)
}

func (b *body) merge(s *ir.ObjectMergeStmt) step {
	x, y, l := b.local(s.A), b.local(s.B), b.size(s.Target)
	delete(b.known, s.Target)
	return func(m *machine, f []*ast.Term) signal {
		v, w := x.get(m, f), y.get(m, f)
		if v == nil || w == nil {
			return m.fail(errType)
		}
		if f[l] = merged(v, w); f[l] == nil {
			return m.fail(errConflict)
		}
		return next
	}
}

// merged gives a with what b has; nil where both have a value that is no object, but not the same.
func merged(a, b *ast.Term) *ast.Term {
	x, ok := a.Value.(ast.Object)
	y, both := b.Value.(ast.Object)
	if !ok || !both {
		return nil
	}
	out, ok := copied(x), true
	y.Foreach(func(k, v *ast.Term) {
		old := out.Get(k)
		if old != nil {
			v = merged(old, v)
		}
		if v == nil {
			ok = false
			return
		}
		out.Insert(k, v)
	})
	if !ok {
		return nil
	}
	return ast.NewTerm(out)
}
