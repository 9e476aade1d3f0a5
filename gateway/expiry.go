package gateway

import (
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/socketio"
)

// OnExpiry is what happens to a live connection when its identity ends.
type OnExpiry string

// The zero value is ExpiryLeave.
const (
	ExpiryLeave  OnExpiry = "leave"  // the namespace is left, on both sides
	ExpiryClose  OnExpiry = "close"  // the session ends
	ExpiryIgnore OnExpiry = "ignore" // nothing: policies see identity.expires_at
)

// who gives the identity that a namespace lives by.
func (s *session) who(n *namespace) *engine.Identity {
	if n != nil && n.identity != nil {
		return n.identity
	}
	return s.identity
}

// until gives when the identity of a namespace ends, the zero time for never.
func (s *session) until(n *namespace) time.Time {
	if id := s.who(n); id != nil && s.gen.OnExpiry != ExpiryIgnore {
		return id.Until
	}
	return time.Time{}
}

func (s *session) lapsed(n *namespace, now time.Time) bool {
	end := s.until(n)
	return !end.IsZero() && !now.Before(end)
}

// outlived reports whether a packet comes under an identity that has ended: the timer may be late. The goodbyes of
// either side pass.
func (s *session) outlived(j *job) bool {
	if j.n == nil || j.n.state == gone || j.pkt.Type == socketio.Disconnect {
		return false
	}
	if j.pkt.Type == socketio.ConnectError && j.n.state == connecting {
		return false
	}
	return s.lapsed(j.n, j.now)
}

// awaitExpiry sets the session's alarm to the first end of an identity. s.mu is held.
func (s *session) awaitExpiry() {
	var first time.Time
	for _, n := range s.namespaces {
		if end := s.until(n); n.state == connected && !end.IsZero() && (first.IsZero() || end.Before(first)) {
			first = end
		}
	}
	if first.IsZero() || s.closed {
		s.expiry.Stop()
		return
	}
	s.expiry.Set((*expiring)(s), time.Until(first))
}

// expiring is the side of a session that the alarm of its identities rings at.
type expiring session

// Ring implements alarm.Waiter.
func (e *expiring) Ring() { (*session)(e).expire() }

// expire ends what has lapsed.
func (s *session) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.survive()
	if s.closed || s.expiry.Left() > 0 { // it was set anew meanwhile
		return
	}
	s.adopt()
	s.endLapsed()
	if !s.closed {
		s.flush()
		s.awaitExpiry()
	}
}

// endLapsed leaves the namespaces whose identity has ended, or ends the session.
func (s *session) endLapsed() {
	now := time.Now()
	for _, n := range s.namespaces {
		if n.state != connected || !s.lapsed(n, now) {
			continue
		}
		s.g.stats.expired.Add(1)
		id := s.logGone(n)
		if s.gen.OnExpiry == ExpiryClose {
			s.end(engineio.Denied)
			return
		}
		s.sendAway(n, expiredRefusal(id))
	}
}

// lapse ends what a refused packet has shown to have lapsed. A namespace that was still connecting is left when the
// server's answer comes, which takes no packet before; its client hears that it is refused.
func (s *session) lapse(j *job) {
	if j.n.state == connecting && j.pkt.Type == socketio.Connect {
		s.g.stats.expired.Add(1)
		s.rejectConnect(j, expiredRefusal(s.logGone(j.n)))
		s.up.send(s.down, s.goodbye(j.n), nil)
		s.setState(j.n, gone)
		return
	}
	s.endLapsed()
}

// sendAway leaves n for both sides, and tells the client why.
func (s *session) sendAway(n *namespace, why refusal) {
	if s.gen.Deny.Event != "" {
		s.tell(&job{pkt: &socketio.Packet{Namespace: n.name}}, why)
	}
	s.down.send(s.down, s.goodbye(n), nil)
	s.up.send(s.down, s.goodbye(n), nil)
	s.setState(n, gone)
}

func (s *session) goodbye(n *namespace) []byte {
	return s.g.opt.Parser.Append(nil, &socketio.Packet{Type: socketio.Disconnect, Namespace: n.name})
}

// logGone notes the end of n by expiry, and gives the id of its line.
func (s *session) logGone(n *namespace) engine.ID {
	why := engine.Refuse(engine.CodeIdentityExpired, "")
	why.Effect = engine.Allow // nothing was asked
	s.log(s.input(engine.Disconnect, engine.In, n), &why)
	return why.ID
}

func expiredRefusal(id engine.ID) refusal {
	d := engine.Denial{Code: engine.CodeIdentityExpired}
	return refusal{Code: d.Shown(), Reason: d.Code.String(), DecisionID: id.String()}
}
