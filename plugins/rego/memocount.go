package rego

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// counts gives the expressions that put a part of args into a variable of which its rule asks nothing but count, with these
// parts: x = input.args[0].text. The compiler makes such ones of count(input.args[0].text).
func counts(c *ast.Compiler) map[*ast.Expr]source {
	out := map[*ast.Expr]source{}
	for _, m := range c.Modules {
		for _, r := range m.Rules {
			uses := usesOf(r)
			ast.WalkExprs(r, func(e *ast.Expr) bool {
				if s, ok := countedBy(e, uses); ok {
					out[e] = s
				}
				return false
			})
		}
	}
	return out
}

// usesOf gives the variables of r and its else branches, with the number of places where they are not counted.
func usesOf(r *ast.Rule) map[ast.Var]int {
	uses := map[ast.Var]int{}
	var vis *ast.GenericVisitor
	vis = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Head:
			vis.Walk(x.Reference) // the visitor itself leaves it out
		case ast.Var:
			uses[x]++
		case *ast.Expr:
			if v, ok := countOf(x); ok {
				uses[v]--
			}
		}
		return false
	})
	vis.Walk(r)
	return uses
}

// countOf gives the variable of which e asks the count.
func countOf(e *ast.Expr) (v ast.Var, ok bool) {
	if !e.IsCall() || e.Operator().String() != ast.Count.Name || len(e.Operands()) == 0 {
		return "", false
	}
	v, ok = e.Operand(0).Value.(ast.Var)
	return v, ok
}

func countedBy(e *ast.Expr, uses map[ast.Var]int) (s source, ok bool) {
	if len(e.With) > 0 || !e.IsEquality() {
		return s, false
	}
	v, isVar := e.Operand(0).Value.(ast.Var)
	ref, isRef := e.Operand(1).Value.(ast.Ref)
	if !isVar || !isRef || uses[v] != 1 || !ref.HasPrefix(ast.InputRootRef) {
		return s, false
	}
	if first, _ := constant(ref, 1); first != "args" {
		return s, false
	}
	s = sourceOf(fieldArgs, ref, 2)
	s.count = true
	return s, len(s.path) > 0 && len(s.path) == len(ref)-2
}

// What begins a value of which a policy takes the count alone.
const (
	asCount = iota
	asText
)

// appendCount appends how many characters a text has, and other values as they are.
func appendCount(dst, raw []byte) []byte {
	if len(raw) == 0 || raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 {
		return appendRaw(append(dst, asText), raw, true)
	}
	return binary.AppendUvarint(append(dst, asCount), uint64(utf8.RuneCount(raw)))
}
