package rego

import (
	"bytes"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
	"github.com/siogw/siogw/internal/strictjson"
)

// view is the document of an input of which only what an evaluation looks at is made. It implements closures.Parts.
type view struct {
	reads   *reads
	places  []place // by their numbers
	in      *engine.Input
	id      *rendered
	plugins *ast.Term
}

// place is a part of the document that a program looks at.
type place struct {
	top   part
	inner field  // of identity and session; 0 for all of it
	age   bool   // session.age_ms
	path  []step // within args and auth
}

// place gives the place at these keys below the input; ok is false for what is looked up in the one around it. What no
// document has is at no part.
func placeOf(keys []*ast.Term) (at place, ok bool) {
	first, isText := keys[0].Value.(ast.String)
	if at.top = parts[string(first)]; !isText {
		at.top = 0
	}
	if len(keys) == 1 {
		return at, true
	}
	switch at.top {
	case partArgs, partAuth:
		for _, k := range keys[1:] {
			s, ok := stepOf(k.Value)
			if !ok {
				return place{}, false
			}
			at.path = append(at.path, s)
		}
		return at, true
	case partIdentity, partSession:
		second, isText := keys[1].Value.(ast.String)
		at.inner = fields[string(first)+"."+string(second)]
		at.age = at.top == partSession && second == "age_ms"
		return at, len(keys) == 2 && isText && (at.age || at.inner != 0)
	}
	return place{}, false
}

// begin makes v the view of in. It reports false where the document must be made as a whole, for an error might be in it
// that the policy is not to overlook.
func (v *view) begin(r *reads, in *engine.Input) (ok bool) {
	v.reads, v.in = r, in
	if r.has(partArgs) && in.Args != nil && !sound(in.Args) || r.has(partAuth) && in.Auth != nil && !sound(in.Auth) {
		return false
	}
	var err error
	if r.has(partIdentity) {
		if v.id = renderingOf(in.Identity); v.id.err != nil {
			return false
		}
	}
	if r.has(partPlugins) {
		v.plugins, err = plugins(in.Plugins)
	}
	return err == nil
}

// end lets go of the input, and of the policy.
func (v *view) end() { *v = view{} }

// sound reports whether parse takes text. It may be false for a text that parse takes.
func sound(text []byte) bool {
	return readable(text) && strictjson.Scan(bytes.Trim(text, " \t\r\n"), scanLimits) == nil
}

// Part implements closures.Parts: it is not sure of what closures' own look-up has its doubts.
func (v *view) Part(number int) (t *ast.Term, sure bool) {
	at := &v.places[number]
	switch at.top {
	case partArgs:
		return v.text(v.in.Args, at.path)
	case partAuth:
		return v.text(v.in.Auth, at.path)
	case partIdentity:
		if at.inner == 0 {
			return v.id.all(), true
		}
		return v.id.part(at.inner), true
	case partSession:
		switch {
		case at.age:
			return ast.InternedTerm(inputjson.Age(v.in)), true
		case at.inner == 0:
			return v.reads.session(v.in), true
		}
		return snapshotOf(v.in.Session).part(at.inner), true
	case partPlugins:
		return v.plugins, true
	}
	return v.reads.flat(at.top, v.in), true
}

// text gives the term at path in a text that is sound, or nil.
func (v *view) text(text []byte, path []step) (t *ast.Term, sure bool) {
	if text == nil {
		return nil, true
	}
	text = text[space(text, 0):]
	for i := range path {
		var ok bool
		if text, ok, sure = lookup(text, &path[i]); !ok {
			return nil, sure
		}
	}
	if len(path) == 0 {
		text = bytes.TrimRight(text, " \t\r\n")
	}
	t, err := build(text, v.reads.known)
	return t, err == nil
}

// lookup gives the value at s in the array or object that text begins with. It is not sure of a place in an object that
// has the number as a key, nor of a key of digits in an array.
func lookup(text []byte, s *step) (raw []byte, ok, sure bool) {
	switch {
	case text[0] == '{' && s.isKey(), text[0] == '[' && !s.isKey():
		raw, ok = child(text, s)
		return raw, ok, true
	case text[0] == '{':
		_, doubt := strictjson.Member(text, strconv.Itoa(s.index))
		return nil, false, !doubt
	case text[0] == '[':
		return nil, false, s.key == "" || s.key[0] < '0' || s.key[0] > '9'
	}
	return nil, false, true
}
