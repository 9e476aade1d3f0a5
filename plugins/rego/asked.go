package rego

import (
	"cmp"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Name is an event or a namespace that a policy asks for: input.event == "message".
type Name struct {
	Key  string // event or namespace
	Name string
	At   string // file:line
}

// Names lists the events and namespaces that the policy asks for, sorted by place. The library's are not among them.
func (p *Policy) Names() (out []Name) {
	for r := range allRules(p.compiler) {
		if r.Loc() == nil || isLibrary(r.Loc().File) {
			continue
		}
		bound := map[ast.Var]string{}
		for _, e := range r.Body {
			g, ok := guardOf(e, bound)
			if !ok || g.key != "event" && g.key != "namespace" {
				continue
			}
			for _, v := range g.values {
				out = append(out, Name{g.key, v, e.Loc().String()})
			}
		}
	}
	slices.SortFunc(out, func(a, b Name) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(out)
}
