package closures

import "github.com/open-policy-agent/opa/v1/ast"

// run makes the steps of b until one does not hold.
func (b *block) run(m *machine, f []*ast.Term) signal {
	for _, s := range b.steps {
		if sig := s(m, f); sig != next {
			return sig
		}
	}
	return next
}

// outer is what a signal out of a block is to the block around it.
func outer(s signal) signal {
	if s < returned {
		s--
	}
	return s
}

// blockStep makes each block; one that ends early is followed by the next.
func blockStep(blocks []block) step {
	return func(m *machine, f []*ast.Term) signal {
		for i := range blocks {
			if s := blocks[i].run(m, f); s > out {
				return outer(s)
			}
		}
		return next
	}
}

// notStep holds where b ends early.
func notStep(b block) step {
	return func(m *machine, f []*ast.Term) signal {
		switch s := b.run(m, f); s {
		case next:
			return out
		case out:
			return next
		default:
			return outer(s)
		}
	}
}

// scanStep makes b for each element of a collection, in order.
func scanStep(from operand, key, value int, b block) step {
	return func(m *machine, f []*ast.Term) signal {
		t := from.get(m, f)
		if t == nil {
			return next
		}
		switch c := t.Value.(type) {
		case *ast.Array:
			for i := range c.Len() {
				f[key], f[value] = ast.InternedTerm(i), c.Elem(i)
				if s := b.turn(m, f); s != next {
					return s
				}
			}
		case ast.Set:
			for _, e := range c.Slice() {
				f[key], f[value] = e, e
				if s := b.turn(m, f); s != next {
					return s
				}
			}
		case ast.Object:
			sig := next
			c.Until(func(k, v *ast.Term) bool {
				f[key], f[value] = k, v
				sig = b.turn(m, f)
				return sig != next
			})
			return sig
		}
		return next
	}
}

// turn makes b for one element; what is not next ends the loop.
func (b *block) turn(m *machine, f []*ast.Term) signal {
	if !m.tick() {
		return failed
	}
	if s := b.run(m, f); s > out {
		return outer(s)
	}
	return next
}

// call gives the value of fn; nil for none. ok is false after an error.
func (m *machine) call(fn *function, args []operand, f []*ast.Term) (t *ast.Term, ok bool) {
	s := m.scope
	always := fn.fixed != nil && s.data == m.program.data
	switch {
	case always && fn.fixed.Load() != nil:
		t = fn.fixed.Load()
	case fn.memo >= 0:
		t = s.memo[fn.memo]
	}
	if t == nil {
		if t, ok = m.evaluate(fn, args, f); !ok {
			return nil, false
		}
		if t == nil {
			t = absent
		}
		if always {
			fn.fixed.Store(t)
		}
		if fn.memo >= 0 {
			s.memo[fn.memo] = t
		}
	}
	if t == absent {
		return nil, true
	}
	return t, true
}

func (m *machine) evaluate(fn *function, args []operand, f []*ast.Term) (t *ast.Term, ok bool) {
	if m.depth++; m.depth > maxDepth {
		m.err = errDeep
	}
	if !m.tick() || m.err != nil {
		return nil, false
	}
	top := m.top
	g := m.frame(fn.size)
	for i := range args {
		g[fn.params[i]] = args[i].get(m, f)
	}
	m.result = nil
	for i := range fn.blocks {
		b := &fn.blocks[i]
		s := b.run(m, g)
		if s >= returned {
			break
		}
		if b.quit && g[fn.ret] != nil {
			m.result = g[fn.ret]
			break
		}
	}
	m.top = top
	m.depth--
	t, m.result = m.result, nil
	return t, m.err == nil
}
