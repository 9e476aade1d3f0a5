package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/internal/listen"
)

// doors serve the connections of one listener, each by the server that was in force when it came: a server of net/http
// cannot change while it serves.
type doors struct {
	net.Listener

	mu      sync.Mutex
	open    *door // takes what comes; nil when all are closed
	ended   bool
	earlier []*door // still have connections, or had when the next one was opened
	serving sync.WaitGroup

	upgrades *listen.Upgrades
	paths    func(string) bool // where WebSockets are asked for
	late     func()            // hears of each header that did not come in time
}

// door is one server, and the listener that it serves.
type door struct {
	*http.Server
	of    *doors
	come  chan came
	shut  chan struct{} // closed when others take what comes
	conns atomic.Int64
	close func()

	upgrades *listen.Door
}

// newDoors serves l by s, once run is called. WebSockets are asked for at paths; late hears of each header that did not
// come in time there.
func newDoors(l net.Listener, s *http.Server, paths func(string) bool, late func()) *doors {
	d := &doors{Listener: l, paths: paths, late: late, upgrades: listen.NewUpgrades()}
	d.change(s)
	return d
}

// change has s serve the connections that come from now on. It does nothing after end.
func (d *doors) change(s *http.Server) {
	next := &door{Server: s, of: d, come: make(chan came), shut: make(chan struct{})}
	next.upgrades = &listen.Door{Handler: s.Handler, Path: d.paths, HeaderTime: s.ReadHeaderTimeout, Late: d.late, Log: s.ErrorLog, Other: d.other}
	next.close = sync.OnceFunc(func() { close(next.shut) })
	told := s.ConnState
	s.ConnState = func(c net.Conn, st http.ConnState) {
		switch st {
		case http.StateNew:
			next.conns.Add(1)
		case http.StateClosed, http.StateHijacked:
			next.conns.Add(-1)
		}
		if told != nil {
			told(c, st)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return
	}
	if before := d.open; before != nil {
		before.close()
		d.prune()
		d.earlier = append(d.earlier, before)
	}
	d.open = next
	d.serving.Go(func() { _ = s.Serve(next) }) // it ends when the door does
}

// prune forgets the earlier doors that nobody is at. d.mu is held.
func (d *doors) prune() {
	kept := d.earlier[:0]
	for _, e := range d.earlier {
		if e.conns.Load() > 0 {
			kept = append(kept, e)
		}
	}
	clear(d.earlier[len(kept):])
	d.earlier = kept
}

// came is what a call of Accept gave.
type came struct {
	conn net.Conn
	err  error
}

// run hands over what comes till the listener is closed, or fails for longer than net/http is patient, and gives its
// error.
func (d *doors) run() error {
	for {
		var one came
		one.conn, one.err = d.Listener.Accept()
		if one.conn != nil && d.upgrade(one.conn) {
			continue
		}
		if !d.hand(one) {
			if one.conn != nil {
				_ = one.conn.Close()
			}
			return one.err
		}
	}
}

// upgrade serves a connection that asks for a WebSocket by itself, and hands over others. It reports false for one that
// it cannot look at.
func (d *doors) upgrade(conn net.Conn) bool {
	d.mu.Lock()
	to := d.open
	d.mu.Unlock()
	return to != nil && d.upgrades.Serve(conn, to.upgrades)
}

// other hands over a connection that asks for something else.
func (d *doors) other(conn net.Conn) {
	if !d.hand(came{conn: conn}) {
		_ = conn.Close()
	}
}

// hand reports whether somebody took one.
func (d *doors) hand(one came) bool {
	for {
		d.mu.Lock()
		to := d.open
		d.mu.Unlock()
		if to == nil {
			return false
		}
		select {
		case to.come <- one:
			return true
		case <-to.shut:
			d.mu.Lock()
			same := d.open == to // its server ended by itself
			d.mu.Unlock()
			if same {
				return false
			}
		}
	}
}

// end closes the doors, and gives all servers that there were.
func (d *doors) end() []*door {
	_ = d.Listener.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	if d.open != nil {
		d.open.close()
		d.earlier = append(d.earlier, d.open)
		d.open = nil
	}
	return d.earlier
}

// Shutdown is that of all servers, see [http.Server.Shutdown].
func (d *doors) Shutdown(ctx context.Context) error {
	var err error
	for _, one := range d.end() {
		err = errors.Join(err, one.Shutdown(ctx))
	}
	err = errors.Join(err, d.upgrades.Shutdown(ctx))
	d.serving.Wait()
	return err
}

// Close is that of all servers, see [http.Server.Close].
func (d *doors) Close() error {
	var err error
	for _, one := range d.end() {
		err = errors.Join(err, one.Server.Close())
	}
	d.upgrades.Close()
	d.serving.Wait()
	return err
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	select {
	case one := <-d.come:
		return one.conn, one.err
	case <-d.shut:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (d *door) Close() error {
	d.close()
	return nil
}

// Addr implements net.Listener.
func (d *door) Addr() net.Addr { return d.of.Listener.Addr() }
