package decisionlog

import (
	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
)

// AppendInput appends the document of in as policies see it, less what the log hides: what the mask names in args and
// auth, and the values of headers, of the query and of claims, where credentials are.
func (l *Log) AppendInput(dst []byte, in *engine.Input) []byte {
	shown := *in
	if in.Args != nil {
		shown.Args = l.mask.Load().args.appendValue(nil, in.Args)
	}
	if in.Auth != nil {
		shown.Auth = l.mask.Load().auth.appendValue(nil, in.Auth)
	}
	if s := in.Session; s != nil {
		shown.Session = s.Forms.Get(shownKey{}, func() any { return shownSession(s) }).(*engine.Session)
	}
	if id := in.Identity; id != nil {
		shown.Identity = id.Forms.Get(shownKey{}, func() any {
			return &engine.Identity{Authenticated: id.Authenticated, Sub: id.Sub, Roles: id.Roles, Scopes: id.Scopes, ExpiresAt: id.ExpiresAt}
		}).(*engine.Identity)
	}
	return inputjson.Append(dst, &shown)
}

type shownKey struct{}

func shownSession(s *engine.Session) *engine.Session {
	return &engine.Session{ID: s.ID, EIO: s.EIO, Transport: s.Transport, IP: s.IP, Secure: s.Secure, Opened: s.Opened,
		Rooms: s.Rooms, Namespaces: s.Namespaces, Origin: s.Origin, Headers: hideValues(s.Headers), Query: hideValues(s.Query)}
}

func hideValues(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k := range m {
		out[k] = "***"
	}
	return out
}
