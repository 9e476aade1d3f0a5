package closures

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// with compiles a block under another input or data.
func (b *body) with(s *ir.WithStmt) step {
	if s.Local > ir.Data {
		b.refuse("with on local %d", s.Local)
		return nil
	}
	b.program.whole = b.program.whole || s.Local == ir.Input
	var keys []*ast.Term
	for _, k := range s.Path {
		keys = append(keys, b.strings[k])
	}
	from, l := b.operand(s.Value), int(s.Local)
	inside := b.nested(s.Block, levelBlock, b.rooted()...)
	return func(m *machine, f []*ast.Term) signal {
		old, v := f[l], from.get(m, f)
		if len(keys) > 0 {
			if v == nil {
				return out
			}
			if v = put(old, keys, v); v == nil {
				return m.fail(errType)
			}
		}
		f[l] = v
		m.enter(f[ir.Input], f[ir.Data])
		sig := inside.run(m, f)
		if f[l] = old; sig == failed {
			return sig
		}
		if m.leave(); sig > out {
			return outer(sig)
		}
		return sig
	}
}

// rooted gives the locals that are known to be paths: under another document they are none.
func (b *body) rooted() (out []ir.Local) {
	for l, k := range b.known {
		if k.kind == isInput || k.kind == isData {
			out = append(out, l)
		}
	}
	return out
}

// put gives a document that has v at keys, and is otherwise like t; nil where t is no object.
func put(t *ast.Term, keys []*ast.Term, v *ast.Term) *ast.Term {
	if len(keys) == 0 {
		return v
	}
	o := ast.NewObject()
	if t != nil {
		old, ok := t.Value.(ast.Object)
		if !ok {
			return nil
		}
		o = copied(old)
	}
	below := o.Get(keys[0])
	if below != nil {
		if _, ok := below.Value.(ast.Object); !ok {
			below = nil
		}
	}
	o.Insert(keys[0], put(below, keys[1:], v))
	return ast.NewTerm(o)
}
