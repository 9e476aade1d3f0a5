//go:build linux

package wsconn

import (
	"syscall"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

// mostLater is what is written together with what others have at most; more is worth a call of its own.
const mostLater = 16 << 10

// Send implements Conn.
func (c *looped) Send(p engineio.Packet) bool {
	op, prefix, data, buf := c.form.split(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if buf != nil {
		defer putBuffer(buf)
	}
	if c.dead {
		return true
	}
	lim := c.lim()
	if c.waiting()+len(prefix)+len(data) > lim.Hard {
		c.die(engineio.SlowReader)
		return true // there is nothing to wait for
	}
	c.put(op, prefix, data)
	if c.waiting() < lim.High {
		return true
	}
	c.full = true
	return false
}

// waiting gives the bytes that are not written. c.mu is held.
func (c *looped) waiting() int {
	if c.out == nil {
		return 0
	}
	return len(c.out.b) - c.off
}

// put adds a frame to what is to be written. c.mu is held.
func (c *looped) put(op byte, parts ...[]byte) {
	if c.said || c.dead {
		return
	}
	c.said = op == websocket.CloseMessage
	if c.out == nil {
		c.out = getBlock()
	} else if c.off > len(c.out.b)/2 {
		c.out.b = append(c.out.b[:0], c.out.b[c.off:]...)
		c.off = 0
	}
	c.out.b = appendFrame(c.out.b, c.in.client, op, parts...)
	c.account()
}

// Flush implements Conn.
func (c *looped) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listed && c.waiting() <= mostLater {
		return
	}
	if c.waiting() > 0 && c.waiting() <= mostLater && c.started && !c.blocked && !c.closed && c.Later() {
		c.listed = true
		return
	}
	c.flush()
}

// Begin implements evloop.Worker.
func (c *looped) Begin() []byte {
	c.mu.Lock()
	c.listed = false
	if c.blocked || c.dead || c.out == nil {
		c.mu.Unlock()
		return nil
	}
	return c.out.b[c.off:]
}

// End implements evloop.Worker.
func (c *looped) End(n int, errno syscall.Errno) {
	defer c.mu.Unlock()
	c.flushed(c.wrote(n, errno))
}

// flush writes what the network takes now. c.mu is held.
func (c *looped) flush() {
	if c.blocked || c.dead || c.out == nil {
		return
	}
	c.flushed(c.write())
}

// flushed goes on after a first try. c.mu is held.
func (c *looped) flushed(ok bool) {
	if ok && c.out != nil && !c.wait.Load() {
		c.wait.Store(true) // from now on Work heeds what the network says, which it may have said already
		ok = c.write()
	}
	if !ok {
		c.die(engineio.TransportError)
		return
	}
	if c.out != nil { // the network will say when it takes more
		c.block()
	}
	if c.owesDrained() {
		c.drained = true
		c.wait.Store(true)
		c.ask()
	}
	c.account()
}

// write is one try. It reports whether the network lives. c.mu is held.
func (c *looped) write() bool {
	return c.wrote(c.Write(c.out.b[c.off:]))
}

// wrote notes what the network has taken. It reports whether it lives. c.mu is held.
func (c *looped) wrote(n int, errno syscall.Errno) bool {
	if errno != 0 {
		return errno == syscall.EAGAIN
	}
	c.off += n
	c.chunk -= n
	if c.waiting() == 0 {
		c.release()
	}
	return true
}

// block waits for the network, which must take chunk by chunk in time. c.mu is held.
func (c *looped) block() {
	c.blocked = true
	if c.chunk <= 0 {
		c.chunk = chunk
		c.writeBy = thisMoment().add(c.lim().Write)
		c.ask() // for the timer
	}
}

// release keeps no buffer for an idle connection. c.mu is held.
func (c *looped) release() {
	if c.out != nil {
		putBlock(c.out)
		c.out, c.off, c.chunk = nil, 0, 0
	}
}

// owesDrained reports, once, that the buffer fell below half of the high-water mark. c.mu is held.
func (c *looped) owesDrained() bool {
	if !c.full || !c.started || c.closing || c.waiting() >= (c.lim().High+1)/2 {
		return false
	}
	c.full = false
	return true
}

// account tells how much memory the connection holds, beside what an idle one does. c.mu is held.
func (c *looped) account() {
	if c.opt.Account == nil {
		return
	}
	n := c.reading
	if c.out != nil && (c.blocked || cap(c.out.b) > freshBlock) { // others are written by the end of the pass
		n += cap(c.out.b)
	}
	if n != c.held {
		c.opt.Account(n - c.held)
		c.held = n
	}
}
