package gateway

import (
	"errors"
	"reflect"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/shields"
)

// Rules are what a gateway decides by: all that may change while it runs, see [Gateway.Swap].
type Rules struct {
	Engine   *engine.Engine
	Verifier Verifier // nil: nobody is authenticated
	Require  bool     // a CONNECT without a verified identity is refused
	OnExpiry OnExpiry // what happens to a live connection when its identity ends; default ExpiryLeave
	// RefreshEvent is the event by which a client brings a new token; it is never forwarded. "" for none.
	RefreshEvent string
	// Tell says to the upstream who a client is; nil passes what the client sent. Sessions that are open hear of
	// another one with their next CONNECT.
	Tell Teller
	// TellEvent is the event by which the upstream hears of a refresh, with Tell's token; no client may send it. "" for
	// none.
	TellEvent string

	Front
	Limits      Limits
	Reauthorize Reauthorize // of live connections, when rules change
	Rooms       Rooms
	Deny        Deny
	Responses   []Response   // what happens when refusals add up, all that match; default none
	Shields     *shields.Set // the virtual patches; nil for all in their default state

	// Release is called once, when other rules are in force and nothing is decided by these any more; it may be
	// nil. It does not wait.
	Release func()
}

// complete sets the defaults and checks what has none.
func (r *Rules) complete() error {
	if r.Engine == nil {
		return errors.New("gateway: no engine")
	}
	if err := r.Rooms.check(); err != nil {
		return err
	}
	r.Limits.complete()
	r.Reauthorize.complete()
	if r.Shields != nil {
		return nil
	}
	var err error
	r.Shields, err = shields.New(shields.Options{})
	return err
}

// Swap puts other rules in force, at once and as a whole: what begins from now on is judged by r alone, what is
// under way by the rules that it began with. It returns when no packet is judged by the rules before any more;
// handshakes still may be. Open sessions keep their namespaces, rooms, counts and bans, and
// what they were told at their handshake: Front, and Limits.Payload.
//
// It fails, and changes nothing, on rules that cannot work, and on another Limits.IPv6Prefix, by which clients are
// known. It takes r.Release only when it does not fail. Calls must not overlap.
func (g *Gateway) Swap(r Rules) error {
	if err := r.complete(); err != nil {
		return err
	}
	before := g.rules.Load()
	gen, err := g.newGeneration(r, before.n+1)
	if err != nil {
		return err
	}
	if r.Limits.IPv6Prefix != before.Limits.IPv6Prefix {
		return errors.New("gateway: the IPv6 prefix cannot change while running")
	}
	if reflect.DeepEqual(r.Responses, before.Responses) {
		gen.Responses = before.Responses // what adds up goes on
	} else {
		g.tallies.clear()
	}
	g.memory.limit.Store(r.Limits.Memory)
	g.upstreamPayload.Store(int64(r.Limits.UpstreamPayload))
	g.rules.Store(gen)
	for _, rt := range g.routes {
		rt.server.Use(gen.front)
	}
	before.release()
	for _, s := range g.sessions.all() {
		s.mu.Lock()
		s.adopt()
		s.mu.Unlock()
	}
	g.Reauthorize("other rules") // now that nobody is let in by the rules before
	return nil
}

// Generation numbers the rules in force: 1 for those of New, and one more for each Swap.
func (g *Gateway) Generation() uint64 { return g.rules.Load().n }
