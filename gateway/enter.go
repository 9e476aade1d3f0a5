package gateway

import (
	"time"

	"github.com/siogw/siogw/engine"
)

// room reports whether one more session fits; if so it is counted.
func (s *session) room(now time.Time) engine.Code {
	if s.g.memory.full() {
		return engine.CodeMemory
	}
	return s.g.conns.take(&s.gen.Limits, s.g.clientKey(s.addr), now)
}

// turnDown logs and counts the refusal of a handshake, and gives the answer to it.
// why is for the log alone; it may be nil.
func (s *session) turnDown(in *engine.Input, code engine.Code, why error) error {
	d := engine.Refuse(code, "")
	if why != nil {
		d.Steps = []engine.Step{{Plugin: "identity", Verdict: engine.Failed(code, why)}}
	}
	s.log(in, &d)
	s.respond(in, &d)
	return refused(&d.Denial)
}

// enter makes a session known whose handshake is through.
func (s *session) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entered = true
	if !s.closed {
		s.g.sessions.add(s)
		s.adopt() // after it is known: Swap finds it, or is over
		s.awaitConnect()
	}
}

// abandon ends a session whose handshake is refused after it was counted.
func (s *session) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.leave()
	}
}

// leave gives back all that the session counts as. It is called once, when the session is closed.
func (s *session) leave() {
	s.gen.Engine.EndSession(s.base.id)
	s.gen.release()
	s.giveBack()
	s.dropUnfinished()
	s.late.stop()
	s.hasConnected()
	s.expiry.Stop()
	if s.throttled != nil {
		s.throttled.Stop()
		s.throttled = nil
	}
	for _, n := range s.namespaces {
		s.memory.add(-n.kept)
		n.kept = 0
	}
	s.memory.add(-sessionMemory)
	s.g.sessions.remove(s)
}

// mayConnect counts a CONNECT.
func (s *session) mayConnect(now time.Time) bool {
	r := s.gen.Limits.Connects
	if r.Count <= 0 {
		return true
	}
	if now.Sub(s.connects.since) >= r.Per {
		s.connects = tally{since: now}
	}
	s.connects.n++
	return s.connects.n <= r.Count
}

// admitRate holds an event against what its client, its identity and its session may send.
func (s *session) admitRate(j *job) engine.Code {
	in, lim := j.in, &s.gen.Limits
	switch {
	case s.isMuted(in.Time):
		return engine.CodeMuted
	case j.pkt.HasID && digits(j.pkt.ID) > lim.AckID:
		return engine.CodeAckID
	case !s.events.allow(lim, in.Event, j.read):
		return engine.CodeEventRate
	}
	if u := j.n.user; u != nil && !u.events.allow(lim.EventsPerIdentity, j.read) {
		return engine.CodeIdentityEvents
	}
	if code := s.events.cost(lim, s.payload+lim.attachments(s.payload), in.Bytes, j.read); code != engine.CodeNone {
		return code
	}
	if j.pkt.HasID && !j.n.toServer.room(lim.Acks, j.read) {
		return engine.CodeUnanswered
	}
	return engine.CodeNone
}

// digits gives the length of n in decimal.
func digits(n uint64) int {
	d := 1
	for ; n >= 10; n /= 10 {
		d++
	}
	return d
}
