package eioserver

import (
	"time"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/internal/alarm"
)

// heartbeat is the server's side of section "Heartbeat": a ping at PingInterval after the last pong, and its
// pong within PingTimeout from then. In revision 3 the client pings, within PingInterval and PingTimeout from its
// last ping. The session's lock guards it.
type heartbeat struct {
	alarm  alarm.Alarm
	pinged bool // a pong is due at that time; in revision 3 a ping, always
	held   bool // reading was paused meanwhile: what is due may lie unread
	late   bool // the time came while reading was paused, or the handler away
	away   bool // see Session.Leave
}

// beat is the side of a Session that its alarm rings at.
type beat Session

// Ring implements alarm.Waiter.
func (b *beat) Ring() { (*Session)(b).beatDue() }

// arm sets the session's alarm.
func (b *heartbeat) arm(s *Session, d time.Duration) { b.alarm.Set((*beat)(s), d) }

func (b *heartbeat) stop() { b.alarm.Stop() }

func (b *heartbeat) paused() { b.held = b.held || b.pinged }

// resumed gives a peer that could not be heard its time again.
func (b *heartbeat) resumed(s *Session) {
	if b.late {
		b.late, b.held = false, false
		b.arm(s, s.opts.PingTimeout)
	}
}

// beatDue is the alarm's.
func (s *Session) beatDue() {
	if s.beatNow() {
		s.rest()
	}
}

// rest tells the handler that nothing passes, unless a call says otherwise.
func (s *Session) rest() {
	r, ok := s.handler.(engineio.Rester)
	if !ok || !s.in.TryLock() {
		return
	}
	defer s.in.Unlock()
	if !s.closed() {
		r.Rest()
	}
}

// beatNow does what is due. It reports whether a ping was sent, and no message has passed since the one before.
func (s *Session) beatNow() (quiet bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, o := &s.beat, s.opts
	quiet = !s.active.Load()
	over := s.overdue()
	switch {
	case s.reason != 0 || b.late:
	case b.alarm.Left() > 0: // it was set anew as it rang
	case s.poll != nil && s.poll.stale(s.now().WriteTimeout):
		s.endLocked(engineio.SlowReader)
	case over != 0:
		s.endLocked(over)
	case !b.pinged:
		b.pinged, b.held = true, s.paused
		b.arm(s, o.PingTimeout)
		s.to.Send(engineio.Packet{Type: engineio.Ping})
		s.to.Flush()
		return quiet
	case s.paused || b.away:
		b.late = true
	case b.held:
		b.held = false
		b.arm(s, o.PingTimeout)
	default:
		s.endLocked(engineio.PingTimeout)
	}
	return false
}

// pong takes the answer to a ping. One that nobody asked for changes nothing.
func (s *Session) pong() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	unasked := s.now().Unasked
	switch {
	case s.reason != 0:
	case s.beat.pinged:
		s.beat.pinged, s.beat.held, s.beat.late = false, false, false
		s.beat.arm(s, s.opts.PingInterval)
	case unasked != nil:
		unasked()
	}
	return s.reason == 0
}
