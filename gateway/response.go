package gateway

import (
	"slices"
	"sync"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/socketio"
)

// Action is what a response does, beside or in the place of the ordinary refusal.
type Action string

// The actions, from mild to harsh.
const (
	ActionLog             Action = "log"              // one line in the gateway's own log
	ActionDrop            Action = "drop"             // the refusal is not answered
	ActionError           Action = "error"            // the ordinary refusal, which is the default
	ActionThrottle        Action = "throttle"         // reading stops for a while
	ActionMute            Action = "mute"             // the session's events are dropped for a while
	ActionDisconnectRetry Action = "disconnect_retry" // the transport is closed: clients come back
	ActionDisconnect      Action = "disconnect"       // a DISCONNECT, which is final, and the end of the session
	ActionBan             Action = "ban"              // refused before any work is done, for a while
)

// Scope is whose refusals a response counts, and whom a ban hits.
type Scope string

// The scopes.
const (
	BySession  Scope = "session"  // also the zero value; a ban then hits the address
	ByAddress  Scope = "address"  // an IPv6 network counts as one, see Limits.IPv6Prefix
	ByIdentity Scope = "identity" // nobody's refusals count for nobody
)

// Codes is a range of numbered reasons.
type Codes struct{ From, To engine.Code }

// Response says what happens when refusals add up.
type Response struct {
	Codes  []Codes       // empty matches all
	Kinds  []engine.Kind // empty matches all
	Count  int           // refusals within Within at which it acts, and starts to count anew; at least 1
	Within time.Duration // at least 1 ms where Count is above 1
	By     Scope
	Action Action
	For    time.Duration // of throttle, mute and ban
}

func (r *Response) matches(kind engine.Kind, code engine.Code) bool {
	in := func(c Codes) bool { return c.From <= code && code <= c.To }
	return (len(r.Kinds) == 0 || slices.Contains(r.Kinds, kind)) &&
		(len(r.Codes) == 0 || slices.ContainsFunc(r.Codes, in))
}

// tally counts refusals for one response.
type tally struct {
	since time.Time
	n     int
}

// add reports whether r is due, and begins anew if so.
func (t *tally) add(r *Response, now time.Time) bool {
	if now.Sub(t.since) >= r.Within {
		*t = tally{since: now}
	}
	if t.n++; t.n < r.Count {
		return false
	}
	*t = tally{}
	return true
}

// maxTallies bounds the table of those that are not a session's. Past it, any is forgotten.
const maxTallies = 65536

// tallies are the counts by address and identity.
type tallies struct {
	mu sync.Mutex
	by map[tallyKey]*tally
}

type tallyKey struct {
	rule *Response
	who  any // netip.Prefix or string
}

func (t *tallies) add(r *Response, who any, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := tallyKey{r, who}
	one := t.by[key]
	if one == nil {
		if t.by == nil {
			t.by = map[tallyKey]*tally{}
		}
		for other := range t.by {
			if len(t.by) < maxTallies {
				break
			}
			delete(t.by, other)
		}
		one = &tally{}
		t.by[key] = one
	}
	due := one.add(r, now)
	if due {
		delete(t.by, key)
	}
	return due
}

// clear forgets all counts.
func (t *tallies) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.by)
}

// respond counts a refusal of the client's, and carries out the responses that it makes due. s.mu is held, or
// the session is not open yet.
func (s *session) respond(in *engine.Input, d *engine.Decision) { s.act(s.due(in, d), in, d) }

// due counts a refusal and gives the responses that it makes due.
func (s *session) due(in *engine.Input, d *engine.Decision) (due []*Response) {
	for i := range s.gen.Responses {
		r := &s.gen.Responses[i]
		if r.matches(in.Kind, d.Code) && s.addsUp(i, r, in) {
			s.g.stats.responded(r.Action)
			due = append(due, r)
		}
	}
	return due
}

func (s *session) addsUp(i int, r *Response, in *engine.Input) bool {
	switch r.By {
	case ByAddress:
		return s.addr.IsValid() && s.g.tallies.add(r, s.g.clientKey(s.addr), in.Time)
	case ByIdentity:
		name := nameOf(in.Identity)
		return name != "" && s.g.tallies.add(r, name, in.Time)
	}
	if s.tallies == nil {
		s.tallies = make([]tally, len(s.gen.Responses))
	}
	return s.tallies[i].add(r, in.Time)
}

// dropped reports whether a refusal is not to be answered.
func dropped(due []*Response) bool {
	return slices.ContainsFunc(due, func(r *Response) bool { return r.Action == ActionDrop })
}

// act carries responses out. A handshake that is refused has no session to do something to.
func (s *session) act(due []*Response, in *engine.Input, d *engine.Decision) {
	for _, r := range due {
		switch {
		case r.Action == ActionLog:
			s.g.opt.Logger.Warn("refusals add up", "code", int(d.Code), "reason", d.Reason, "kind", in.Kind.String(),
				"session", s.base.id, "address", s.said().ip, "count", r.Count, "decision_id", d.ID.String())
		case r.Action == ActionBan:
			s.ban(r, in)
		case !s.entered || s.closed:
		case r.Action == ActionThrottle:
			s.throttle(r.For)
		case r.Action == ActionMute:
			s.muted = in.Time.Add(r.For)
		case r.Action == ActionDisconnectRetry:
			s.end(engineio.Denied)
		case r.Action == ActionDisconnect:
			s.disconnect()
		}
	}
}

// throttle stops reading from the client for a while.
func (s *session) throttle(d time.Duration) {
	if s.throttled != nil {
		s.throttled.Stop()
	}
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.throttled == timer {
			s.throttled = nil
			s.resume(s.down)
		}
	})
	s.throttled = timer
	s.down.eio.Pause()
}

// resume reads from a side again, if nothing else holds it.
func (s *session) resume(e *end) {
	if !e.waits.own && !e.waits.peer && (e != s.down || s.throttled == nil) {
		e.eio.Resume()
	}
}

// isMuted reports whether the client's events are dropped now.
func (s *session) isMuted(now time.Time) bool { return !s.muted.IsZero() && now.Before(s.muted) }

// disconnect ends the session for good: a DISCONNECT packet is final to a client, where a closed transport
// would have it come back at once.
func (s *session) disconnect() {
	if s.closed {
		return
	}
	for _, n := range s.namespaces {
		if n.state != gone {
			s.reply(&socketio.Packet{Type: socketio.Disconnect, Namespace: n.name})
		}
	}
	s.end(engineio.Denied)
}

// ban refuses the client for a while, and ends the sessions that it has.
func (s *session) ban(r *Response, in *engine.Input) {
	until := in.Time.Add(r.For)
	var same func(*session) bool
	if r.By == ByIdentity {
		name := nameOf(in.Identity) // due says that there is one
		s.g.bans.add(name, until, in.Time)
		same = func(o *session) bool {
			return slices.ContainsFunc(o.users, func(u *user) bool { return u.name == name })
		}
	} else if s.addr.IsValid() {
		key := s.g.clientKey(s.addr)
		s.g.bans.add(key, until, in.Time)
		same = func(o *session) bool { return s.g.clientKey(o.addr) == key }
	} else {
		return
	}
	if s.entered {
		s.end(engineio.Denied)
	}
	go s.g.endAll(same) // their locks must not be taken under this one
}

// endAll ends every session that matches.
func (g *Gateway) endAll(matches func(*session) bool) {
	for _, s := range g.sessions.all() {
		s.mu.Lock()
		if matches(s) {
			s.end(engineio.Denied)
		}
		s.mu.Unlock()
	}
}
