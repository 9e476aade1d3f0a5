package listen

import (
	"context"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

// Upgrades serve connections that begin with a plain request to become a WebSocket. Of such a request net/http makes a
// goroutine that reads along, three buffers and a writer of chunks, none of which a WebSocket has a use for. Whatever
// else a connection begins with, or how, is net/http's to judge, see [Begun].
type Upgrades struct {
	visits chan visit    // for goroutines that wait
	stop   chan struct{} // closed when there is an end

	mu      sync.Mutex
	open    map[net.Conn]context.CancelFunc // ends the request that is being served, nil before there is one
	resting int                             // goroutines that wait
	ended   bool
	cut     bool           // and nobody waits for answers
	serving sync.WaitGroup // connections
}

// visit is a connection, and how it is served.
type visit struct {
	net.Conn
	by    *Door
	since time.Time
}

// spares is the number of goroutines that wait for a next connection. They have a stack that is large enough, which a new
// one would have to grow into.
const spares = 32

// NewUpgrades gives Upgrades. They are to be shut down or closed.
func NewUpgrades() *Upgrades {
	return &Upgrades{visits: make(chan visit), stop: make(chan struct{}), open: map[net.Conn]context.CancelFunc{}}
}

// Door is how one connection is served.
type Door struct {
	Handler    http.Handler
	Path       func(path string) bool // where WebSockets are asked for; of others nothing is taken
	HeaderTime time.Duration          // for the request's header; 0 for no limit
	Late       func()                 // called when it has passed before anything came
	Log        *log.Logger            // of what panics
	Other      func(net.Conn)         // takes a connection that is left to net/http
}

// Serve begins to serve conn, and reports whether it does: not what it cannot look at, such as TLS.
func (u *Upgrades) Serve(conn net.Conn, by *Door) bool {
	if rawOf(conn) == nil {
		return false
	}
	v := visit{conn, by, time.Now()}
	if by.HeaderTime > 0 {
		_ = conn.SetReadDeadline(v.since.Add(by.HeaderTime))
	}
	if !u.enter(conn) {
		_ = conn.Close()
		return true
	}
	select {
	case u.visits <- v:
	default:
		go u.work(v)
	}
	return true
}

// work serves one connection after the other.
func (u *Upgrades) work(v visit) {
	for {
		u.serve(v)
		if !u.rest() {
			return
		}
		select {
		case v = <-u.visits:
		case <-u.stop:
			return
		}
		u.mu.Lock()
		u.resting--
		u.mu.Unlock()
	}
}

// rest reports whether a goroutine is to wait for more to do.
func (u *Upgrades) rest() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended || u.resting >= spares {
		return false
	}
	u.resting++
	return true
}

func (u *Upgrades) serve(v visit) {
	defer u.serving.Done()
	conn, by := v.Conn, v.by
	r, first, err := begin(conn, by.Path)
	switch {
	case err != nil:
		if u.leave(conn) && late(err) {
			by.Late()
		}
		_ = conn.Close()
	case r != nil:
		if by.HeaderTime > 0 {
			_ = conn.SetReadDeadline(time.Time{})
		}
		u.answer(conn, r, by)
	case u.leave(conn):
		by.Other(&Begun{Conn: conn, since: v.since, by: v.since.Add(by.HeaderTime), limited: by.HeaderTime > 0, first: first})
	default:
		_ = conn.Close()
	}
}

// answer has a request served.
func (u *Upgrades) answer(conn net.Conn, r *http.Request, by *Door) {
	ctx, cancel := context.WithCancel(context.Background())
	r = r.WithContext(ctx)
	r.RemoteAddr = conn.RemoteAddr().String()
	w := &answer{of: u, conn: conn, header: http.Header{}, peer: watch(conn, cancel)}
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			by.Log.Printf("panic serving %s: %v\n%s", r.RemoteAddr, p, debug.Stack())
		}
		cancel()
		w.close()
	}()
	if u.mark(conn, cancel) {
		by.Handler.ServeHTTP(w, r)
		w.send()
	}
}

// enter counts a connection, unless there is an end to it.
func (u *Upgrades) enter(conn net.Conn) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return false
	}
	u.open[conn] = nil
	u.serving.Add(1)
	return true
}

// mark notes that a connection has a request, unless it was ended before.
func (u *Upgrades) mark(conn net.Conn, cancel context.CancelFunc) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return false
	}
	u.open[conn] = cancel
	return true
}

// leave forgets a connection, and reports whether there is no end yet.
func (u *Upgrades) leave(conn net.Conn) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.open, conn)
	return !u.ended
}

// yield forgets a connection that becomes a WebSocket, which it may till all are cut.
func (u *Upgrades) yield(conn net.Conn) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.open, conn)
	return !u.cut
}

// Shutdown ends the connections that have not asked for anything, and waits for the others' answers. When ctx ends
// first it gives ctx's error.
func (u *Upgrades) Shutdown(ctx context.Context) error {
	u.end(false)
	gone := make(chan struct{})
	go func() { u.serving.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends all connections that did not become WebSockets, and waits till they are gone.
func (u *Upgrades) Close() {
	u.end(true)
	u.serving.Wait()
}

func (u *Upgrades) end(all bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.cut = u.cut || all
	if !u.ended {
		u.ended = true
		close(u.stop)
	}
	for conn, cancel := range u.open {
		if cancel != nil && all {
			cancel()
		}
		if cancel == nil || all {
			_ = conn.SetDeadline(time.Unix(1, 0)) // who serves it closes it
		}
	}
}
