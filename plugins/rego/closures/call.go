package closures

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// timeNow is the one function that is served though it is not pure: it gives the time of the evaluation.
const timeNow = "time.now_ns"

func (b *body) call(s *ir.CallStmt) step {
	i, own := b.index[s.Func]
	var args []operand
	for n, a := range s.Args {
		if own && n == 0 && isInputLocal(a) {
			args = append(args, b.document(ir.Input))
		} else {
			args = append(args, b.operand(a))
		}
	}
	to := b.size(s.Result)
	delete(b.known, s.Result)
	if own {
		return b.callFunction(b.program.funcs[i], args, to)
	}
	decl, fn := ast.BuiltinMap[s.Func], topdown.GetBuiltin(s.Func)
	switch {
	case decl == nil || fn == nil:
		b.refuse("%s is no function of OPA's", s.Func)
		return nil
	case s.Func == timeNow:
		b.program.now = true
	case !b.pure(s.Func):
		b.refuse("%s depends on more than its operands", s.Func)
		return nil
	}
	if n := native(s.Func, args); n != nil {
		return nativeStep(n, slow(decl, fn, args), to)
	}
	general := slow(decl, fn, args)
	return func(m *machine, f []*ast.Term) signal { return general(m, f, to) }
}

func (b *body) callFunction(fn *function, args []operand, to int) step {
	if len(args) != len(fn.params) || fn.memo >= 0 && (!args[0].is(ir.Input) || !args[1].is(ir.Data)) {
		b.refuse("a call of %s that is not as usual", fn.name)
		return nil
	}
	return func(m *machine, f []*ast.Term) signal {
		v, ok := m.call(fn, args, f)
		if !ok {
			return failed
		}
		if f[to] = v; v == nil {
			return out
		}
		return next
	}
}

// is reports whether o is what the local l holds.
func (o *operand) is(l ir.Local) bool { return o.kind == isLocal && o.place == int(l) }

// slowCall calls a builtin function of OPA's.
type slowCall func(m *machine, f []*ast.Term, to int) signal

func slow(decl *ast.Builtin, fn topdown.BuiltinFunc, args []operand) slowCall {
	return func(m *machine, f []*ast.Term, to int) signal {
		top := m.top
		list := m.frame(len(args))
		for i := range args {
			if list[i] = args[i].get(m, f); list[i] == nil {
				m.top = top
				return out
			}
		}
		if m.over() { // each time: it may take long
			return m.fail(ErrStopped)
		}
		first := len(m.found)
		err := fn(m.builtin, list, m.take)
		m.top = top
		found := m.found[first:]
		m.found = m.found[:first]
		switch {
		case err != nil && topdown.IsCancel(err):
			return m.fail(ErrStopped)
		case err != nil:
			return m.fail(err)
		case decl.Relation:
			f[to] = ast.ArrayTerm(append([]*ast.Term(nil), found...)...)
			return next
		case decl.Decl.Result() == nil:
			f[to] = nil
			return next
		case len(found) > 1:
			return m.fail(errType)
		case len(found) == 0:
			return out
		}
		f[to] = found[0]
		return next
	}
}

// callDynamic compiles a call of the rule at a path that is computed.
func (b *body) callDynamic(s *ir.CallDynamicStmt) step {
	var path []operand
	for _, p := range s.Path {
		path = append(path, b.operand(p))
	}
	var args []operand
	for _, a := range s.Args {
		args = append(args, b.document(a))
	}
	to, gone, tree := b.size(s.Result), b.leave(3), b.dynamic
	delete(b.known, s.Result)
	if len(args) != 2 || !args[0].is(ir.Input) || !args[1].is(ir.Data) {
		b.refuse("a dynamic call that is not as usual")
	}
	return func(m *machine, f []*ast.Term) signal {
		at := tree
		for i := range path {
			t := path[i].get(m, f)
			if t == nil {
				return out
			}
			key, ok := t.Value.(ast.String)
			if at = at.sub[string(key)]; !ok || at == nil {
				return out
			}
		}
		if at.fn == nil {
			return out
		}
		if at.fn.memo < 0 {
			return m.fail(errType)
		}
		v, ok := m.call(at.fn, args, f)
		if !ok {
			return failed
		}
		if f[to] = v; v == nil {
			return gone
		}
		return next
	}
}
