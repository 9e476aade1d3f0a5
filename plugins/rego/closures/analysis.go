package closures

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ir"
)

// fixed gives the functions whose value depends on data alone.
func (c *compiler) fixed() map[string]bool {
	return c.settle(func(f *ir.Func, is map[string]bool) bool {
		ok := len(f.Params) == 2
		walk(f.Blocks, func(s ir.Stmt, _ []ir.Stmt) {
			switch s := s.(type) {
			case *ir.CallStmt:
				if _, own := c.index[s.Func]; own {
					ok = ok && is[s.Func] // its first operand is the input, which it does not look at
				} else {
					ok = ok && s.Func != timeNow && !slices.ContainsFunc(s.Args, isInputLocal)
				}
			case *ir.WithStmt, *ir.CallDynamicStmt:
				ok = false
			default:
				ok = ok && !slices.ContainsFunc(operands(s), isInputLocal)
			}
		})
		return ok
	})
}

func isInputLocal(o ir.Operand) bool { return o.Value == ir.Input }

// settle gives the functions of which test holds, where that depends on the functions that they call.
func (c *compiler) settle(test func(f *ir.Func, is map[string]bool) bool) map[string]bool {
	is := map[string]bool{}
	for again := true; again; {
		again = false
		for _, f := range c.plan.Funcs.Funcs {
			if !is[f.Name] && test(f, is) {
				is[f.Name], again = true, true
			}
		}
	}
	return is
}

// operands gives what a statement reads.
func operands(s ir.Stmt) []ir.Operand {
	local := func(list ...ir.Local) (out []ir.Operand) {
		for _, l := range list {
			out = append(out, ir.Operand{Value: l})
		}
		return out
	}
	switch s := s.(type) {
	case *ir.CallStmt:
		return s.Args
	case *ir.CallDynamicStmt:
		return append(local(s.Args...), s.Path...)
	case *ir.DotStmt:
		return []ir.Operand{s.Source, s.Key}
	case *ir.LenStmt:
		return []ir.Operand{s.Source}
	case *ir.ScanStmt:
		return local(s.Source)
	case *ir.AssignVarStmt:
		return []ir.Operand{s.Source}
	case *ir.AssignVarOnceStmt:
		return []ir.Operand{s.Source}
	case *ir.EqualStmt:
		return []ir.Operand{s.A, s.B}
	case *ir.NotEqualStmt:
		return []ir.Operand{s.A, s.B}
	case *ir.IsArrayStmt:
		return []ir.Operand{s.Source}
	case *ir.IsObjectStmt:
		return []ir.Operand{s.Source}
	case *ir.IsSetStmt:
		return []ir.Operand{s.Source}
	case *ir.IsDefinedStmt:
		return local(s.Source)
	case *ir.IsUndefinedStmt:
		return local(s.Source)
	case *ir.ArrayAppendStmt:
		return []ir.Operand{s.Value}
	case *ir.ObjectInsertStmt:
		return []ir.Operand{s.Key, s.Value}
	case *ir.ObjectInsertOnceStmt:
		return []ir.Operand{s.Key, s.Value}
	case *ir.SetAddStmt:
		return []ir.Operand{s.Value}
	case *ir.ObjectMergeStmt:
		return local(s.A, s.B)
	case *ir.WithStmt:
		return append(local(s.Local), s.Value)
	case *ir.ReturnLocalStmt:
		return local(s.Source)
	}
	return nil
}

// total are the builtin functions that never fail.
var total = map[string]bool{"equal": true, "neq": true, "gt": true, "gte": true, "lt": true, "lte": true, "internal.member_2": true}

// safe gives the functions that never fail.
func (c *compiler) safe() map[string]bool {
	return c.settle(func(f *ir.Func, is map[string]bool) bool { return c.cannotFail(f.Blocks, agreed(f), is) })
}

// cannotFail reports whether no statement of the blocks fails, where agree says whether their function is agreed.
func (c *compiler) cannotFail(list []*ir.Block, agree bool, safe map[string]bool) bool {
	ok := true
	walk(list, func(s ir.Stmt, _ []ir.Stmt) {
		switch s := s.(type) {
		case *ir.CallStmt:
			ok = ok && (safe[s.Func] || total[s.Func])
		case *ir.CallDynamicStmt, *ir.ObjectInsertOnceStmt, *ir.ObjectMergeStmt:
			ok = false
		case *ir.AssignVarOnceStmt:
			ok = ok && agree
		}
	})
	return ok
}

// agreed reports whether all rules of f give the same constant, if they give a value.
func agreed(f *ir.Func) bool {
	var one ir.Val
	ok := true
	walk(slices.DeleteFunc(slices.Clone(f.Blocks), func(b *ir.Block) bool { return isDefault(b, f) }), func(s ir.Stmt, _ []ir.Stmt) {
		if a, is := s.(*ir.AssignVarOnceStmt); is && (a.Target != f.Return || !isLocalValue(a.Source)) {
			ok = ok && !isLocalValue(a.Source) && (one == nil || one == a.Source.Value)
			one = a.Source.Value
		}
	})
	return ok
}

// isDefault reports whether b is made only where f has no value yet.
func isDefault(b *ir.Block, f *ir.Func) bool {
	if len(b.Stmts) == 0 {
		return false
	}
	s, ok := b.Stmts[0].(*ir.IsUndefinedStmt)
	return ok && s.Source == f.Return
}

func isLocalValue(o ir.Operand) bool {
	_, ok := o.Value.(ir.Local)
	return ok
}

// quits tells, by block of f, whether f is done after it once its result is defined: when nothing behind it changes that, or
// fails. The rules may come in another order than the evaluator's; nothing that could fail is left out, so that
// does not matter.
func (c *compiler) quits(f *ir.Func) []bool {
	out := make([]bool, len(f.Blocks))
	collects := slices.ContainsFunc(f.Blocks, func(b *ir.Block) bool {
		return slices.ContainsFunc(b.Stmts, func(s ir.Stmt) bool {
			l, ok := made(s)
			return ok && l == f.Return
		})
	})
	if collects || !agreed(f) {
		return out
	}
	for i := len(f.Blocks) - 1; i >= 0 && (i == len(f.Blocks)-1 || c.cannotFail(f.Blocks[i+1:i+2], true, c.sure)); i-- {
		out[i] = true
	}
	return out
}
