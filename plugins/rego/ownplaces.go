package rego

import "github.com/open-policy-agent/opa/v1/ast"

// ownPlaces is a stage of the compiler after the one that resolves names. That one shares the terms of a rule's path
// among all references to the rule, so that errors of any would tell the place of the last; here each gets its own.
var ownPlaces = ast.CompilerStageDefinition{Name: "OwnPlaces", MetricName: "own_places", Stage: func(c *ast.Compiler) *ast.Error {
	vis := ast.NewGenericVisitor(func(x any) bool {
		t, ok := x.(*ast.Term)
		if !ok || t.Location == nil {
			return false
		}
		if ref, ok := t.Value.(ast.Ref); ok && len(ref) > 0 && ref[0].Location != t.Location {
			ref[0] = &ast.Term{Value: ref[0].Value, Location: t.Location}
		}
		return false
	})
	for r := range allRules(c) {
		vis.Walk(r.Head)
		vis.Walk(r.Body)
	}
	return nil
}}
