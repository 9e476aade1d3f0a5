package eioserver

import (
	"iter"
	"slices"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

const octets = "application/octet-stream"

// packets reads the body of a POST; octets is revision 3's binary payload.
func (s *Session) packets(body []byte, binary bool) iter.Seq2[engineio.Packet, error] {
	switch {
	case s.eio != 3:
		return engineio.Payload(body, 0)
	case binary:
		return engineio.BinaryPayload3(body, 0)
	}
	return engineio.Payload3(body, 0)
}

// payload writes the body of an answer to a GET, and gives its type. Revision 3 sends bytes as they are to whom
// did not ask for base64, unless they go into a script.
func (s *Session) payload(batch []engineio.Packet, jsonp bool) (body []byte, kind string) {
	binary := func(p engineio.Packet) bool { return p.Binary }
	switch {
	case s.eio != 3:
		return engineio.AppendPayload(nil, batch...), plainText
	case !s.base64 && !jsonp && slices.ContainsFunc(batch, binary):
		return engineio.AppendBinaryPayload3(nil, batch...), octets
	}
	return engineio.AppendPayload3(nil, batch...), plainText
}

// form is how a WebSocket of the session is written to, as its own request asks.
func (s *Session) form(base64 bool) wsconn.Form {
	switch {
	case s.eio != 3:
		return wsconn.Revision4
	case base64:
		return wsconn.Base64
	}
	return wsconn.Revision3
}

// pinged takes a ping, which in revision 3 is the client's to send, and answers it.
func (s *Session) pinged() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.reason != 0:
		return false
	case s.poll != nil && s.poll.stale(s.now().WriteTimeout):
		s.endLocked(engineio.SlowReader)
		return false
	}
	if over := s.overdue(); over != 0 {
		s.endLocked(over)
		return false
	}
	s.beat.awaitPing(s)
	s.to.Send(engineio.Packet{Type: engineio.Pong})
	s.to.Flush()
	return s.reason == 0
}

// awaitPing sets the time of a revision 3 client's next ping.
func (b *heartbeat) awaitPing(s *Session) {
	b.pinged, b.held, b.late = true, s.paused, false
	b.arm(s, s.opts.PingInterval+s.opts.PingTimeout)
}

// start sets the first deadline of the session.
func (b *heartbeat) start(s *Session) {
	if s.eio == 3 {
		b.awaitPing(s)
		return
	}
	b.arm(s, s.opts.PingInterval)
}
