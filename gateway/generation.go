package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/siogw/siogw/engineio/eioserver"
	"github.com/siogw/siogw/socketio"
)

// generation is Rules at work. A session holds the one that it judges by, and moves on between packets only: one
// packet, one handshake and one request see one generation.
type generation struct {
	Rules
	n     uint64 // counts up
	rooms Mapping
	front *eioserver.Options // what Engine.IO makes of the rules
	*proxies
	users atomic.Int64 // who may decide by it; the gateway is one while it is in force

	emits, others *repeats // packets that came before: a server's events, and all else; nil for none
}

// newGeneration makes complete rules ready for use. It fails on rules of rooms that cannot work.
func (g *Gateway) newGeneration(r Rules, n uint64) (*generation, error) {
	mapping, err := newMapping(&r.Rooms, &r.Limits)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	if r.EIO3 && g.opt.Parser != socketio.JSON {
		return nil, errors.New("gateway: msgpack is not spoken over Engine.IO 3")
	}
	gen := &generation{Rules: r, n: n, rooms: mapping, proxies: &proxies{r.Trusted, r.TrustedHeader}}
	gen.emits, gen.others = newRepeats(r.Limits.Broadcasts, emitSets, mapping), newRepeats(r.Limits.Repeats, otherSets, mapping)
	if gen.others != nil && r.Verifier != nil {
		gen.others.secret = r.RefreshEvent
	}
	if gen.front, err = g.newFront(gen); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	gen.users.Store(1)
	return gen, nil
}

// take gives the rules in force. Each take is released once.
func (g *Gateway) take() *generation {
	for {
		if gen := g.rules.Load(); gen.acquire() {
			return gen
		} // else it was replaced a moment ago
	}
}

// acquire reports whether gen may be used: not when it was given up by everybody.
func (gen *generation) acquire() bool {
	for {
		n := gen.users.Load()
		if n == 0 {
			return false
		}
		if gen.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (gen *generation) release() {
	if gen.users.Add(-1) == 0 && gen.Release != nil {
		gen.Release()
	}
}

// adopt moves the session to the rules in force. It is called where a packet or another event begins, and by
// Swap; never on the way. A handshake keeps its own to its end. s.mu is held.
func (s *session) adopt() {
	if s.closed || !s.entered || s.g.rules.Load() == s.gen {
		return
	}
	before := s.gen
	s.gen = s.g.take()
	before.release()
	s.follow(before)
}

// follow makes what the session keeps that of its new rules.
func (s *session) follow(before *generation) {
	if len(s.gen.Responses) == 0 || len(before.Responses) == 0 || &s.gen.Responses[0] != &before.Responses[0] {
		s.tallies = nil
	}
	for _, e := range [...]*end{s.down, s.up} {
		if e.decoder != nil {
			e.decoder.Limits, e.decoder.before = e.limits(), nil
		}
	}
	s.awaitExpiry() // what happens then may have changed
}

// request is what an HTTP request is judged by, from its limits to the handshake that it may be.
type request struct{ gen *generation }

// done gives the rules up, if nobody took them over. It may be called again.
func (by *request) done() {
	if by.gen != nil {
		by.gen.release()
		by.gen = nil
	}
}

// rulesKey is where a request's context has its rules.
type rulesKey struct{}

// with gives r as who accepts handshakes takes it, see takeFor.
func (by *request) with(r *http.Request) *http.Request {
	if by.gen == nil {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), rulesKey{}, by))
}

// takeFor takes over the rules of a request. They are released once.
func (g *Gateway) takeFor(r *http.Request) *generation {
	if by, ok := r.Context().Value(rulesKey{}).(*request); ok && by.gen != nil {
		gen := by.gen
		by.gen = nil
		return gen
	}
	return g.take()
}
