package eioclient

import "github.com/siogw/siogw/engineio"

// receiver is the side of a Session that its connection pushes to.
type receiver Session

// Message takes a message of the WebSocket.
func (r *receiver) Message(binary bool, data []byte) {
	s := (*Session)(r)
	p, err := engineio.DecodeMessage(s.eio, binary, data)
	switch {
	case err != nil:
		s.Close(engineio.ParseError)
	case p.Type == engineio.Message:
		s.deliver(p)
	case p.Type == engineio.Ping && s.eio != 3:
		s.pinged()
		s.conn.Send(engineio.Packet{Type: engineio.Pong})
		s.conn.Flush()
	case p.Type == engineio.Pong && s.eio == 3:
		s.ponged()
	case p.Type == engineio.Close:
		s.Close(engineio.PeerClosed)
	case p.Type == engineio.Noop:
	default:
		s.Close(engineio.ProtocolViolation)
	}
}

func (s *Session) deliver(p engineio.Packet) {
	s.in.Lock()
	defer s.in.Unlock()
	if s.hears() {
		s.handler.Packet(p)
	}
}

// PassEnd ends a pass.
func (r *receiver) PassEnd() {
	s := (*Session)(r)
	s.in.Lock()
	defer s.in.Unlock()
	if !s.closed() {
		s.handler.PassEnd()
	}
}

// Drained passes on that there is room.
func (r *receiver) Drained() {
	s := (*Session)(r)
	s.in.Lock()
	defer s.in.Unlock()
	if !s.closed() {
		s.handler.Writable()
	}
}

// Ended ends the session.
func (r *receiver) Ended(reason engineio.Reason) { (*Session)(r).Close(reason) }

// Gone says that the connection is closed: there is nothing left to do.
func (r *receiver) Gone() {}
