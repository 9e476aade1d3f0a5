package eioserver

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

var errNoHandler = errors.New("eioserver: Accept gave no handler")

// open answers a handshake.
func (s *Server) open(w http.ResponseWriter, req *request) {
	if s.isStopping() {
		refuse(w, req, stoppingError())
		return
	}
	session := newSession(s, req)
	o := &Opening{Request: req.Request, Session: session, ID: session.id, EIO: req.eio, Transport: req.transport,
		Addr: req.addr, Secure: req.secure, Header: http.Header{}, MaxPayload: req.opts.MaxPayload, Seat: session.seat}
	handler, err := req.opts.Accept(o)
	if err == nil && handler == nil {
		err = errNoHandler
	}
	if err != nil {
		req.opts.Logger.Debug("handshake refused", "sid", session.id, "error", err)
		session.end(engineio.Denied) // its owner's late calls do nothing
		refuse(w, req, err)
		return
	}
	session.maxPayload.Store(int64(min(req.opts.MaxPayload, max(o.MaxPayload, 1))))
	if err := session.accept(handler, o); err != nil {
		refuse(w, req, err)
		return
	}
	if req.Context().Err() != nil { // looked at before the answer: with it in hand a client may hang up
		session.end(engineio.TransportError)
		return
	}
	addHeader(w.Header(), o.Header)
	session.setCookie(w.Header(), req)
	if req.upgrade {
		session.openWebSocket(w, req)
		return
	}
	if err := session.send(w, req, []engineio.Packet{session.openPacket()}); err != nil {
		session.end(engineio.TransportError)
	}
}

func stoppingError() *engineio.Error {
	return &engineio.Error{Code: engineio.UpstreamUnavailable, Status: http.StatusServiceUnavailable, Message: "Shutting down"}
}

func (s *Server) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// accept gives the session its handler and makes it known, as o.SID unless that is "". What ended it meanwhile is
// told to the handler now.
func (s *Session) accept(h engineio.Handler, o *Opening) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handler = h
	if o.SID != "" {
		s.id = o.SID
	}
	s.account = o.Account
	s.poll.charge()
	if s.reason == 0 {
		s.reason = s.srv.add(s)
		s.over.Store(s.reason != 0)
	}
	if s.reason == 0 {
		s.beat.start(s)
		s.awaitPoll()
		return nil
	}
	go s.tell(s.reason)
	if s.reason == engineio.Shutdown {
		return stoppingError()
	}
	return &engineio.Error{Code: engineio.UpstreamUnavailable, Status: http.StatusServiceUnavailable}
}

func (s *Session) openPacket() engineio.Packet {
	o := s.opts
	h := engineio.Handshake{SID: s.id, PingInterval: o.PingInterval, PingTimeout: o.PingTimeout, MaxPayload: int(s.maxPayload.Load())}
	if s.Transport() == "polling" && slices.Contains(o.Transports, "websocket") {
		h.Upgrades = []string{"websocket"}
	}
	return engineio.Packet{Type: engineio.Open, Data: engineio.AppendHandshake(nil, h)}
}

// openWebSocket makes the connection of a handshake the session's transport.
func (s *Session) openWebSocket(w http.ResponseWriter, req *request) {
	k := s.newSocket(w, req)
	if k == nil {
		s.end(engineio.TransportError)
		return
	}
	k.conn.Send(s.openPacket())
	s.mu.Lock()
	k.stage.Store(carries)
	s.carry(k)
	if s.reason != 0 { // closed meanwhile
		k.conn.Close(0)
	}
	s.mu.Unlock()
	k.conn.Start(k)
}

// newSocket answers 101, or refuses and gives nil. The connection is not started.
func (s *Session) newSocket(w http.ResponseWriter, req *request) *socket {
	header := maps.Clone(w.Header()) // CORS, and what the acceptor added
	conn, err := wsconn.Upgrade(w, req.Request, header, s.connection())
	if err != nil {
		s.opts.Logger.Debug("no WebSocket", "sid", s.id, "error", err)
		switch {
		case errors.Is(err, wsconn.ErrNotTaken):
			refuse(w, req, err)
		case errors.Is(err, engineio.ErrEarly):
			s.srv.refused(req, &engineio.Error{Code: engineio.BadRequest, Cause: err})
		}
		return nil
	}
	if !s.srv.addSocket(conn) {
		conn.Close(0)
		return nil
	}
	conn.SetForm(s.form(req.base64))
	return &socket{s: s, conn: conn}
}

// addSocket makes a connection known, unless the server is stopping.
func (s *Server) addSocket(conn wsconn.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.live.Add(1) // till it is gone
	s.sockets[conn] = struct{}{}
	return true
}

func (s *Server) removeSocket(conn wsconn.Conn) {
	s.mu.Lock()
	delete(s.sockets, conn)
	s.mu.Unlock()
	s.live.Done()
}

// carry makes a WebSocket the transport, with all that waits. s.mu is held.
func (s *Session) carry(k *socket) {
	q, conn := s.poll, k.conn
	s.hasPolled()
	s.name, s.to, s.ws, s.poll = "websocket", conn, conn, nil
	if s.paused {
		conn.Pause()
	} else {
		conn.Resume() // it may have waited for a POST
	}
	for _, p := range q.queue {
		if p.Type != engineio.Noop && p.Type != engineio.Close { // those are words of polling
			conn.Send(p)
		}
	}
	q.drop()
	s.carrier.Store(k)
	conn.Flush()
	if q.full {
		go s.writable() // it was promised; if the WebSocket is full too the next Send says so
	}
}
