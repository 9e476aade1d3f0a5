package app

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/internal/listen"
)

// headerClock counts the connections that net/http ends for its ReadHeaderTimeout, of which it tells nobody: those
// that end with a request begun, or none ever, after that time, and without a call of the handler.
type headerClock struct {
	limit time.Duration
	late  func()

	mu   sync.Mutex
	open map[net.Conn]*headers
}

// headers is where a connection stands. ConnState and the handler are not called two at a time for one, except over HTTP/2.
type headers struct {
	since atomic.Int64 // when the server began to wait for a request, in Unix nanoseconds
	due   atomic.Bool  // no handler was called since
	begun bool         // something of a request was read, or nothing ever
}

type headersKey struct{}

// countLateHeaders has late called for each connection of s that is ended so.
func countLateHeaders(s *http.Server, late func()) {
	c := &headerClock{limit: s.ReadHeaderTimeout, late: late, open: map[net.Conn]*headers{}}
	inner := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := r.Context().Value(headersKey{}).(*headers); ok {
			h.due.Store(false)
		}
		inner.ServeHTTP(w, r)
	})
	s.ConnContext = c.enter
	s.ConnState = c.state
}

func (c *headerClock) enter(ctx context.Context, conn net.Conn) context.Context {
	h := &headers{}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[conn] = h
	return context.WithValue(ctx, headersKey{}, h)
}

func (c *headerClock) state(conn net.Conn, st http.ConnState) {
	c.mu.Lock()
	h := c.open[conn]
	if st == http.StateClosed || st == http.StateHijacked {
		delete(c.open, conn)
	}
	c.mu.Unlock()
	if h == nil {
		return
	}
	switch st {
	case http.StateNew, http.StateIdle:
		h.since.Store(since(conn, st).UnixNano())
		h.due.Store(true)
		h.begun = st == http.StateNew
	case http.StateActive:
		h.begun = true
	case http.StateClosed:
		if h.due.Load() && h.begun && time.Since(time.Unix(0, h.since.Load())) >= c.limit {
			c.late()
		}
	}
}

// since gives when the server began to wait for a request: for the first, that may be a while ago.
func since(conn net.Conn, st http.ConnState) time.Time {
	if begun, ok := conn.(*listen.Begun); ok && st == http.StateNew {
		return begun.Since()
	}
	return time.Now()
}
