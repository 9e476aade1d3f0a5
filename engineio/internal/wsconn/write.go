package wsconn

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/siogw/siogw/engineio"
)

const chunk = 16 << 10 // bytes that the peer must take within Limits.Write

// Send implements Conn.
func (c *portable) Send(p engineio.Packet) bool {
	op, data, buf := c.form.encode(p)
	if buf != nil {
		defer putBuffer(buf)
	}
	lim := c.lim()
	c.frame.Lock()
	n := c.Buffered() + len(data)
	if n <= lim.Hard {
		c.ws.EnableWriteCompression(len(data) >= lim.Deflate.MinSize) // where it was agreed on
		_ = c.ws.WriteMessage(op, data)                               // into memory: fails only when the connection is closing
	}
	c.frame.Unlock()
	if n > lim.Hard {
		c.cut(engineio.SlowReader)
		return true // there is nothing to wait for
	}
	return c.below()
}

// below reports whether the buffer is below its high-water mark, and notes that Drained is owed if not.
func (c *portable) below() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.out)+c.inHand < c.lim().High {
		return true
	}
	c.full = true
	return false
}

// Flush implements Conn: what the network does not take at once is written from a goroutine.
func (c *portable) Flush() {
	c.mu.Lock()
	if c.writing || c.dead || c.ending || len(c.out) == 0 {
		c.mu.Unlock()
		return
	}
	var err error
	if c.raw != nil {
		var n int
		n, err = tryWrite(c.raw, c.out)
		c.out = append(c.out[:0], c.out[n:]...)
	}
	if len(c.out) == 0 {
		c.releaseOut()
	} else if err == nil {
		c.writing = true
		c.wg.Add(1)
		go c.write()
	}
	drained := c.drained()
	c.account()
	c.mu.Unlock()
	if err != nil {
		c.cut(engineio.TransportError)
	} else if drained {
		go c.peer.Drained() // Flush's caller may hold locks that Drained needs
	}
}

// write is the writing goroutine; it ends when the buffer is empty.
func (c *portable) write() {
	defer c.wg.Done()
	for {
		buf := c.takeOut()
		if buf == nil {
			c.finish()
			return
		}
		err := c.writeAll(buf)
		putBuffer(buf)
		if err != nil {
			r := engineio.TransportError
			if errors.Is(err, os.ErrDeadlineExceeded) {
				r = engineio.SlowReader
			}
			c.cut(r)
		}
	}
}

// takeOut gives the buffer to the writing goroutine; nil ends it.
func (c *portable) takeOut() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.account()
	c.inHand = 0
	if c.dead || len(c.out) == 0 {
		_ = c.net.SetWriteDeadline(time.Time{})
		c.releaseOut()
		c.writing = false
		return nil
	}
	buf := c.out
	c.out, c.inHand = nil, len(buf)
	return buf
}

func (c *portable) writeAll(buf []byte) error {
	for len(buf) > 0 {
		n := min(len(buf), chunk)
		_ = c.net.SetWriteDeadline(c.chunkBy())
		if _, err := c.net.Write(buf[:n]); err != nil {
			return err
		}
		buf = buf[n:]
		c.mu.Lock()
		c.inHand = len(buf)
		c.account()
		drained := c.drained()
		c.mu.Unlock()
		if drained {
			c.peer.Drained()
		}
	}
	return nil
}

func (c *portable) chunkBy() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return c.closeBy
	}
	return time.Now().Add(c.lim().Write)
}

// drained reports, once, that the buffer fell below half of the high-water mark. c.mu is held.
func (c *portable) drained() bool {
	if !c.full || !c.started || c.closing || len(c.out)+c.inHand >= (c.lim().High+1)/2 {
		return false
	}
	c.full = false
	return true
}

// releaseOut keeps no buffer for an idle connection. c.mu is held.
func (c *portable) releaseOut() {
	if c.out != nil {
		putBuffer(c.out)
		c.out = nil
	}
}

func networkError(err error) bool {
	var n net.Error
	var errno syscall.Errno
	return errors.As(err, &n) || errors.As(err, &errno) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
