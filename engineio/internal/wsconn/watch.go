package wsconn

import (
	"encoding/binary"
	"errors"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

// Rate is a number of times in a period; the zero value is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// Rates bound what a peer sends. More bytes than allowed wait; more of the others end the connection.
type Rates struct {
	Frames    Rate // of any kind
	Control   Rate // pings, pongs
	Fragments Rate // frames that are not a whole message
	Bytes     Rate // on the wire, inside TLS
}

// window counts in periods, each of which begins with the first event after the one before.
type window struct {
	from time.Time
	n    int
}

// add counts n more, and reports whether the period's count is within r.
func (w *window) add(r Rate, n int, now time.Time) bool {
	if r.Count <= 0 {
		return true
	}
	if now.Sub(w.from) >= r.Per {
		w.from, w.n = now, 0
	}
	w.n += n
	return w.n <= r.Count
}

// Meter counts what one peer sends. It is not safe for concurrent use.
type Meter struct{ frames, control, fragments, bytes window }

// Frame counts a frame or packet, and gives the reason to end the connection, 0 for none.
func (m *Meter) Frame(r *Rates, now time.Time) engineio.Reason {
	if !m.frames.add(r.Frames, 1, now) {
		return engineio.Frames
	}
	return 0
}

// Bytes counts n bytes, and gives how long to wait before more are read.
func (m *Meter) Bytes(r *Rates, n int, now time.Time) time.Duration {
	if m.bytes.add(r.Bytes, n, now) {
		return 0
	}
	return m.bytes.from.Add(r.Bytes.Per).Sub(now)
}

// watch reads the headers of frames (RFC 6455, 5.2) on their way to gorilla/websocket, which does not tell
// of fragments, and tells which messages are not whole yet.
type watch struct {
	meter Meter
	head  [10]byte  // without the mask
	got   int       // bytes of head that are there
	mask  int       // bytes of the mask still to come
	left  uint64    // payload of the frame still to come
	ahead []packed  // messages that the caller has not read to their end, where deflate is set
	open  bool      // a message has begun whose last frame has not
	since time.Time // when reading first waited for the rest of the message

	deflate bool // the connection has permessage-deflate
}

// take looks at bytes as they come. It gives the reason to end the connection, 0 for none.
func (w *watch) take(b []byte, r *Rates, now time.Time) engineio.Reason {
	for len(b) > 0 {
		switch {
		case w.mask > 0:
			n := min(w.mask, len(b))
			w.mask, b = w.mask-n, b[n:]
		case w.left > 0:
			n := min(w.left, uint64(len(b)))
			w.left, b = w.left-n, b[n:]
		default:
			if w.got == 0 && !w.open {
				w.since = time.Time{} // of the message before
			}
			w.head[w.got] = b[0]
			w.got++
			b = b[1:]
			if w.got < w.need() {
				continue
			}
			if reason := w.frame(r, now); reason != 0 {
				return reason
			}
		}
	}
	return 0
}

// need gives the length of the header, as far as its first bytes tell.
func (w *watch) need() int {
	if w.got < 2 {
		return 2
	}
	switch w.head[1] & 0x7f {
	case 126:
		return 4
	case 127:
		return 10
	}
	return 2
}

// frame takes a whole header.
func (w *watch) frame(r *Rates, now time.Time) engineio.Reason {
	switch w.need() {
	case 4:
		w.left = uint64(binary.BigEndian.Uint16(w.head[2:]))
	case 10:
		w.left = binary.BigEndian.Uint64(w.head[2:])
	default:
		w.left = uint64(w.head[1] & 0x7f)
	}
	if w.head[1]&0x80 != 0 {
		w.mask = 4
	}
	w.got = 0
	last, opcode := w.head[0]&0x80 != 0, w.head[0]&0x0f
	if reason := w.meter.Frame(r, now); reason != 0 {
		return reason
	}
	switch {
	case w.deflate:
		if reason := w.note(opcode); reason != 0 {
			return reason
		}
	case w.head[0]&0x70 == 0x40: // gorilla/websocket would not say which of the reserved bits it was
		return engineio.Compressed
	}
	if opcode >= 8 {
		if !w.meter.control.add(r.Control, 1, now) {
			return engineio.ControlFrames
		}
		return 0
	}
	w.open = !last
	if (!last || opcode == 0) && !w.meter.fragments.add(r.Fragments, 1, now) {
		return engineio.Fragments
	}
	return 0
}

// whole reports whether no frame or message is under way.
func (w *watch) whole() bool { return !w.open && w.got == 0 && w.mask == 0 && w.left == 0 }

// limitError ends reading for a limit.
type limitError struct{ reason engineio.Reason }

func (e *limitError) Error() string { return e.reason.String() }

// watched holds what a read gave against the limits.
func (c *Conn) watched(b []byte, n int, err error) (int, error) {
	if n <= 0 || !c.deflate && !c.lim.watches() {
		return n, err
	}
	now := time.Now()
	if reason := c.watch.take(b[:n], &c.lim.Rates, now); reason != 0 {
		return 0, &limitError{reason}
	}
	if wait := c.watch.meter.Bytes(&c.lim.Rates, n, now); wait > 0 {
		c.hold(wait)
	}
	return n, err
}

func (l *Limits) watches() bool { return l.Message > 0 || l.Rates != Rates{} }

// hold stops the reading goroutine for a while, or till the connection closes.
func (c *Conn) hold(d time.Duration) {
	if c.lim.Slowed != nil {
		c.lim.Slowed()
	}
	if c.due {
		c.passEnd()
	}
	until := time.Now().Add(d)
	timer := time.AfterFunc(d, c.wake.Broadcast)
	defer timer.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closing && time.Now().Before(until) {
		c.wake.Wait()
	}
}

// await sets the deadline by which a message that has begun must be whole, before a read that may wait.
func (c *Conn) await() {
	w := &c.watch
	if whole := w.whole(); c.lim.Message <= 0 || whole && !c.timed || !whole && !w.since.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing { // which has set a deadline of its own
		return
	}
	c.timed = !w.whole()
	if !c.timed {
		_ = c.net.SetReadDeadline(time.Time{})
		return
	}
	w.since = time.Now()
	_ = c.net.SetReadDeadline(w.since.Add(c.lim.Message))
}

// overLimit gives the reason for which reading ended by a limit.
func (c *Conn) overLimit(err error) (engineio.Reason, bool) {
	var over *limitError
	if errors.As(err, &over) {
		code := websocket.ClosePolicyViolation
		if over.reason == engineio.ProtocolViolation || over.reason == engineio.Compressed {
			code = websocket.CloseProtocolError
		}
		c.goodbye(code)
		return over.reason, true
	}
	var network net.Error // gorilla/websocket keeps no more of the error than this
	c.mu.Lock()
	late := c.timed && !c.closing && errors.As(err, &network) && network.Timeout()
	c.mu.Unlock()
	if late {
		c.goodbye(websocket.ClosePolicyViolation)
	}
	return engineio.SlowMessage, late
}
