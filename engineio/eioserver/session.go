package eioserver

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

// transport carries the packets of a session downstream. Its methods never wait and never call the handler;
// the session's lock is held over them, but for those of a WebSocket.
type transport interface {
	Send(p engineio.Packet) bool
	Flush()
	Pause()
	Resume()
}

// Session is the server's end of one client's session. Before the handshake is answered, and while it polls, its
// transport is the queue of a polling; from the handshake or the upgrade on it is a WebSocket.
type Session struct {
	srv        *Server
	opts       *Options // of its handshake; see now
	id         string   // constant once handler is set
	addr       netip.Addr
	opened     time.Time
	maxPayload atomic.Int64     // bytes of one message and of one POST; constant from the handshake's answer on
	handler    engineio.Handler // set before the session is found by its sid
	seat       *wsconn.Seat     // where its WebSocket is served; nil for a portable one
	eio        int

	in sync.Mutex // one call of the handler at a time; taken before mu

	over    atomic.Bool            // reason is set
	active  atomic.Bool            // a message passed since the last look
	carrier atomic.Pointer[socket] // the WebSocket that is the transport, once all that waited is in its buffer

	mu     sync.Mutex // a leaf: never held while the handler is called
	name   string     // of the transport, as the client sees it
	to     transport
	poll   *polling    // nil once to is a WebSocket
	ws     wsconn.Conn // nil until then
	up     *socket     // the WebSocket of an upgrade under way
	base64 bool        // revision 3: polls are answered in text only; constant
	paused bool
	reason engineio.Reason // why it is closed; 0 while it is not
	beat   heartbeat

	upgrades int       // begun
	seen     time.Time // the last look that found one
	account  func(int) // see Opening; may be nil
	owner    string    // the value of Options.Cookie
}

var _ engineio.Session = (*Session)(nil)

func newSession(srv *Server, req *request) *Session {
	s := &Session{srv: srv, id: newID(), eio: req.eio, base64: req.base64, addr: req.addr, opened: time.Now(),
		opts: req.opts, name: req.transport, seat: req.opts.Loops.Seat()}
	s.maxPayload.Store(int64(req.opts.MaxPayload))
	s.poll = newPolling(s)
	s.to = s.poll
	return s
}

// now gives the options in force: for all that the client was not told.
func (s *Session) now() *Options { return s.srv.options() }

// ID gives the sid.
func (s *Session) ID() string { return s.id }

// Opened gives the time of the handshake.
func (s *Session) Opened() time.Time { return s.opened }

// Transport gives polling or websocket.
func (s *Session) Transport() string {
	if s.carrier.Load() != nil {
		return "websocket"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name
}

// Send takes a Message packet, see [engineio.Session].
func (s *Session) Send(p engineio.Packet) bool {
	if s.closed() {
		return true
	}
	s.passed()
	if k := s.carrier.Load(); k != nil {
		return k.conn.Send(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason != 0 || s.to.Send(p)
}

// passed notes a message. Most find that noted.
func (s *Session) passed() {
	if !s.active.Load() {
		s.active.Store(true)
	}
}

// Flush starts writing, see [engineio.Session].
func (s *Session) Flush() {
	if k := s.carrier.Load(); k != nil {
		k.conn.Flush()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason == 0 {
		s.to.Flush()
	}
}

// Pause stops reading, see [engineio.Session].
func (s *Session) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = true
	s.beat.paused()
	s.to.Pause()
}

// Resume starts reading again, see [engineio.Session].
func (s *Session) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = false
	s.beat.resumed(s)
	s.to.Resume()
	s.wake()
}

// wake lets a POST go on that waits. s.mu is held.
func (s *Session) wake() {
	if s.poll != nil {
		s.poll.wake.Broadcast()
	}
}

// packet takes one packet from the client, over whichever transport. It reports whether the session goes on.
func (s *Session) packet(p engineio.Packet) bool {
	switch p.Type {
	case engineio.Message:
		return s.deliver(p)
	case engineio.Ping:
		if s.eio == 3 {
			return s.pinged()
		}
	case engineio.Pong:
		if s.eio != 3 && len(p.Data) == 0 {
			return s.pong()
		}
	case engineio.Close:
		s.end(engineio.PeerClosed)
		return false
	}
	s.end(engineio.ProtocolViolation)
	return false
}

// deliver hands a message to the handler. It reports whether the session goes on.
func (s *Session) deliver(p engineio.Packet) bool {
	s.in.Lock()
	defer s.in.Unlock()
	if s.closed() {
		return false
	}
	s.passed()
	s.handler.Packet(p)
	return !s.closed()
}

func (s *Session) passEnd() {
	s.in.Lock()
	defer s.in.Unlock()
	if !s.closed() {
		s.handler.PassEnd()
	}
}

func (s *Session) writable() {
	s.in.Lock()
	defer s.in.Unlock()
	if !s.closed() {
		s.handler.Writable()
	}
}

func (s *Session) closed() bool { return s.over.Load() }

// connection says how a WebSocket of the session works.
func (s *Session) connection() wsconn.Options {
	return wsconn.Options{Seat: s.seat, Read: &s.maxPayload, Live: &s.srv.limits, Account: s.account}
}
