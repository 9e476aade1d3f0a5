package rego

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// changes says what operations write to.
type changes struct{ args, auth bool }

// transform applies the operations (RFC 6902) to the args and auth of in and puts what they change into v.
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
	if list.Len() > maxOperations {
		return fmt.Errorf("transform has %d operations, at most %d are taken", list.Len(), maxOperations)
	}
	patch, touched, err := operations(in, list)
	if err != nil {
		return err
	}
	doc, err := patch.ApplyWithOptions(document(in), &jsonpatch.ApplyOptions{AccumulatedCopySizeLimit: int64(p.maxBytes)})
	if err != nil {
		return fmt.Errorf("transform: %w", err)
	}
	if touched.args {
		if v.Args, err = p.result(doc, "args", strictjson.Array); err != nil {
			return err
		}
	}
	if touched.auth {
		v.Auth, err = p.result(doc, "auth", strictjson.Object)
	}
	return err
}

// document is what the operations see.
func document(in *engine.Input) []byte {
	b := make([]byte, 0, len(in.Args)+len(in.Auth)+20)
	b = append(b, '{')
	if in.Args != nil {
		b = append(append(b, `"args":`...), in.Args...)
	}
	if in.Auth != nil {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(b, `"auth":`...), in.Auth...)
	}
	return append(b, '}')
}

// operations turns the rule's value into a patch and notes what it may change.
func operations(in *engine.Input, list *ast.Array) (patch jsonpatch.Patch, touched changes, err error) {
	for i := range list.Len() {
		o, ok := list.Elem(i).Value.(ast.Object)
		if !ok {
			return nil, touched, fmt.Errorf("transform[%d] is not an object", i)
		}
		if err := check(in, o, &touched); err != nil {
			return nil, touched, fmt.Errorf("transform[%d]: %w", i, err)
		}
		op := jsonpatch.Operation{}
		o.Foreach(func(k, v *ast.Term) {
			if name, ok := k.Value.(ast.String); ok {
				op[string(name)] = rawTerm(v)
			}
		})
		patch = append(patch, op)
	}
	return patch, touched, nil
}

func rawTerm(t *ast.Term) *json.RawMessage {
	raw := json.RawMessage(appendJSON(nil, t.Value))
	return &raw
}

// check sees to what the library does not: that the operation is one, complete, and in its place.
func check(in *engine.Input, o ast.Object, touched *changes) error {
	op, err := text(o, "op")
	if err != nil {
		return err
	}
	path, err := text(o, "path")
	if err != nil {
		return err
	}
	write := op != "test"
	if err := place(in, path, write, touched); err != nil {
		return err
	}
	switch op {
	case "remove":
		return nil
	case "add", "replace", "test":
		if o.Get(ast.InternedTerm("value")) == nil {
			return errors.New("value is missing")
		}
		return nil
	case "move", "copy":
		from, err := text(o, "from")
		if err != nil {
			return err
		}
		if op == "move" && strings.HasPrefix(path, from+"/") {
			return errors.New("from is above path")
		}
		return place(in, from, op == "move", touched)
	}
	return errors.New("op is not one of add, remove, replace, move, copy, test")
}

func text(o ast.Object, key string) (string, error) {
	t := o.Get(ast.InternedTerm(key))
	if t == nil {
		return "", fmt.Errorf("%s is missing", key)
	}
	s, ok := t.Value.(ast.String)
	if !ok {
		return "", fmt.Errorf("%s is not a string", key)
	}
	return string(s), nil
}

// place checks that ptr is a pointer (RFC 6901) into what in has. A CONNECT without a payload may be
// given one.
func place(in *engine.Input, ptr string, write bool, touched *changes) error {
	first, rest, _ := strings.Cut(strings.TrimPrefix(ptr, "/"), "/")
	if !strings.HasPrefix(ptr, "/") || !escaped(rest) {
		return errors.New("path is no JSON pointer")
	}
	switch {
	case first == "args" && in.Args != nil:
		touched.args = touched.args || write
	case first == "auth" && (in.Auth != nil || in.Kind == engine.Connect):
		touched.auth = touched.auth || write
	case first == "args" || first == "auth":
		return fmt.Errorf("a %s has no %s", in.Kind, first)
	default:
		return errors.New("path is not under /args or /auth")
	}
	return nil
}

// escaped reports whether every ~ in a pointer begins ~0 or ~1 (RFC 6901, section 3).
func escaped(s string) bool {
	for {
		_, after, found := strings.Cut(s, "~")
		if !found {
			return true
		}
		if after == "" || after[0] != '0' && after[0] != '1' {
			return false
		}
		s = after
	}
}

// wide leaves the limits to the gateway: what was within them may have been doubled at most by copies.
var wide = strictjson.Limits{Depth: 1024, Elements: 1 << 24, Number: 4096}

// result takes a part of the changed document, which must still be of its kind, within bounds, and
// readable in one way only.
func (p *Policy) result(doc []byte, key string, kind strictjson.Kind) ([]byte, error) {
	raw, _ := strictjson.Member(doc, key)
	if strictjson.KindOf(raw) != kind {
		return nil, fmt.Errorf("transform leaves /%s of another kind", key)
	}
	if len(raw) > p.maxBytes {
		return nil, fmt.Errorf("transform makes /%s %d bytes long, at most %d are taken", key, len(raw), p.maxBytes)
	}
	if err := strictjson.Scan(raw, wide); err != nil {
		return nil, fmt.Errorf("transform leaves /%s refused: %w", key, err)
	}
	return bytes.Clone(raw), nil
}
