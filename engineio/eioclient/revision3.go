package eioclient

import (
	"time"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

// form is how a WebSocket is written to.
func form(eio int) wsconn.Form {
	if eio == 3 {
		return wsconn.Revision3
	}
	return wsconn.Revision4
}

// beat3 is the client's side of the heartbeat in revision 3: a ping at pingInterval after the last pong, and its
// pong within pingTimeout from then. The session's lock guards it.
type beat3 struct {
	pinged bool // a pong is due at pingBy
	held   bool // reading was paused since the ping: the pong may lie unread
}

// ping sends a ping. s.mu is held.
func (s *Session) ping() {
	s.beat = beat3{pinged: true, held: s.paused}
	s.heard.Store(false)
	s.awaitBeat(s.timeout)
	s.conn.Send(engineio.Packet{Type: engineio.Ping})
	s.conn.Flush()
}

// beatDue is the alarm's in revision 3: it is time for a ping, or a pong did not come. s.mu is held.
func (s *Session) beatDue() {
	if s.beat.pinged && !s.beat.held && !s.heard.Load() {
		s.end(engineio.PingTimeout)
		return
	}
	s.ping()
}

// ponged takes the answer to a ping. One that nobody asked for changes nothing.
func (s *Session) ponged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.beat.pinged && s.reason == 0 {
		s.beat = beat3{}
		s.awaitBeat(s.interval)
	}
}

// awaitBeat sets the alarm. s.mu is held.
func (s *Session) awaitBeat(d time.Duration) {
	s.pingBy = time.Now().Add(d)
	s.alarm.Set((*ringing)(s), d)
}
