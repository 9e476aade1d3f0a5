package wsconn

import (
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
	from moment
	n    int
}

// add counts n more, and reports whether the period's count is within r.
func (w *window) add(r Rate, n int, now moment) bool {
	if r.Count <= 0 {
		return true
	}
	if w.from == 0 || now.sub(w.from) >= r.Per {
		w.from, w.n = now, 0
	}
	w.n += n
	return w.n <= r.Count
}

// Meter counts what one peer sends. It is not safe for concurrent use.
type Meter struct{ frames, control, fragments, bytes window }

// Frame counts a frame or packet, and gives the reason to end the connection, 0 for none.
func (m *Meter) Frame(r *Rates, now time.Time) engineio.Reason { return m.frame(r, momentOf(now)) }

func (m *Meter) frame(r *Rates, now moment) engineio.Reason {
	if !m.frames.add(r.Frames, 1, now) {
		return engineio.Frames
	}
	return 0
}

// Bytes counts n bytes, and gives how long to wait before more are read.
func (m *Meter) Bytes(r *Rates, n int, now time.Time) time.Duration {
	return m.take(r, n, momentOf(now))
}

func (m *Meter) take(r *Rates, n int, now moment) time.Duration {
	if m.bytes.add(r.Bytes, n, now) {
		return 0
	}
	return m.bytes.from.add(r.Bytes.Per).sub(now)
}

// watch reads the headers of frames (RFC 6455, 5.2) on their way to gorilla/websocket, which does not tell
// of fragments and takes lengths in any form, and tells which messages are not whole yet.
type watch struct {
	gate
	head  [maxHeader]byte
	got   int       // bytes of head that are there
	left  uint64    // payload of the frame still to come
	ahead []packed  // messages that the caller has not read to their end, where deflate is set
	since time.Time // when reading first waited for the rest of the message
	over  error     // what the next read gives; nil for none
}

// take looks at bytes as they come. It gives the reason to end the connection, 0 for none, and how many bytes
// come before it.
func (w *watch) take(b []byte, r *Rates, now moment) (n int, reason engineio.Reason) {
	for n < len(b) {
		if w.left > 0 {
			skip := int(min(w.left, uint64(len(b)-n)))
			w.left -= uint64(skip)
			n += skip
			continue
		}
		if w.got == 0 && !w.open {
			w.since = time.Time{} // of the message before
		}
		w.head[w.got] = b[n]
		w.got++
		if w.got == 2 || w.got == 3 {
			reason = w.begin(w.head[:w.got])
		}
		if h, size := readHeader(w.head[:w.got]); size > 0 && reason == 0 {
			w.got, w.left = 0, h.length
			if reason = w.frame(&h, r, now); reason == 0 && w.deflate {
				w.note(&h)
			}
		}
		if reason != 0 {
			return n, reason
		}
		n++
	}
	return n, 0
}

// whole reports whether no frame or message is under way.
func (w *watch) whole() bool { return !w.open && w.got == 0 && w.left == 0 }

// limitError ends reading for a limit.
type limitError struct{ reason engineio.Reason }

func (e *limitError) Error() string { return e.reason.String() }

// watched holds what a read gave against the limits, which a server, chosen by the operator, has none of.
func (c *portable) watched(b []byte, n int, err error) (int, error) {
	if n <= 0 || c.watch.client {
		return n, err
	}
	now, lim := thisMoment(), c.lim()
	if good, reason := c.watch.take(b[:n], &lim.Rates, now); reason != 0 {
		c.watch.over = &limitError{reason}
		if good == 0 {
			return 0, c.watch.over
		}
		return good, nil
	}
	if wait := c.watch.meter.take(&lim.Rates, n, now); wait > 0 {
		if lim.Slowed != nil {
			lim.Slowed()
		}
		c.hold(wait)
	}
	return n, err
}

// hold stops the reading goroutine for a while, or till the connection closes.
func (c *portable) hold(d time.Duration) {
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
func (c *portable) await() {
	w, limit := &c.watch, c.lim().Message
	if whole := w.whole(); (whole || limit <= 0) && !c.timed || !whole && !w.since.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing { // which has set a deadline of its own
		return
	}
	c.timed = !w.whole() && limit > 0
	if !c.timed {
		_ = c.net.SetReadDeadline(time.Time{})
		return
	}
	w.since = time.Now()
	_ = c.net.SetReadDeadline(w.since.Add(limit))
}

// overLimit gives the reason for which reading ended by a limit.
func (c *portable) overLimit(err error) (engineio.Reason, bool) {
	var over *limitError
	if errors.As(err, &over) {
		c.goodbye(closeCode(over.reason))
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
