package eioserver

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

// Server answers Engine.IO requests and holds the open sessions.
type Server struct {
	path   string                  // where it answers
	opts   atomic.Pointer[Options] // in force
	limits wsconn.Live             // what WebSockets keep of them
	live   sync.WaitGroup          // sessions whose end was not told, their WebSockets, and last words not yet polled

	mu       sync.Mutex // a leaf
	sessions map[string]*Session
	sockets  map[wsconn.Conn]struct{}
	upgrades int // under way
	stopping bool
}

// New makes a server. It fails on options that contradict each other.
func New(opts Options) (*Server, error) {
	if err := opts.Complete(); err != nil {
		return nil, err
	}
	s := &Server{path: opts.Path, sessions: map[string]*Session{}, sockets: map[wsconn.Conn]struct{}{}}
	s.Use(&opts)
	return s, nil
}

// Use puts other options in force, which are complete and not changed any more; Path stays as it was. What sessions were
// told at their handshake holds for them, and so does what they were let in by and their sid is bound to; the rest holds
// for all from now on, see [Options]. Calls must not overlap.
func (s *Server) Use(o *Options) {
	s.limits.Store(&wsconn.Limits{High: o.HighWater, Hard: o.HardLimit, Write: o.WriteTimeout,
		Message: o.BodyTimeout, Rates: o.Rates, Slowed: o.Slowed, Deflate: o.Deflate})
	s.opts.Store(o)
}

// options gives those in force.
func (s *Server) options() *Options { return s.opts.Load() }

// ServeHTTP answers a handshake, a poll, a post or a WebSocket request; 404 for a path that is not Options.Path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(s.options(), w, r) }

// Serve is ServeHTTP by other options than those in force, where r belongs to no session: they may have been replaced
// since r came.
func (s *Server) Serve(o *Options, w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != s.path || r.URL.RawPath != "" {
		http.NotFound(w, r)
		return
	}
	asked := s.asked(r)
	if asked.found != nil {
		o = asked.found.opts
	}
	if o.preflight(w, r) {
		return
	}
	req, err := asked.verify(o)
	switch {
	case err != nil:
		s.refused(req, err)
		refuse(w, req, err)
	case req.session == nil:
		s.open(w, req)
	case req.upgrade:
		s.upgrade(w, req)
	case r.Method == http.MethodGet:
		req.session.get(w, req)
	default:
		req.session.post(w, req)
	}
}

// Shutdown refuses new sessions with 503, closes all with reason Shutdown, and waits till all are gone. When
// ctx ends first it cuts the connections and gives ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	for _, session := range s.all() {
		session.end(engineio.Shutdown)
		session.hurry()
	}
	gone := make(chan struct{})
	go func() { s.live.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	s.cut()
	<-gone // handlers do not wait, so this is soon
	return ctx.Err()
}

// cut ends what Shutdown cannot wait for.
func (s *Server) cut() {
	for _, session := range s.all() {
		session.mu.Lock()
		session.forgetNow()
		session.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.sockets {
		go conn.Cut()
	}
}

func (s *Server) all() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*Session, 0, len(s.sessions))
	for _, session := range s.sessions {
		out = append(out, session)
	}
	return out
}

// add makes a session known, or gives the reason why not: the server is stopping, or the sid in use.
func (s *Server) add(session *Session) engineio.Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopping:
		return engineio.Shutdown
	case s.sessions[session.id] != nil:
		return engineio.ProtocolViolation
	}
	s.live.Add(1) // till its end is told
	s.sessions[session.id] = session
	return 0
}

func (s *Server) remove(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[session.id] == session {
		delete(s.sessions, session.id)
	}
}

func (s *Server) find(id string) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[id]
}

// newID gives a sid: 24 characters, 144 random bits.
func newID() string {
	var b [18]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
