package eioserver

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

// The stages of a socket.
const (
	fresh   = iota // of an upgrade: waits for 2probe, or 5
	probed         // waits for 5
	waits          // for the end of a POST, without reading
	carries        // is the session's transport
	idle           // closes, and was nobody's transport
)

// socket is what a WebSocket of a session pushes to. The stage changes only while the session's lock is held, or in a
// call of the connection.
type socket struct {
	s     *Session
	conn  wsconn.Conn
	stage atomic.Int32
	timer *time.Timer // of an upgrade: its deadline
	begun atomic.Bool // it counts among the upgrades under way
}

// Message takes a message of the WebSocket.
func (k *socket) Message(binary bool, data []byte) {
	p, err := engineio.DecodeMessage(k.s.eio, binary, data)
	switch {
	case k.carries() && err == nil:
		k.s.packet(p)
	case k.carries():
		k.s.endBad(err)
	case err != nil:
		k.abandon()
	default:
		k.probe(p)
	}
}

// PassEnd ends a pass.
func (k *socket) PassEnd() {
	if k.carries() {
		k.s.passEnd()
	}
}

// Drained passes on that there is room.
func (k *socket) Drained() { k.s.writable() }

// Ended ends the session, if this was its transport.
func (k *socket) Ended(r engineio.Reason) {
	if k.carries() {
		k.s.end(r)
		return
	}
	k.abandon()
}

// Gone says that the connection is closed.
func (k *socket) Gone() {
	k.endUpgrade()
	k.s.srv.removeSocket(k.conn)
}

// upgrade begins to move a polling session to a WebSocket, section "Upgrade".
func (s *Server) upgrade(w http.ResponseWriter, req *request) {
	session := req.session
	if err := session.startUpgrade(); err != nil {
		s.refused(req, err)
		refuse(w, req, err)
		return
	}
	k := session.newSocket(w, req)
	if k == nil {
		s.endUpgrade()
		return
	}
	k.begun.Store(true)
	session.mu.Lock()
	if session.reason == 0 && session.poll != nil && session.up == nil {
		session.up = k
		k.timer = time.AfterFunc(s.options().UpgradeTimeout, k.expire)
	} else { // closed meanwhile, upgraded, or upgrading
		k.stage.Store(idle)
		k.conn.Close(0)
	}
	session.mu.Unlock()
	k.conn.Flush()
	k.conn.Start(k)
}

// expire ends an upgrade that takes too long.
func (k *socket) expire() {
	s := k.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.up == k {
		s.up = nil
		s.wake()
		k.conn.Close(0)
	}
}

// nudgeTime is how often a waiting poll is ended during an upgrade, as with the reference.
const nudgeTime = 100 * time.Millisecond

// probe takes a packet before the upgrade is done.
func (k *socket) probe(p engineio.Packet) {
	switch {
	case k.stage.Load() == fresh && p.Type == engineio.Ping && string(p.Data) == "probe":
		k.stage.Store(probed)
		k.conn.Send(engineio.Packet{Type: engineio.Pong, Data: p.Data})
		k.conn.Flush()
		k.s.nudge(k)
	case k.stage.Load() != idle && p.Type == engineio.Upgrade:
		k.complete()
	default:
		k.abandon()
	}
}

// nudge ends the polls that wait while k probes.
func (s *Session) nudge(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.up != k || s.reason != 0 {
		return
	}
	s.poll.nudge()
	time.AfterFunc(nudgeTime, func() { s.nudge(k) })
}

// complete makes k the transport. A POST that is still being handed over goes first: till its end nothing is read.
func (k *socket) complete() {
	s := k.s
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.reason != 0 || s.up != k:
		k.stage.Store(idle)
	case s.poll.posting:
		k.stage.Store(waits)
		k.conn.Pause()
	default:
		k.takeOver()
	}
}

// takeOver makes k the transport. s.mu is held.
func (k *socket) takeOver() {
	s := k.s
	k.timer.Stop()
	k.endUpgrade()
	s.up = nil
	k.stage.Store(carries)
	s.poll.nudge()
	s.carry(k)
}

func (k *socket) carries() bool { return k.stage.Load() == carries }

// abandon closes a WebSocket that does not become the transport; the session polls on.
func (k *socket) abandon() {
	s := k.s
	s.mu.Lock()
	defer s.mu.Unlock()
	k.stage.Store(idle)
	if s.up == k {
		k.timer.Stop()
		s.up = nil
	}
	k.conn.Close(0)
}
