package rego

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// class is a set of inputs that guards cannot tell apart. The names of events and namespaces count as far
// as the policy's text has them.
type class struct {
	kind, direction  string
	event, namespace name
}

// name is what is known of a name in a class.
type name struct {
	state nameState
	text  string // with nameIs
}

type nameState uint8

const (
	nameAny   nameState = iota // nothing is known: no guard is decided by it
	nameNone                   // it is undefined
	nameOther                  // it is none that a guard asks for
	nameIs                     // it is this one
)

// guard is an expression that asks for one of some names at the beginning of a body:
// input.kind == "event", input.event in {"a", "b"}.
type guard struct {
	key    string   // kind, direction, event, namespace
	values []string // any of these
	binds  bool     // it asks for nothing but that the key is defined: x := input.event
}

// maxValues bounds the names of one guard. What asks for more is no guard.
const maxValues = 64

var guardKeys = words("kind direction event namespace")

// guardOf reads e as a guard. bound has the variables of the body that stand for a key, and is added to.
func guardOf(e *ast.Expr, bound map[ast.Var]string) (g guard, ok bool) {
	if e.Negated || len(e.With) > 0 || !e.IsCall() {
		return g, false
	}
	switch op := e.Operator().String(); {
	case len(e.Operands()) != 2:
		return g, false
	case op == ast.Equality.Name || op == ast.Equal.Name:
		a, b := e.Operand(0).Value, e.Operand(1).Value
		if keyOf(b, bound) != "" {
			a, b = b, a
		}
		g.key = keyOf(a, bound)
		if v, isVar := b.(ast.Var); isVar && g.key != "" && keyOf(b, bound) == "" {
			bound[v], g.binds = g.key, true
			return g, true
		}
		return g.asks(b)
	case op == ast.Member.Name:
		g.key = keyOf(e.Operand(0).Value, bound)
		switch c := e.Operand(1).Value.(type) {
		case ast.Set:
			return g.asks(values(c.Slice())...)
		case *ast.Array:
			return g.asks(values(slices.Collect(elements(c)))...)
		}
	}
	return g, false
}

func values(terms []*ast.Term) (out []ast.Value) {
	for _, t := range terms {
		out = append(out, t.Value)
	}
	return out
}

// asks takes over what g asks for, which must be strings. Bytes that are no UTF-8 are seen as U+FFFD, so that a name
// with it could be another one in the packet.
func (g guard) asks(list ...ast.Value) (guard, bool) {
	for _, v := range list {
		s, ok := v.(ast.String)
		if !ok || strings.ContainsRune(string(s), utf8.RuneError) {
			return g, false
		}
		g.values = append(g.values, string(s))
	}
	return g, g.key != "" && len(g.values) <= maxValues
}

// keyOf gives the key that v is, "" for none.
func keyOf(v ast.Value, bound map[ast.Var]string) string {
	switch v := v.(type) {
	case ast.Var:
		return bound[v]
	case ast.Ref:
		if key, ok := constant(v, 1); ok && len(v) == 2 && v.HasPrefix(ast.InputRootRef) && guardKeys[key] {
			return key
		}
	}
	return ""
}

// The outcomes of a guard.
type outcome uint8

const (
	open  outcome = iota // it depends on the input
	holds                // for every input of the class
	fails                // for every input of the class
)

// decide gives the outcome of g for the inputs of c.
func (c *class) decide(g guard) outcome {
	n := name{nameIs, c.kind}
	switch g.key {
	case "direction":
		n.text = c.direction
	case "event":
		n = c.event
	case "namespace":
		n = c.namespace
	}
	switch {
	case n.state == nameAny:
		return open
	case n.state == nameNone:
		return fails
	case g.binds || n.state == nameIs && slices.Contains(g.values, n.text):
		return holds
	}
	return fails
}

// calm reports whether nothing in e can raise an error, so that what comes after it is reached, or not, by its truth alone.
func calm(e *ast.Expr) bool {
	ok := len(e.With) == 0
	if e.IsCall() {
		ok = ok && total[e.Operator().String()]
	}
	terms, isTerms := e.Terms.([]*ast.Term)
	if t, isTerm := e.Terms.(*ast.Term); isTerm {
		terms, isTerms = []*ast.Term{t, t}, true
	}
	if !ok || !isTerms {
		return false
	}
	for _, t := range terms[1:] { // the first is the operator
		ast.NewGenericVisitor(func(x any) bool {
			switch x := x.(type) {
			case ast.Ref:
				ok = ok && x.HasPrefix(ast.InputRootRef)
			case ast.Call, *ast.Expr, *ast.TemplateString:
				ok = false
			case ast.Var:
				ok = ok && !x.Equal(ast.DefaultRootDocument.Value)
			}
			return !ok
		}).Walk(t)
	}
	return ok
}
