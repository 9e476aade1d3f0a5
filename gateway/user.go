package gateway

import (
	"sync"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/clock"
)

// users counts what identities do in all their sessions together.
type users struct {
	mu    sync.Mutex
	by    map[string]*user
	swept time.Time
}

// nameOf is what an identity counts by: the same sub of another issuer is somebody else. "" is nobody.
func nameOf(id *engine.Identity) string {
	if id == nil || !id.Authenticated || id.Sub == "" {
		return ""
	}
	return id.Sub + "\x00" + id.Issuer
}

// user is one identity.
type user struct {
	name   string
	events sharedBucket

	// guarded by users.mu
	open  int // sessions
	rate  bucket
	tried time.Time
}

// take counts one more session of name, or says why not. Each take that gave a user is given back once.
func (u *users) take(lim *Limits, name string, now time.Time) (*user, engine.Code) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweep(lim, now)
	one := u.by[name]
	if one == nil {
		one = &user{name: name}
		if u.by == nil {
			u.by = map[string]*user{}
		}
		u.by[name] = one
	}
	one.tried = now
	switch {
	case !one.rate.allow(lim.ConnectRatePerIdentity, clock.Of(now)):
		return nil, engine.CodeIdentityRate
	case lim.ConnectionsPerIdentity > 0 && one.open >= lim.ConnectionsPerIdentity:
		return nil, engine.CodeConnectionsPerIdentity
	}
	one.open++
	return one, engine.CodeNone
}

func (u *users) give(one *user) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one.open--
}

// sweep forgets who holds nothing and whose rates have filled up again. The table is bounded: entries are made
// for verified identities only.
func (u *users) sweep(lim *Limits, now time.Time) {
	period := max(lim.ConnectRatePerIdentity.Per, lim.EventsPerIdentity.Per, time.Second)
	if now.Sub(u.swept) < period {
		return
	}
	u.swept = now
	for name, one := range u.by {
		if one.open == 0 && now.Sub(one.tried) >= period {
			delete(u.by, name)
		}
	}
}

// own counts the session among those of an identity, once for each that its namespaces have. s.mu is held, or
// the session is not open yet.
func (s *session) own(id *engine.Identity, now time.Time) (*user, engine.Code) {
	name := nameOf(id)
	if name == "" {
		return nil, engine.CodeNone
	}
	if s.g.bans.identity(name, now) {
		return nil, engine.CodeBanned
	}
	for _, u := range s.users {
		if u.name == name {
			return u, engine.CodeNone
		}
	}
	u, code := s.g.users.take(&s.gen.Limits, name, now)
	if u != nil {
		s.users = append(s.users, u)
	}
	return u, code
}

// giveBack ends what the session counts as. It is called once.
func (s *session) giveBack() {
	s.g.conns.give(s.g.clientKey(s.addr))
	for _, u := range s.users {
		s.g.users.give(u)
	}
	s.users = nil
}
