package rego

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
)

// maxRules bounds the entries of Verdict.Rules, and maxMember the bytes of one that quotes a deny member.
const (
	maxRules  = 16
	maxMember = 160
)

// Decide judges in. It implements engine.Plugin: it denies with
//   - CodePolicyDenied where deny has a member, the least of them giving code, reason and data,
//   - CodePolicyUndefined where allow is not true,
//   - CodeTransform where transform cannot be applied,
//   - CodePolicyTimeout and CodePolicyError, with Err, where the policy did not evaluate.
func (p *Policy) Decide(ctx context.Context, in *engine.Input) engine.Verdict {
	if p.silent(in) {
		return engine.Verdict{Effect: engine.Allow}
	}
	if p.memo != nil {
		return p.remember(ctx, in)
	}
	return p.evaluate(ctx, in)
}

var errCrowded = errors.New("the policy may ask the network, and too many decisions wait already")

// evaluate asks the policy itself.
func (p *Policy) evaluate(ctx context.Context, in *engine.Input) engine.Verdict {
	if p.waits && !in.Leave() {
		return engine.Failed(engine.CodePolicyTimeout, errCrowded)
	}
	a, err := p.ask(ctx, in)
	if err != nil {
		return p.failed(ctx, err)
	}
	return p.verdict(in, &a)
}

func (p *Policy) verdict(in *engine.Input, a *answers) engine.Verdict {
	members, err := denials(a.deny)
	if err != nil {
		return engine.Failed(engine.CodePolicyError, err)
	}
	if len(members) > 0 {
		return p.denied(members)
	}
	if needsAllow(in) {
		allow, ok := a.allow.(ast.Boolean)
		if a.allow != nil && !ok {
			return engine.Failed(engine.CodePolicyError, fmt.Errorf("allow is not a boolean but %s", ast.ValueName(a.allow)))
		}
		if !bool(allow) {
			return engine.Denied(engine.CodePolicyUndefined, "")
		}
	}
	v := engine.Verdict{Effect: engine.Allow}
	if err := p.transform(in, a.transform, &v); err != nil {
		return engine.Failed(engine.CodeTransform, err)
	}
	return v
}

// denials gives the members of deny, sorted in the order of Rego values.
func denials(deny ast.Value) ([]*ast.Term, error) {
	switch d := deny.(type) {
	case nil:
		return nil, nil
	case ast.Set:
		return d.Slice(), nil
	case *ast.Array:
		return slices.Collect(elements(d.Sorted())), nil
	}
	return nil, fmt.Errorf("deny is neither a set nor an array but %s", ast.ValueName(deny))
}

// elements gives the elements of a in order.
func elements(a *ast.Array) func(yield func(*ast.Term) bool) {
	return func(yield func(*ast.Term) bool) {
		for i := range a.Len() {
			if !yield(a.Elem(i)) {
				return
			}
		}
	}
}

// denied makes the verdict of one deny member and more: the first says why, Rules names them all.
func (p *Policy) denied(members []*ast.Term) engine.Verdict {
	v := engine.Denied(engine.CodePolicyDenied, "")
	for i, m := range members {
		if i == maxRules {
			v.Rules = append(v.Rules, fmt.Sprintf("and %d more", len(members)-i))
			break
		}
		v.Rules = append(v.Rules, p.name(m))
	}
	switch m := members[0].Value.(type) {
	case ast.String:
		v.Reason = string(m)
	case ast.Object:
		v.Rules = append(v.Rules, explain(m, &v.Denial)...)
	}
	return v
}

// name says where a deny member comes from: file and line where it stands in the policy's text, otherwise
// what it is.
func (p *Policy) name(m *ast.Term) string {
	text := string(appendJSON(nil, m.Value))
	if at, ok := p.named[text]; ok {
		return at
	}
	return fmt.Sprintf("deny: %.*s", maxMember, text)
}

// explain takes {code, reason, data} over into d. What has the wrong type is left out, with a note.
func explain(m ast.Object, d *engine.Denial) (notes []string) {
	if t := m.Get(keyCode); t != nil {
		switch t.Value.(type) {
		case ast.String, ast.Number:
			d.Custom = appendJSON(nil, t.Value)
		default:
			notes = append(notes, "note: code is neither a string nor a number")
		}
	}
	if t := m.Get(keyReason); t != nil {
		if s, ok := t.Value.(ast.String); ok {
			d.Reason = string(s)
		} else {
			notes = append(notes, "note: reason is not a string")
		}
	}
	if t := m.Get(keyData); t != nil {
		d.Data = json.RawMessage(appendJSON(nil, t.Value))
	}
	return notes
}

// constants finds the deny members that stand in the policy's text as they are, or as an object whose
// every value does.
func constants(list []*ast.Rule) map[string]string {
	named := map[string]string{}
	for _, r := range list {
		if k := r.Head.Key; k != nil && ast.IsConstant(k.Value) {
			text := string(appendJSON(nil, k.Value))
			named[text] = cmp.Or(named[text], r.Loc().String())
		}
	}
	return named
}
