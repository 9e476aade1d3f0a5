package rego

import "github.com/open-policy-agent/opa/v1/ast"

// reads is what of the input document a policy can see, by the keys at its top. It may say too much, never
// too little: what is not in it is not made.
type reads struct {
	all  bool            // all of it: the policy uses input as a whole, or with a key that it computes
	keys map[string]bool // else these
	age  bool            // session.age_ms
}

func (r *reads) has(key string) bool { return r.all || r.keys[key] }

// footprint walks the whole compiled policy, rules that are never reached included, for references to
// input. Imports are references there, and so is the target of a with; an alias for a part of the
// document is a reference to that part.
func footprint(c *ast.Compiler) reads {
	r := reads{keys: map[string]bool{}}
	var vis *ast.GenericVisitor
	vis = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Head:
			vis.Walk(x.Reference) // the visitor itself leaves it out
		case ast.Ref:
			if x.HasPrefix(ast.InputRootRef) {
				r.add(x)
				for _, t := range x[1:] { // a key may itself hold references
					vis.Walk(t)
				}
				return true
			}
		case ast.Var:
			if x.Equal(ast.InputRootDocument.Value) {
				r.add(ast.InputRootRef)
			}
		}
		return false
	})
	for _, m := range c.Modules {
		for _, rule := range m.Rules {
			vis.Walk(rule)
		}
	}
	return r
}

// add notes one reference to input.
func (r *reads) add(ref ast.Ref) {
	first, ok := constant(ref, 1)
	if !ok {
		r.all, r.age = true, true
		return
	}
	r.keys[first] = true
	if first == "session" {
		second, ok := constant(ref, 2)
		r.age = r.age || !ok || second == "age_ms"
	}
}

// constant gives the key at place i of ref when the policy's text says which it is.
func constant(ref ast.Ref, i int) (string, bool) {
	if len(ref) <= i {
		return "", false
	}
	s, ok := ref[i].Value.(ast.String)
	return string(s), ok
}
