package wsconn

import (
	"net"
	"time"
)

// passTries bounds a pass: after so many reads the peers of a connection that never runs dry are written to.
const passTries = 64

// pipe is the net.Conn that gorilla/websocket sees: what it writes goes into the buffer of Conn, and a read
// that is about to wait ends the pass.
type pipe struct{ c *portable }

func (p pipe) Read(b []byte) (int, error) {
	c := p.c
	if c.watch.over != nil {
		return 0, c.watch.over
	}
	if c.due && c.raw != nil && c.tries < passTries {
		c.tries++
		if n, err := tryRead(c.raw, b); n > 0 {
			return c.watched(b, n, err)
		}
	}
	c.passEnd()
	c.await()
	n, err := c.net.Read(b)
	return c.watched(b, n, err)
}

func (p pipe) Write(b []byte) (int, error) {
	c := p.c
	c.mu.Lock()
	if c.direct {
		c.mu.Unlock()
		return c.net.Write(b)
	}
	defer c.mu.Unlock()
	if c.dead {
		return 0, net.ErrClosed
	}
	if c.out == nil {
		c.out = getBuffer()
	}
	c.out = append(c.out, b...)
	c.account()
	return len(b), nil
}

func (p pipe) Close() error                      { return p.c.net.Close() }
func (p pipe) LocalAddr() net.Addr               { return p.c.net.LocalAddr() }
func (p pipe) RemoteAddr() net.Addr              { return p.c.net.RemoteAddr() }
func (p pipe) SetDeadline(t time.Time) error     { return p.c.net.SetDeadline(t) }
func (p pipe) SetReadDeadline(t time.Time) error { return p.c.net.SetReadDeadline(t) }

// SetWriteDeadline does nothing: a write into memory has no deadline, and those of the network are ours.
func (p pipe) SetWriteDeadline(time.Time) error { return nil }
