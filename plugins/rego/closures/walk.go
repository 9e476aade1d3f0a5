package closures

import (
	"maps"

	"github.com/open-policy-agent/opa/v1/ir"
)

// walk visits all statements, each with those behind it in its block.
func walk(list []*ir.Block, visit func(s ir.Stmt, rest []ir.Stmt)) {
	for _, b := range list {
		if b == nil {
			continue
		}
		for i, s := range b.Stmts {
			visit(s, b.Stmts[i+1:])
			walk(inner(s), visit)
		}
	}
}

// inner gives the blocks of a statement.
func inner(s ir.Stmt) []*ir.Block {
	switch s := s.(type) {
	case *ir.BlockStmt:
		return s.Blocks
	case *ir.ScanStmt:
		return []*ir.Block{s.Block}
	case *ir.NotStmt:
		return []*ir.Block{s.Block}
	case *ir.WithStmt:
		return []*ir.Block{s.Block}
	}
	return nil
}

// written gives the locals that a block writes.
func written(b *ir.Block) map[ir.Local]bool {
	out := map[ir.Local]bool{}
	walk([]*ir.Block{b}, func(s ir.Stmt, _ []ir.Stmt) {
		for _, l := range targets(s) {
			out[l] = true
		}
	})
	return out
}

// foreign gives the locals that a block writes otherwise than by making a value.
func foreign(b *ir.Block) map[ir.Local]bool {
	out := map[ir.Local]bool{}
	walk([]*ir.Block{b}, func(s ir.Stmt, _ []ir.Stmt) {
		_, makes := made(s)
		_, changes := changed(s)
		if makes || changes {
			return
		}
		for _, l := range targets(s) {
			out[l] = true
		}
	})
	return out
}

// share adds to the locals that each block of a function reads those that others read of what it wrote: they number
// their own alike.
func share(list []*ir.Block, read []map[ir.Local]bool) []map[ir.Local]bool {
	for i, b := range list {
		open := map[ir.Local]bool{}
		unwritten(b, map[ir.Local]bool{}, open)
		for l := range open {
			if !read[i][l] {
				continue
			}
			for j := range read {
				read[j][l] = true
			}
		}
	}
	return read
}

// unwritten notes in open the locals that b may read before it has written them, where those of done are written.
func unwritten(b *ir.Block, done, open map[ir.Local]bool) {
	if b == nil {
		return
	}
	done = maps.Clone(done)
	for _, s := range b.Stmts {
		for _, o := range operands(s) {
			if l, ok := o.Value.(ir.Local); ok && !done[l] {
				open[l] = true
			}
		}
		within := done
		switch s.(type) {
		case *ir.ScanStmt: // they are written for the block within, if it has a turn at all
			within = maps.Clone(done)
			mark(within, targets(s))
		case *ir.WithStmt: // what was there is put back
		case *ir.AssignVarOnceStmt, *ir.ArrayAppendStmt, *ir.SetAddStmt, *ir.ObjectInsertStmt, *ir.ObjectInsertOnceStmt:
			if l := targets(s)[0]; !done[l] { // they look at it
				open[l] = true
			}
			mark(done, targets(s))
		default:
			mark(done, targets(s))
		}
		for _, x := range inner(s) {
			unwritten(x, within, open)
		}
	}
}

func mark(set map[ir.Local]bool, list []ir.Local) {
	for _, l := range list {
		set[l] = true
	}
}

// targets gives the locals that a statement itself writes or changes.
func targets(s ir.Stmt) []ir.Local {
	switch s := s.(type) {
	case *ir.CallStmt:
		return []ir.Local{s.Result}
	case *ir.CallDynamicStmt:
		return []ir.Local{s.Result}
	case *ir.DotStmt:
		return []ir.Local{s.Target}
	case *ir.LenStmt:
		return []ir.Local{s.Target}
	case *ir.ScanStmt:
		return []ir.Local{s.Key, s.Value}
	case *ir.AssignIntStmt:
		return []ir.Local{s.Target}
	case *ir.AssignVarStmt:
		return []ir.Local{s.Target}
	case *ir.AssignVarOnceStmt:
		return []ir.Local{s.Target}
	case *ir.ResetLocalStmt:
		return []ir.Local{s.Target}
	case *ir.ObjectMergeStmt:
		return []ir.Local{s.Target}
	case *ir.WithStmt:
		return []ir.Local{s.Local}
	}
	if l, ok := made(s); ok {
		return []ir.Local{l}
	}
	if l, ok := changed(s); ok {
		return []ir.Local{l}
	}
	return nil
}

// made gives the target of a statement that makes a value.
func made(s ir.Stmt) (ir.Local, bool) {
	switch s := s.(type) {
	case *ir.MakeNullStmt:
		return s.Target, true
	case *ir.MakeNumberIntStmt:
		return s.Target, true
	case *ir.MakeNumberRefStmt:
		return s.Target, true
	case *ir.MakeArrayStmt:
		return s.Target, true
	case *ir.MakeObjectStmt:
		return s.Target, true
	case *ir.MakeSetStmt:
		return s.Target, true
	}
	return 0, false
}

// changed gives the collection that a statement adds to.
func changed(s ir.Stmt) (ir.Local, bool) {
	switch s := s.(type) {
	case *ir.ArrayAppendStmt:
		return s.Array, true
	case *ir.ObjectInsertStmt:
		return s.Object, true
	case *ir.ObjectInsertOnceStmt:
		return s.Object, true
	case *ir.SetAddStmt:
		return s.Set, true
	}
	return 0, false
}
