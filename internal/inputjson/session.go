package inputjson

import (
	"maps"
	"slices"
	"strconv"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

type (
	identityKey struct{}
	sessionKey  struct{}
)

// halves are the parts of a session before and after its age, the only part that changes with the packet.
type halves struct{ head, tail []byte }

var (
	nobody    = appendIdentity(nil, &engine.Identity{})
	noSession = appendHalves(&engine.Session{})
)

// identity gives the rendering of id, made once for each.
func identity(id *engine.Identity) []byte {
	if id == nil {
		return nobody
	}
	return id.Forms.Get(identityKey{}, func() any { return appendIdentity(nil, id) }).([]byte)
}

func appendIdentity(dst []byte, id *engine.Identity) []byte {
	dst = append(dst, `{"authenticated":`...)
	dst = strconv.AppendBool(dst, id.Authenticated)
	dst = append(dst, `,"sub":`...)
	dst = strictjson.AppendQuote(dst, id.Sub)
	dst = append(dst, `,"roles":`...)
	dst = appendStrings(dst, id.Roles)
	dst = append(dst, `,"scopes":`...)
	dst = appendStrings(dst, id.Scopes)
	dst = append(dst, `,"claims":`...)
	if id.Claims == nil {
		dst = append(dst, `{}`...)
	}
	dst = append(dst, id.Claims...)
	dst = append(dst, `,"expires_at":`...)
	dst = strconv.AppendInt(dst, id.ExpiresAt, 10)
	return append(dst, '}')
}

func appendSession(dst []byte, in *engine.Input) []byte {
	h := noSession
	if s := in.Session; s != nil {
		h = s.Forms.Get(sessionKey{}, func() any { return appendHalves(s) }).(*halves)
	}
	dst = append(dst, h.head...)
	dst = strconv.AppendInt(dst, Age(in), 10)
	return append(dst, h.tail...)
}

// Age gives session.age_ms: 0 without a session or when its beginning is not known.
func Age(in *engine.Input) int64 {
	if in.Session == nil || in.Session.Opened.IsZero() {
		return 0
	}
	return in.Session.AgeMillis(in.Time)
}

func appendHalves(s *engine.Session) *halves {
	b := append([]byte(nil), `{"id":`...)
	b = strictjson.AppendQuote(b, s.ID)
	b = append(b, `,"eio":`...)
	b = strconv.AppendInt(b, int64(s.EIO), 10)
	b = append(b, `,"transport":`...)
	b = strictjson.AppendQuote(b, s.Transport)
	b = append(b, `,"ip":`...)
	b = strictjson.AppendQuote(b, s.IP)
	b = append(b, `,"secure":`...)
	b = strconv.AppendBool(b, s.Secure)
	b = append(b, `,"age_ms":`...)

	t := append([]byte(nil), `,"rooms":`...)
	t = appendStrings(t, s.Rooms)
	t = append(t, `,"namespaces":`...)
	t = appendStrings(t, s.Namespaces)
	t = append(t, `,"origin":`...)
	t = strictjson.AppendQuote(t, s.Origin)
	t = append(t, `,"headers":`...)
	t = appendMap(t, s.Headers)
	t = append(t, `,"query":`...)
	t = appendMap(t, s.Query)
	return &halves{head: b, tail: append(t, '}')}
}

func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strictjson.AppendQuote(dst, s)
	}
	return append(dst, ']')
}

func appendMap(dst []byte, m map[string]string) []byte {
	dst = append(dst, '{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strictjson.AppendQuote(dst, k)
		dst = append(dst, ':')
		dst = strictjson.AppendQuote(dst, m[k])
	}
	return append(dst, '}')
}
