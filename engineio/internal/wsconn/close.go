package wsconn

import (
	"crypto/tls"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

// Close implements Conn.
func (c *portable) Close(code int) {
	c.startClosing(engineio.TransportError) // the owner of the connection knows the reason better
	c.goodbye(code)
	c.finish()
	c.mu.Lock()
	started := c.started
	c.mu.Unlock()
	if !started { // nobody else closes it
		c.cut(engineio.TransportError)
	}
}

// startClosing gives the reason that came first.
func (c *portable) startClosing(r engineio.Reason) engineio.Reason {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == 0 {
		c.reason = r
	}
	if !c.closing {
		c.closing, c.closeBy = true, time.Now().Add(c.lim().Write)
		_ = c.net.SetReadDeadline(c.closeBy)
		c.wake.Broadcast()
	}
	return c.reason
}

// goodbye writes a close frame, unless one was written.
func (c *portable) goodbye(code int) {
	var body []byte
	if code != 0 {
		body = websocket.FormatCloseMessage(code, "")
	}
	_ = c.ws.WriteControl(websocket.CloseMessage, body, time.Time{})
	c.Flush()
}

// finish closes the sending direction, once, when the connection closes and all is written.
func (c *portable) finish() {
	c.mu.Lock()
	done := !c.closing || c.dead || c.writing || c.shut || len(c.out) > 0
	if !done {
		c.shut = true
		_ = c.net.SetReadDeadline(time.Now().Add(min(drainTime, c.lim().Write)))
	}
	c.mu.Unlock()
	if done {
		return
	}
	if t, ok := c.net.(*tls.Conn); ok {
		go t.CloseWrite() // it may wait; the TCP connection's end bounds it
		return
	}
	if t, ok := c.net.(interface{ CloseWrite() error }); ok {
		_ = t.CloseWrite()
	}
}

// cut ends the connection without a word, and drops what was not written.
func (c *portable) cut(r engineio.Reason) {
	c.startClosing(r)
	c.mu.Lock()
	was := c.dead
	c.dead = true
	c.releaseOut()
	c.account()
	c.mu.Unlock()
	if was {
		return
	}
	if t, ok := c.net.(*tls.Conn); ok {
		_ = t.NetConn().Close() // TLS would first try to say goodbye, and wait
		return
	}
	_ = c.net.Close()
}

// Cut implements Conn.
func (c *portable) Cut() { c.cut(engineio.Shutdown) }
