package gateway

import (
	"errors"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// renewal is what a refresh leads to when it is allowed.
type renewal struct {
	identity *engine.Identity
	user     *user
}

var (
	errRefreshForm = errors.New("refresh: want one argument, a token, or an object as the auth of a CONNECT")
	errRefreshWho  = errors.New("refresh: want a token with the sub and the iss of the one before; another identity is for another CONNECT")
)

// isRefresh reports whether an event brings a new token: it is the gateway's, and never forwarded.
func (s *session) isRefresh(event string) bool {
	return s.gen.RefreshEvent != "" && event == s.gen.RefreshEvent && s.gen.Verifier != nil
}

// admitRefresh verifies the token that an event brings in its arguments. What is decided then is the CONNECT that the client could
// have sent with it.
func (s *session) admitRefresh(j *job, args []byte) engine.Code {
	j.epoch = s.g.passes.epoch.Load()
	j.input(engine.Connect)
	j.in.Auth, j.in.Bytes, j.refresh = []byte("{}"), size(j), true
	c, ok := refreshCredentials(args)
	if !ok {
		j.why = errRefreshForm
		return engine.CodeTokenInvalid
	}
	if c.Auth != nil {
		j.in.Auth = c.Auth
	}
	c.Addr, c.Namespace, c.Turn, j.token = s.addr, j.n.name, s, c.Token
	id, denial := s.gen.verify(c)
	if denial != nil {
		j.why = errors.New(denial.Reason)
		return denial.Code
	}
	before := s.who(j.n)
	if before == nil || id == nil || id.Sub == "" || id.Sub != before.Sub || id.Issuer != before.Issuer {
		j.why = errRefreshWho
		return engine.CodeRefresh
	}
	u, code := s.own(id, j.in.Time)
	j.in.Identity, j.renewal = id, renewal{id, u}
	return code
}

// refreshCredentials reads the argument. Nothing of the handshake counts: its token is the one to be replaced.
func refreshCredentials(args []byte) (c Credentials, ok bool) {
	first, rest, ok := strictjson.SplitFirst(args)
	if !ok || len(rest) > 0 {
		return c, false
	}
	switch strictjson.KindOf(first) {
	case strictjson.Text:
		c.Token = strictjson.String(first)
		return c, c.Token != ""
	case strictjson.Object:
		c.Auth = first
		return c, true
	}
	return c, false
}

// renew puts the new identity in the place of the one before, tells the upstream if it is to know, and answers.
func (s *session) renew(j *job, told []byte) {
	j.n.identity, j.n.user = j.renewal.identity, j.renewal.user
	s.g.stats.refreshed.Add(1)
	s.awaitExpiry()
	if told != nil {
		s.up.send(s.down, told, nil)
	}
	if j.pkt.HasID {
		s.answerWith(j, map[string]any{"ok": true, "expires_at": j.renewal.identity.ExpiresAt})
	}
}
