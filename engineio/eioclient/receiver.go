package eioclient

import "github.com/siogw/siogw/engineio"

// receiver is the side of a Session that its connection pushes to.
type receiver Session

// Message takes a message of the WebSocket.
func (r *receiver) Message(binary bool, data []byte) {
	s := (*Session)(r)
	if binary {
		s.deliver(engineio.Packet{Type: engineio.Message, Binary: true, Data: data})
		return
	}
	p, err := engineio.DecodePacket(data)
	if err != nil {
		s.Close(engineio.ParseError)
		return
	}
	switch p.Type {
	case engineio.Message:
		s.deliver(p)
	case engineio.Ping:
		s.pinged()
		s.conn.Send(engineio.Packet{Type: engineio.Pong}) // the end of the pass flushes
	case engineio.Close:
		s.Close(engineio.PeerClosed)
	case engineio.Noop:
	default:
		s.Close(engineio.ProtocolViolation)
	}
}

func (s *Session) deliver(p engineio.Packet) {
	s.in.Lock()
	defer s.in.Unlock()
	if !s.closed() {
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
