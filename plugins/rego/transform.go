package rego

import (
	"encoding/json"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/jsonpatch"
)

// transform applies the operations (RFC 6902) to the args and auth of in and puts what they change into v. A CONNECT
// without a payload may be given one.
func (p *Policy) transform(in *engine.Input, ops ast.Value, v *engine.Verdict) error {
	if ops == nil {
		return nil
	}
	list, ok := ops.(*ast.Array)
	if !ok {
		return fmt.Errorf("transform is not an array but %s", ast.ValueName(ops))
	}
	if list.Len() == 0 {
		return nil
	}
	patch := make([]jsonpatch.Operation, list.Len())
	for i := range patch {
		o, ok := list.Elem(i).Value.(ast.Object)
		if !ok {
			return fmt.Errorf("transform: operation %d is not an object", i)
		}
		patch[i] = operation(o)
	}
	t := jsonpatch.Target{Args: in.Args, Auth: in.Auth, AddAuth: in.Kind == engine.Connect, MaxBytes: p.maxBytes}
	args, auth, err := t.Apply(patch)
	if err != nil {
		return fmt.Errorf("transform: %w", err)
	}
	v.Args, v.Auth = args, auth
	return nil
}

func operation(o ast.Object) jsonpatch.Operation {
	op := jsonpatch.Operation{}
	o.Foreach(func(k, v *ast.Term) {
		if name, ok := k.Value.(ast.String); ok {
			raw := json.RawMessage(appendJSON(nil, v.Value))
			op[string(name)] = &raw
		}
	})
	return op
}
