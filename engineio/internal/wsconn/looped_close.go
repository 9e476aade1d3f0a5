//go:build linux

package wsconn

import (
	"encoding/binary"
	"syscall"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/evloop"
)

// Close implements Conn.
func (c *looped) Close(code int) {
	c.end(engineio.TransportError, code) // the owner of the connection knows the reason better
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.started { // nobody else closes it
		c.die(engineio.TransportError)
		c.close()
	}
}

// Cut implements Conn.
func (c *looped) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listed { // it was flushed before
		c.flush()
	}
	c.die(engineio.Shutdown)
	if !c.started {
		c.close()
	}
}

// refuse ends the connection for what the peer did.
func (c *looped) refuse(r engineio.Reason) { c.end(r, closeCode(r)) }

// end begins to close, with a close frame.
func (c *looped) end(r engineio.Reason, code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startClosing(r)
	if code != 0 {
		c.put(websocket.CloseMessage, binary.BigEndian.AppendUint16(nil, uint16(code)))
	} else {
		c.put(websocket.CloseMessage)
	}
	c.flush()
	c.ask()
}

// lost ends a connection that the network has ended. What was said last is tried: the other end may have closed one direction.
func (c *looped) lost() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flush()
	c.die(engineio.TransportError)
}

// startClosing gives the reason that came first. c.mu is held.
func (c *looped) startClosing(r engineio.Reason) {
	if c.reason == 0 {
		c.reason = r
	}
	if !c.closing {
		c.closing, c.closeBy = true, thisMoment().add(c.lim().Write)
		c.halt.Store(true)
	}
}

// die drops what was not written; the rest is Work's. c.mu is held.
func (c *looped) die(r engineio.Reason) {
	c.startClosing(r)
	if c.dead {
		return
	}
	c.dead = true
	c.release()
	c.account()
	c.ask()
}

func (c *looped) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

// wind brings a closing connection to its end: the peer is told, what waits is written, then the sending direction
// is closed, and the other end's closing awaited. Closing over unread input would reset the connection, and the
// other end might never read why.
func (c *looped) wind(r *evloop.Reader) (more bool) {
	in := &c.in
	if !in.ended {
		in.ended = true
		c.forget()
		c.passEnd()
		c.peer.Ended(c.why())
	}
	c.mu.Lock()
	c.flush()
	dead, waits := c.dead, c.out != nil
	c.mu.Unlock()
	switch {
	case dead || in.last && !waits:
		c.gone()
		return false
	case waits:
		c.arm()
		return false
	}
	if !in.shut {
		in.shut = true
		c.Shutdown()
		c.mu.Lock()
		c.closeBy = thisMoment().add(min(drainTime, c.lim().Write))
		c.mu.Unlock()
	}
	return c.drain(r)
}

// drain reads what the other end still sends, unseen.
func (c *looped) drain(r *evloop.Reader) (more bool) {
	in := &c.in
	for reads := 0; in.ready; reads++ {
		if reads == passReads {
			return true
		}
		b, more, errno := r.Read(&c.Source)
		in.after += len(b)
		switch {
		case errno == syscall.EAGAIN:
			in.ready = false
		case errno != 0 || len(b) == 0 || in.after > drainBytes:
			c.gone()
			return false
		case !more && !in.hangup:
			in.ready = false
		}
	}
	c.arm()
	return false
}

// forget drops what will not be looked at.
func (c *looped) forget() {
	in := &c.in
	in.stash, in.hold, in.since = nil, 0, 0
	if in.part != nil {
		in.part.release()
		in.part = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = 0
	c.account()
}

func (c *looped) why() engineio.Reason {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// gone is the end.
func (c *looped) gone() {
	c.mu.Lock()
	c.dead = true
	c.release()
	c.account()
	c.Leave()
	c.close()
	c.mu.Unlock()
	c.peer.Gone()
}

// close closes the descriptor, once. c.mu is held.
func (c *looped) close() {
	if c.closed {
		return
	}
	c.closed = true
	c.Source.Close()
	if c.free != nil {
		c.free()
		c.free = nil
	}
}
