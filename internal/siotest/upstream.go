package siotest

import (
	"net/http/httptest"
	"testing"
	"time"
)

// Upstream is a Server that listens on loopback for the length of a test.
type Upstream struct {
	*Server
	URL string
}

// NewUpstream starts s (nil for the defaults) and closes it with all its sessions at the end of the test.
func NewUpstream(tb testing.TB, s *Server) *Upstream {
	tb.Helper()
	if s == nil {
		s = &Server{}
	}
	if s.Peers == nil {
		s.Peers = make(chan *Peer, 1024)
	}
	srv := httptest.NewServer(s)
	tb.Cleanup(func() {
		srv.Listener.Close()
		s.CloseAll()
		srv.Close()
	})
	return &Upstream{Server: s, URL: srv.URL}
}

// Peer waits for the next session.
func (u *Upstream) Peer(tb testing.TB) *Peer {
	tb.Helper()
	select {
	case p := <-u.Peers:
		return p
	case <-time.After(Wait):
		tb.Fatalf("no session came in %v", Wait)
	}
	return nil
}
