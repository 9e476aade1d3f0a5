package rego

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// source is one part of the input document that a decision may depend on, as far as the policy's text says
// which: input.args[0].room, input.session.rooms.
type source struct {
	field field
	path  []step // within args, auth, identity.claims, session.headers, session.query and plugins
	count bool   // of a text there its count alone
}

// step is one key of a path: of an object, or of an array. The two are never one, as "0" and 0 are not in Rego.
type step struct {
	key   string
	index int // with key "": the place in an array; -1 for the key "" of an object
}

// field is where a source begins.
type field uint8

const (
	fieldNamespace field = iota + 1
	fieldEvent
	fieldRoom
	fieldAck
	fieldBytes
	fieldAttachments
	fieldArgs
	fieldAuth
	fieldPlugins
	fieldAuthenticated
	fieldSub
	fieldRoles
	fieldScopes
	fieldClaims
	fieldExpires
	fieldID
	fieldEIO
	fieldTransport
	fieldIP
	fieldSecure
	fieldRooms
	fieldNamespaces
	fieldOrigin
	fieldHeaders
	fieldQuery
)

// fields are the places of fields in the document. kind, direction and version are not among them: they
// never differ within one plan.
var fields = map[string]field{
	"namespace": fieldNamespace, "event": fieldEvent, "room": fieldRoom, "ack": fieldAck, "bytes": fieldBytes,
	"attachments": fieldAttachments, "args": fieldArgs, "auth": fieldAuth, "plugins": fieldPlugins,
	"identity.authenticated": fieldAuthenticated, "identity.sub": fieldSub, "identity.roles": fieldRoles, "identity.scopes": fieldScopes,
	"identity.claims": fieldClaims, "identity.expires_at": fieldExpires,
	"session.id": fieldID, "session.eio": fieldEIO, "session.transport": fieldTransport, "session.ip": fieldIP,
	"session.secure": fieldSecure, "session.rooms": fieldRooms, "session.namespaces": fieldNamespaces,
	"session.origin": fieldOrigin, "session.headers": fieldHeaders, "session.query": fieldQuery,
}

var fieldNames = func() map[field]string {
	m := map[field]string{}
	for name, f := range fields {
		m[f] = name
	}
	return m
}()

// deep reports whether a path within f narrows it.
func (f field) deep() bool {
	return f == fieldArgs || f == fieldAuth || f == fieldClaims || f == fieldPlugins || f == fieldHeaders || f == fieldQuery
}

// maxSteps bounds a path: what is deeper counts with what it is in. A table of headers has one step only.
const maxSteps = 6

func (f field) depth() int {
	if f == fieldHeaders || f == fieldQuery {
		return 1
	}
	return maxSteps
}

// sourceOf gives the source at the beginning of ref, which is below f by n of its terms: its constant prefix.
func sourceOf(f field, ref ast.Ref, n int) source {
	s := source{field: f}
	if !f.deep() {
		return s
	}
	for _, t := range ref[min(n, len(ref)):] {
		st, ok := stepOf(t.Value)
		if !ok || len(s.path) == f.depth() {
			break
		}
		s.path = append(s.path, st)
	}
	return s
}

// maxIndex bounds the places in an array that are told apart.
const maxIndex = 256

func stepOf(v ast.Value) (step, bool) {
	switch v := v.(type) {
	case ast.String:
		if v == "" {
			return step{index: -1}, true
		}
		// Bytes that are no UTF-8 are seen as U+FFFD: a key with it may be another one in the raw text.
		return step{key: string(v)}, !strings.ContainsRune(string(v), utf8.RuneError)
	case ast.Number:
		n, ok := v.Int()
		return step{index: n}, ok && n >= 0 && n < maxIndex && strconv.Itoa(n) == string(v)
	}
	return step{}, false
}

func (s step) isKey() bool { return s.key != "" || s.index < 0 }

func (s step) String() string {
	switch {
	case !s.isKey():
		return "[" + strconv.Itoa(s.index) + "]"
	case ast.IsVarCompatibleString(s.key):
		return "." + s.key
	}
	return "[" + strconv.Quote(s.key) + "]"
}

// String gives the source as the policy writes it.
func (s source) String() string {
	var b strings.Builder
	b.WriteString("input." + fieldNames[s.field])
	for _, st := range s.path {
		b.WriteString(st.String())
	}
	if s.count {
		return "count(" + b.String() + ")"
	}
	return b.String()
}

func (s source) compare(t source) int {
	return cmp.Or(cmp.Compare(s.field, t.field), slices.CompareFunc(s.path, t.path, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.index, b.index))
	}))
}

// holds reports whether t is s or within it.
func (s source) holds(t source) bool {
	return s.field == t.field && len(s.path) <= len(t.path) && slices.Equal(s.path, t.path[:len(s.path)])
}

// maxPaths bounds the sources within one field: each costs a look through its text. More count as the field.
const maxPaths = 8

// tidy sorts list and leaves out what is within another.
func tidy(list []source) []source {
	n := map[field]int{}
	slices.SortFunc(list, source.compare)
	list = within(list)
	for _, s := range list {
		n[s.field]++
	}
	for i := range list {
		if n[list[i].field] > maxPaths {
			list[i].path, list[i].count = nil, false
		}
	}
	return within(list)
}

// within leaves out what is within another of a sorted list: that comes before it.
func within(list []source) []source {
	out := list[:0]
	for _, s := range list {
		n := len(out)
		if n == 0 || !out[n-1].holds(s) {
			out = append(out, s)
			continue
		}
		last := &out[n-1]
		last.count = last.count && s.count && len(s.path) == len(last.path)
	}
	return out
}
