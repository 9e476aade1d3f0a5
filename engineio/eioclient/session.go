package eioclient

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
	"github.com/siogw/siogw/internal/alarm"
)

// Session is the client's end of a session with the upstream.
type Session struct {
	conn    wsconn.Conn
	eio     int              // revision
	answer  *answer          // nil from Start on
	handler engineio.Handler // set by Start, before anything is read

	interval, timeout time.Duration // of the upstream's pings

	in sync.Mutex // one call of the handler at a time; taken before mu

	over  atomic.Bool // reason is set
	heard atomic.Bool // in revision 3: a message came since the last ping, whose pong may be behind more of it

	mu      sync.Mutex // a leaf: never held while the handler is called
	reason  engineio.Reason
	started bool
	paused  bool
	away    bool // see Leave
	late    bool // a ping was due then
	pingBy  time.Time
	alarm   alarm.Alarm
	beat    beat3
}

// answer is what the upstream said to the handshake.
type answer struct {
	open   engineio.Handshake
	header http.Header
}

var _ engineio.Session = (*Session)(nil)

// Handshake gives what the upstream's open packet said, and Response the header of its 101. Start forgets both: they must be
// asked for before.
func (s *Session) Handshake() engineio.Handshake { return s.answer.open }

// Response belongs to Handshake.
func (s *Session) Response() http.Header { return s.answer.header }

// Start begins to read, and to call h. It is called once; a session that is not started must be closed. On one
// that was closed it makes h hear so.
func (s *Session) Start(h engineio.Handler) {
	s.mu.Lock()
	s.handler, s.started, s.answer = h, true, nil
	if s.reason == 0 {
		first := s.patience()
		if s.eio == 3 {
			first = s.interval
		}
		s.pingBy = time.Now().Add(first)
		s.alarm.Set((*ringing)(s), first)
	} else {
		go s.tell(s.reason)
	}
	s.mu.Unlock()
	s.conn.Start((*receiver)(s))
}

// Send takes a Message packet, see [engineio.Session].
func (s *Session) Send(p engineio.Packet) bool {
	if s.closed() {
		return true
	}
	return s.conn.Send(p)
}

// Flush starts writing, see [engineio.Session].
func (s *Session) Flush() { s.conn.Flush() }

// Pause stops reading, see [engineio.Session].
func (s *Session) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused, s.beat.held = true, true
	s.conn.Pause()
}

// Resume starts reading again, see [engineio.Session].
func (s *Session) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused && s.reason == 0 && s.eio != 3 {
		s.pingBy = time.Now().Add(s.patience()) // its pings may lie unread
		if s.started {
			s.alarm.Set((*ringing)(s), s.patience())
		}
	}
	s.paused = false
	s.conn.Resume()
}

// Close ends the session, see [engineio.Session].
func (s *Session) Close(r engineio.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(r)
}

// end is the only way to close a session; the first reason counts. s.mu is held.
func (s *Session) end(r engineio.Reason) {
	if s.reason != 0 {
		return
	}
	s.reason = r
	s.over.Store(true)
	s.alarm.Stop()
	s.conn.Close(0)
	if r == engineio.OutOfMemory { // what waits to be written is what it is closed for
		s.conn.Cut()
	}
	if s.started {
		go s.tell(r)
	}
}

// tell says the last word to the handler.
func (s *Session) tell(r engineio.Reason) {
	s.in.Lock()
	defer s.in.Unlock()
	s.handler.Closed(r)
}

// hears notes that a message came. It reports whether the session lives.
func (s *Session) hears() bool {
	if s.eio == 3 && !s.heard.Load() {
		s.heard.Store(true)
	}
	return !s.closed()
}

func (s *Session) closed() bool { return s.over.Load() }

// patience is how long the upstream may be silent, section "Heartbeat".
func (s *Session) patience() time.Duration {
	return s.interval + s.timeout
}

// ringing is the side of a Session that its alarm rings at.
type ringing Session

// Ring implements alarm.Waiter.
func (r *ringing) Ring() { (*Session)(r).pingDue() }

// pingDue is the alarm's: no ping came in time, or the time was set anew; in revision 3 see beatDue.
func (s *Session) pingDue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.reason != 0:
	case s.eio != 3 && s.paused: // Resume gives time again
	case time.Now().Before(s.pingBy):
		s.alarm.Set((*ringing)(s), time.Until(s.pingBy))
	case s.away && (s.eio != 3 || s.beat.pinged):
		s.late = true
	case s.eio == 3:
		s.beatDue()
	default:
		s.end(engineio.PingTimeout)
	}
}

// pinged notes a ping. The alarm looks at the time when it rings, and is not set for each.
func (s *Session) pinged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pingBy = time.Now().Add(s.patience())
}
