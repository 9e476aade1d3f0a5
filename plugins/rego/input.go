package rego

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
)

// The keys of the document, made once.
var (
	keyVersion, keyKind, keyDirection, keyTime = key("version"), key("kind"), key("direction"), key("time")
	keyNamespace, keyEvent, keyArgs, keyRoom   = key("namespace"), key("event"), key("args"), key("room")
	keyAck, keyBytes, keyAttachments, keyAuth  = key("ack"), key("bytes"), key("attachments"), key("auth")
	keyIdentity, keySession, keyPlugins        = key("identity"), key("session"), key("plugins")
	keyType, keyAge                            = key("type"), key("age_ms")
	keyCode, keyReason, keyData                = key("code"), key("reason"), key("data")
)

var version = ast.StringTerm(engine.Version)

var kinds, directions = names(engine.Disconnect, engine.Kind.String), names(engine.Out, engine.Direction.String)

func key(s string) *ast.Term { return ast.StringTerm(s) }

// names makes the terms of a numbered type's names, from 0 to last.
func names[T ~uint8](last T, name func(T) string) []*ast.Term {
	var out []*ast.Term
	for i := T(0); i <= last; i++ {
		out = append(out, ast.StringTerm(name(i)))
	}
	return out
}

func nameOf[T ~uint8](table []*ast.Term, i T) *ast.Term {
	if int(i) < len(table) {
		return table[i]
	}
	return table[0]
}

// str makes a string's term; bytes that are no UTF-8 become U+FFFD, as in the JSON rendering.
func str(s string) *ast.Term {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	return ast.InternedTerm(s)
}

func boolean(b bool) *ast.Term { return ast.InternedTerm(b) }

type pairs [][2]*ast.Term

func (p *pairs) add(k, v *ast.Term) { *p = append(*p, [2]*ast.Term{k, v}) }

// input makes the input document of in: what inputjson.Append writes, as far as the policy can see it.
func (r *reads) input(in *engine.Input) (ast.Value, error) {
	var room [16][2]*ast.Term
	p := pairs(room[:0])
	for i := range flat {
		if r.has(flat[i].part) {
			if t := r.flat(flat[i].part, in); t != nil {
				p.add(flat[i].key, t)
			}
		}
	}
	if r.has(partArgs) && in.Args != nil {
		t, err := parse(in.Args, r.known)
		if err != nil {
			return nil, fmt.Errorf("args: %w", err)
		}
		p.add(keyArgs, t)
	}
	if r.has(partAuth) && in.Auth != nil {
		t, err := parse(in.Auth, r.known)
		if err != nil {
			return nil, fmt.Errorf("auth: %w", err)
		}
		p.add(keyAuth, t)
	}
	if r.has(partIdentity) {
		id := renderingOf(in.Identity)
		if id.err != nil {
			return nil, id.err
		}
		p.add(keyIdentity, id.all())
	}
	if r.has(partSession) {
		p.add(keySession, r.session(in))
	}
	if r.has(partPlugins) {
		t, err := plugins(in.Plugins)
		if err != nil {
			return nil, err
		}
		p.add(keyPlugins, t)
	}
	return ast.NewObject(p...), nil
}

// flat are the parts of the document that have nothing within, but for attachments.
var flat = [...]struct {
	part part
	key  *ast.Term
}{
	{partVersion, keyVersion}, {partKind, keyKind}, {partDirection, keyDirection}, {partTime, keyTime}, {partNamespace, keyNamespace},
	{partEvent, keyEvent}, {partRoom, keyRoom}, {partAck, keyAck}, {partBytes, keyBytes}, {partAttachments, keyAttachments},
}

// flat gives one of these parts; nil where the document has none.
func (r *reads) flat(p part, in *engine.Input) *ast.Term {
	switch {
	case p == partVersion:
		return version
	case p == partKind:
		return nameOf(kinds, in.Kind)
	case p == partDirection:
		return nameOf(directions, in.Direction)
	case p == partTime:
		var buf [len("2006-01-02T15:04:05.999999999Z")]byte
		return ast.StringTerm(string(inputjson.AppendTime(buf[:0], in.Time)))
	case p == partNamespace && inputjson.HasNamespace(in):
		return r.str(in.Namespace)
	case p == partEvent && inputjson.HasEvent(in):
		return r.str(in.Event)
	case p == partRoom && in.Room != "":
		return r.str(in.Room)
	case p == partAck && inputjson.HasAck(in):
		return boolean(in.Ack)
	case p == partBytes:
		return ast.InternedTerm(in.Bytes)
	case p == partAttachments && in.Args != nil:
		return attachments(in.Attachments)
	}
	return nil
}

// str is [str] for what the policy's text may have, too.
func (r *reads) str(s string) *ast.Term {
	if t := r.known[s]; t != nil {
		return t
	}
	return str(s)
}

func attachments(list []engine.Attachment) *ast.Term {
	if len(list) == 0 {
		return ast.InternedEmptyArray
	}
	terms := make([]*ast.Term, len(list))
	for i := range list {
		terms[i] = ast.ObjectTerm(
			[2]*ast.Term{keyBytes, ast.InternedTerm(len(list[i].Data))},
			[2]*ast.Term{keyType, str(list[i].Type)})
	}
	return ast.ArrayTerm(terms...)
}

func plugins(list []engine.Output) (*ast.Term, error) {
	if len(list) == 0 {
		return ast.InternedEmptyObject, nil
	}
	var p pairs
	for i := range list {
		t, err := parse(list[i].Labels, nil)
		if err != nil {
			return nil, fmt.Errorf("plugins.%s: %w", list[i].Plugin, err)
		}
		p.add(str(list[i].Plugin), t)
	}
	return ast.ObjectTerm(p...), nil
}

func strs(list []string) *ast.Term {
	terms := make([]*ast.Term, len(list))
	for i, s := range list {
		terms[i] = str(s)
	}
	return ast.ArrayTerm(terms...)
}

func strMap(m map[string]string) *ast.Term {
	var p pairs
	for _, k := range slices.Sorted(maps.Keys(m)) {
		p.add(str(k), str(m[k]))
	}
	return ast.ObjectTerm(p...)
}
