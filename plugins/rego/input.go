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
	if r.has(partVersion) {
		p.add(keyVersion, version)
	}
	if r.has(partKind) {
		p.add(keyKind, nameOf(kinds, in.Kind))
	}
	if r.has(partDirection) {
		p.add(keyDirection, nameOf(directions, in.Direction))
	}
	if r.has(partTime) {
		var buf [len("2006-01-02T15:04:05.999999999Z")]byte
		p.add(keyTime, ast.StringTerm(string(inputjson.AppendTime(buf[:0], in.Time))))
	}
	if err := r.packet(&p, in); err != nil {
		return nil, err
	}
	if r.has(partIdentity) {
		id, err := identity(in.Identity)
		if err != nil {
			return nil, err
		}
		p.add(keyIdentity, id)
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

// packet adds what comes from the packet itself.
func (r *reads) packet(p *pairs, in *engine.Input) error {
	if r.has(partNamespace) && inputjson.HasNamespace(in) {
		p.add(keyNamespace, str(in.Namespace))
	}
	if r.has(partEvent) && inputjson.HasEvent(in) {
		p.add(keyEvent, str(in.Event))
	}
	if r.has(partRoom) && in.Room != "" {
		p.add(keyRoom, str(in.Room))
	}
	if r.has(partAck) && inputjson.HasAck(in) {
		p.add(keyAck, boolean(in.Ack))
	}
	if r.has(partBytes) {
		p.add(keyBytes, ast.InternedTerm(in.Bytes))
	}
	if r.has(partArgs) && in.Args != nil {
		t, err := parse(in.Args, r.known)
		if err != nil {
			return fmt.Errorf("args: %w", err)
		}
		p.add(keyArgs, t)
	}
	if r.has(partAttachments) && in.Args != nil {
		p.add(keyAttachments, attachments(in.Attachments))
	}
	if r.has(partAuth) && in.Auth != nil {
		t, err := parse(in.Auth, r.known)
		if err != nil {
			return fmt.Errorf("auth: %w", err)
		}
		p.add(keyAuth, t)
	}
	return nil
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

type (
	identityKey struct{}
	sessionKey  struct{}
)

// rendered is an identity's term, or why there is none.
type rendered struct {
	term *ast.Term
	err  error
}

var nobody = renderIdentity(&engine.Identity{})

// identity gives the term of id, made once for each.
func identity(id *engine.Identity) (*ast.Term, error) {
	r := nobody
	if id != nil {
		r = id.Forms.Get(identityKey{}, func() any { return renderIdentity(id) }).(*rendered)
	}
	return r.term, r.err
}

func renderIdentity(id *engine.Identity) *rendered {
	claims := ast.InternedEmptyObject
	if id.Claims != nil {
		var err error
		if claims, err = parse(id.Claims, nil); err != nil {
			return &rendered{err: fmt.Errorf("identity.claims: %w", err)}
		}
	}
	return &rendered{term: ast.ObjectTerm(
		[2]*ast.Term{key("authenticated"), boolean(id.Authenticated)},
		[2]*ast.Term{key("sub"), str(id.Sub)},
		[2]*ast.Term{key("roles"), strs(id.Roles)},
		[2]*ast.Term{key("scopes"), strs(id.Scopes)},
		[2]*ast.Term{key("claims"), claims},
		[2]*ast.Term{key("expires_at"), ast.InternedTerm(id.ExpiresAt)})}
}

// snapshot is a session as far as it does not change with the packet.
type snapshot struct {
	pairs pairs     // all but age_ms
	term  *ast.Term // these as an object
}

var noSession = renderSession(&engine.Session{})

// session gives the session's term: the one made for the snapshot, where the policy cannot see its age.
func (r *reads) session(in *engine.Input) *ast.Term {
	snap := noSession
	if s := in.Session; s != nil {
		snap = s.Forms.Get(sessionKey{}, func() any { return renderSession(s) }).(*snapshot)
	}
	if !r.age {
		return snap.term
	}
	var room [12][2]*ast.Term
	p := append(pairs(room[:0]), snap.pairs...)
	p.add(keyAge, ast.InternedTerm(inputjson.Age(in)))
	return ast.ObjectTerm(p...)
}

func renderSession(s *engine.Session) *snapshot {
	var p pairs
	p.add(key("id"), str(s.ID))
	p.add(key("eio"), ast.InternedTerm(s.EIO))
	p.add(key("transport"), str(s.Transport))
	p.add(key("ip"), str(s.IP))
	p.add(key("secure"), boolean(s.Secure))
	p.add(key("rooms"), strs(s.Rooms))
	p.add(key("namespaces"), strs(s.Namespaces))
	p.add(key("origin"), str(s.Origin))
	p.add(key("headers"), strMap(s.Headers))
	p.add(key("query"), strMap(s.Query))
	return &snapshot{pairs: p, term: ast.ObjectTerm(p...)}
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
