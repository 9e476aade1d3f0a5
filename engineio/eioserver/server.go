package eioserver

import (
	"context"
	"net/http"
	"time"

	"github.com/siogw/siogw/engineio"
)

// Server answers Engine.IO requests and holds the open sessions.
type Server struct {
	opts Options
}

// New makes a server. It fails on options that contradict each other.
func New(opts Options) (*Server, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	return &Server{opts: opts}, nil
}

// ServeHTTP answers a handshake, a poll, a post or a WebSocket request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

// Shutdown refuses new sessions with 503, closes all with reason Shutdown, and waits till all are gone. When
// ctx ends first it cuts the connections and gives ctx's error.
func (s *Server) Shutdown(ctx context.Context) error { return nil }

// Session is the server's end of one client's session.
type Session struct{}

var _ engineio.Session = (*Session)(nil)

// ID gives the sid.
func (s *Session) ID() string { return "" }

// Transport gives polling or websocket.
func (s *Session) Transport() string { return "" }

// Opened gives the time of the handshake.
func (s *Session) Opened() time.Time { return time.Time{} }

// Send, Flush, Pause, Resume and Close: see [engineio.Session].
func (s *Session) Send(p engineio.Packet) bool { return true }
func (s *Session) Flush()                      {}
func (s *Session) Pause()                      {}
func (s *Session) Resume()                     {}
func (s *Session) Close(r engineio.Reason)     {}
