package gateway

import (
	"sync"
	"time"

	"github.com/siogw/siogw/engine"
)

// users counts what identities do in all their sessions together.
type users struct {
	mu    sync.Mutex
	by    map[string]*user
	swept time.Time
}

// user is one identity.
type user struct {
	sub    string
	events sharedBucket

	// guarded by users.mu
	open  int // sessions
	rate  bucket
	tried time.Time
}

// take counts one more session of sub, or says why not. Each take that gave a user is given back once.
func (u *users) take(lim *Limits, sub string, now time.Time) (*user, engine.Code) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweep(lim, now)
	one := u.by[sub]
	if one == nil {
		one = &user{sub: sub}
		if u.by == nil {
			u.by = map[string]*user{}
		}
		u.by[sub] = one
	}
	one.tried = now
	switch {
	case !one.rate.allow(lim.ConnectRatePerIdentity, now):
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
	for sub, one := range u.by {
		if one.open == 0 && now.Sub(one.tried) >= period {
			delete(u.by, sub)
		}
	}
}

// own counts the session among those of an identity, once for each that its namespaces have. s.mu is held, or
// the session is not open yet.
func (s *session) own(id *engine.Identity, now time.Time) (*user, engine.Code) {
	if id == nil || !id.Authenticated || id.Sub == "" {
		return nil, engine.CodeNone
	}
	if s.g.bans.identity(id.Sub, now) {
		return nil, engine.CodeBanned
	}
	for _, u := range s.users {
		if u.sub == id.Sub {
			return u, engine.CodeNone
		}
	}
	u, code := s.g.users.take(&s.gen.Limits, id.Sub, now)
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
