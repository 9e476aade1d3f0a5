package closures

import "github.com/open-policy-agent/opa/v1/ast"

// same reports whether two terms are one value.
func same(a, b *ast.Term) bool {
	if a == b {
		return true
	}
	switch x := a.Value.(type) {
	case ast.String:
		y, ok := b.Value.(ast.String)
		return ok && x == y
	case ast.Boolean:
		y, ok := b.Value.(ast.Boolean)
		return ok && x == y
	case ast.Null:
		_, ok := b.Value.(ast.Null)
		return ok
	case ast.Number:
		y, ok := b.Value.(ast.Number)
		return ok && (x == y || x.Compare(y) == 0)
	}
	return a.Value.Compare(b.Value) == 0
}

func equalStep(a, b operand) step {
	if a.kind == isTerm {
		a, b = b, a
	}
	if b.kind == isTerm {
		if s, ok := b.term.Value.(ast.String); ok {
			return holds(func(m *machine, f []*ast.Term) bool {
				t := a.get(m, f)
				if t == nil {
					return false
				}
				v, ok := t.Value.(ast.String)
				return ok && v == s
			})
		}
	}
	return holds(func(m *machine, f []*ast.Term) bool {
		x, y := a.get(m, f), b.get(m, f)
		return x != nil && y != nil && same(x, y)
	})
}

func notEqualStep(a, b operand) step {
	if b.kind == isTerm {
		if v, ok := b.term.Value.(ast.Boolean); ok {
			return holds(func(m *machine, f []*ast.Term) bool {
				t := a.get(m, f)
				if t == nil {
					return false
				}
				x, ok := t.Value.(ast.Boolean)
				return !ok || x != v
			})
		}
	}
	return holds(func(m *machine, f []*ast.Term) bool {
		x, y := a.get(m, f), b.get(m, f)
		return x != nil && y != nil && !same(x, y)
	})
}
