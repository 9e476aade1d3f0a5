package closures

import (
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// runs are the literals of a body: values that stand in the text.
type runs struct {
	strings []*ast.Term
	values  map[ir.Stmt]*ast.Term // of statements that make one
	covered map[ir.Stmt]bool      // statements that add to one of these while it is made
}

// literals finds rows of statements that make constants. A collection that is added to elsewhere too is none.
func literals(list []*ir.Block, strings []*ast.Term) *runs {
	r := &runs{strings: strings, values: map[ir.Stmt]*ast.Term{}, covered: map[ir.Stmt]bool{}}
	makers := map[ir.Stmt]ir.Local{}
	from := map[ir.Stmt]ir.Stmt{} // of covered statements: what made their collection
	walk(list, func(s ir.Stmt, rest []ir.Stmt) {
		if _, ok := made(s); !ok || r.values[s] != nil {
			return
		}
		r.row(append([]ir.Stmt{s}, rest...), makers, from)
	})
	tainted := map[ir.Local]bool{}
	walk(list, func(s ir.Stmt, _ []ir.Stmt) {
		if l, ok := changed(s); ok && !r.covered[s] {
			tainted[l] = true
		}
	})
	for s, l := range makers {
		if tainted[l] {
			delete(r.values, s)
		}
	}
	for s, maker := range from {
		if r.values[maker] == nil {
			delete(r.covered, s)
		}
	}
	return r
}

// row evaluates statements as long as they make constants.
func (r *runs) row(list []ir.Stmt, makers map[ir.Stmt]ir.Local, from map[ir.Stmt]ir.Stmt) {
	now := map[ir.Local]*ast.Term{}
	maker := map[ir.Local]ir.Stmt{}
	value := func(o ir.Operand) *ast.Term {
		switch v := o.Value.(type) {
		case ir.Bool:
			return ast.InternedTerm(bool(v))
		case ir.StringIndex:
			return r.strings[v]
		case ir.Local:
			return now[v]
		}
		return nil
	}
	for _, s := range list {
		if l, ok := made(s); ok {
			now[l], maker[l] = r.fresh(s), s
			r.values[s], makers[s] = now[l], l
			continue
		}
		l, ok := changed(s)
		if !ok || now[l] == nil || !add(now[l], s, value) {
			return
		}
		r.covered[s], from[s] = true, maker[l]
	}
}

// fresh gives the value that a statement begins with.
func (r *runs) fresh(s ir.Stmt) *ast.Term {
	switch s := s.(type) {
	case *ir.MakeNumberIntStmt:
		return ast.InternedTerm(s.Value)
	case *ir.MakeNumberRefStmt:
		return number(r.strings[s.Index])
	case *ir.MakeArrayStmt:
		return ast.NewTerm(ast.NewArray())
	case *ir.MakeObjectStmt:
		return ast.NewTerm(ast.NewObject())
	case *ir.MakeSetStmt:
		return ast.NewTerm(ast.NewSet())
	}
	return ast.InternedNullTerm
}

// add makes a statement that adds, where its operands are constants.
func add(to *ast.Term, s ir.Stmt, value func(ir.Operand) *ast.Term) bool {
	switch s := s.(type) {
	case *ir.ArrayAppendStmt:
		a, ok := to.Value.(*ast.Array)
		v := value(s.Value)
		if ok = ok && v != nil; ok {
			to.Value = a.Append(v)
		}
		return ok
	case *ir.SetAddStmt:
		set, ok := to.Value.(ast.Set)
		v := value(s.Value)
		if ok = ok && v != nil; ok {
			set.Add(v)
		}
		return ok
	case *ir.ObjectInsertStmt:
		obj, ok := to.Value.(ast.Object)
		k, v := value(s.Key), value(s.Value)
		if ok = ok && k != nil && v != nil; ok {
			obj.Insert(k, v)
		}
		return ok
	}
	return false
}

// number gives the number whose text is a string's.
func number(text *ast.Term) *ast.Term {
	s, _ := text.Value.(ast.String)
	return ast.NumberTerm(json.Number(s))
}
