package rego

import (
	"fmt"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
)

type (
	identityKey struct{}
	sessionKey  struct{}
)

// keysOf gives the keys of the fields from first to last, in their order.
func keysOf(prefix string, first, last field) (out []*ast.Term) {
	for f := first; f <= last; f++ {
		out = append(out, key(fieldNames[f][len(prefix):]))
	}
	return out
}

var (
	identityKeys = keysOf("identity.", fieldAuthenticated, fieldExpires)
	sessionKeys  = keysOf("session.", fieldID, fieldQuery)
)

// rendered is the terms of an identity, each made when it is first asked for, or why there are none.
type rendered struct {
	id    *engine.Identity
	err   error
	parts [fieldExpires - fieldAuthenticated + 1]atomic.Pointer[ast.Term]
	whole atomic.Pointer[ast.Term]
}

var nobody = newRendered(&engine.Identity{})

// renderingOf gives that of id, made once for each.
func renderingOf(id *engine.Identity) *rendered {
	if id == nil {
		return nobody
	}
	return id.Forms.Get(identityKey{}, func() any { return newRendered(id) }).(*rendered)
}

func newRendered(id *engine.Identity) *rendered {
	r := &rendered{id: id}
	claims := ast.InternedEmptyObject
	if id.Claims != nil {
		var err error
		if claims, err = parse(id.Claims, nil); err != nil {
			r.err = fmt.Errorf("identity.claims: %w", err)
		}
	}
	r.parts[fieldClaims-fieldAuthenticated].Store(claims)
	return r
}

// part gives the term of one field.
func (r *rendered) part(f field) *ast.Term {
	return once(&r.parts[f-fieldAuthenticated], func() *ast.Term {
		switch f {
		case fieldAuthenticated:
			return boolean(r.id.Authenticated)
		case fieldSub:
			return str(r.id.Sub)
		case fieldRoles:
			return strs(r.id.Roles)
		case fieldScopes:
			return strs(r.id.Scopes)
		}
		return ast.InternedTerm(r.id.ExpiresAt)
	})
}

// all gives the whole identity.
func (r *rendered) all() *ast.Term {
	return once(&r.whole, func() *ast.Term {
		var p pairs
		for i, k := range identityKeys {
			p.add(k, r.part(fieldAuthenticated+field(i)))
		}
		return ast.ObjectTerm(p...)
	})
}

// snapshot is the terms of a session as far as it does not change with the packet, each made when it is first asked for.
type snapshot struct {
	session *engine.Session
	parts   [fieldQuery - fieldID + 1]atomic.Pointer[ast.Term]
	whole   atomic.Pointer[ast.Term] // less age_ms
}

var noSession = &snapshot{session: &engine.Session{}}

// snapshotOf gives that of s, made once for each.
func snapshotOf(s *engine.Session) *snapshot {
	if s == nil {
		return noSession
	}
	return s.Forms.Get(sessionKey{}, func() any { return &snapshot{session: s} }).(*snapshot)
}

// part gives the term of one field.
func (s *snapshot) part(f field) *ast.Term {
	return once(&s.parts[f-fieldID], func() *ast.Term {
		switch f {
		case fieldID:
			return str(s.session.ID)
		case fieldEIO:
			return ast.InternedTerm(s.session.EIO)
		case fieldTransport:
			return str(s.session.Transport)
		case fieldIP:
			return str(s.session.IP)
		case fieldSecure:
			return boolean(s.session.Secure)
		case fieldRooms:
			return strs(s.session.Rooms)
		case fieldNamespaces:
			return strs(s.session.Namespaces)
		case fieldOrigin:
			return str(s.session.Origin)
		case fieldHeaders:
			return strMap(s.session.Headers)
		}
		return strMap(s.session.Query)
	})
}

func (s *snapshot) pairs(p *pairs) {
	for i, k := range sessionKeys {
		p.add(k, s.part(fieldID+field(i)))
	}
}

// session gives the whole session: the term made for the snapshot, where the policy cannot see its age.
func (r *reads) session(in *engine.Input) *ast.Term {
	s := snapshotOf(in.Session)
	if r.age {
		var room [12][2]*ast.Term
		p := pairs(room[:0])
		s.pairs(&p)
		p.add(keyAge, ast.InternedTerm(inputjson.Age(in)))
		return ast.ObjectTerm(p...)
	}
	return once(&s.whole, func() *ast.Term {
		var p pairs
		s.pairs(&p)
		return ast.ObjectTerm(p...)
	})
}

// once gives the term at at, made when it is first asked for; by two at a time it may be made twice.
func once(at *atomic.Pointer[ast.Term], make func() *ast.Term) *ast.Term {
	t := at.Load()
	if t == nil {
		t = make()
		at.Store(t)
	}
	return t
}
