package wsconn

import (
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

const (
	drainTime  = 5 * time.Second // for a peer to close its side after we closed ours
	drainBytes = 16 << 20        // that it may still send meanwhile
)

// run is the reading goroutine.
func (c *portable) run() {
	r, peerDone := c.loop()
	c.passEnd()
	r = c.startClosing(r)
	c.peer.Ended(r)
	c.Flush()
	c.finish()
	if !peerDone {
		// Closing over unread input would reset the connection, and the peer might never read why.
		_, _ = io.Copy(io.Discard, io.LimitReader(c.net, drainBytes))
	}
	c.mu.Lock()
	c.ending = true
	c.mu.Unlock()
	c.wg.Wait()
	_ = c.net.Close()
	c.cut(r)
	c.peer.Gone()
}

// loop hands over messages until there are no more. It reports why, and whether the peer will send nothing
// more that matters.
func (c *portable) loop() (r engineio.Reason, peerDone bool) {
	if c.watch.client { // the limit may change while a message is waited for
		c.ws.SetReadLimit(0)
	} else { // it does not, and is held against what a frame announces
		c.ws.SetReadLimit(c.opt.Read.Load())
	}
	for c.mayRead() {
		op, from, err := c.ws.NextReader()
		if err != nil {
			return c.broken(err)
		}
		buf, err := c.readAll(getBuffer(), from)
		c.watch.done()
		if err != nil {
			c.readDone(buf)
			return c.broken(err)
		}
		if op == websocket.TextMessage && !utf8.Valid(buf) {
			c.readDone(buf)
			c.goodbye(closeCode(engineio.BadUTF8))
			return engineio.BadUTF8, false
		}
		c.due = true
		c.peer.Message(op == websocket.BinaryMessage, buf)
		c.readDone(buf)
	}
	return engineio.TransportError, false // unless closing set another reason
}

// mayRead waits while the connection is paused. It reports false when it closes.
func (c *portable) mayRead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.paused && !c.closing {
		if c.due {
			c.mu.Unlock()
			c.passEnd()
			c.mu.Lock()
			continue
		}
		c.wake.Wait()
	}
	return !c.closing
}

func (c *portable) passEnd() {
	if c.due {
		c.due, c.tries = false, 0
		c.peer.PassEnd()
	}
	c.Flush() // answers to control frames
}

// broken gives the reason for an error of reading.
func (c *portable) broken(err error) (r engineio.Reason, peerDone bool) {
	if r, over := c.overLimit(err); over {
		return r, false
	}
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		c.goodbye(websocket.CloseMessageTooBig)
		return engineio.TooLarge, false
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return engineio.PeerClosed, true
	case errors.As(err, &closed), networkError(err):
		c.cut(engineio.TransportError)
		return engineio.TransportError, true
	}
	return engineio.ProtocolViolation, false // gorilla has said 1002
}

func (c *portable) readAll(buf []byte, from io.Reader) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
			c.hasRead(cap(buf) + c.inflating())
		}
		n, err := from.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if c.watch.deflate {
			err = c.inflated(len(buf), err)
		}
		if c.watch.client && int64(len(buf)) > c.opt.Read.Load() {
			err = websocket.ErrReadLimit
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}
