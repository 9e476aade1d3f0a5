//go:build linux

package wsconn

import (
	"encoding/binary"
	"slices"
	"syscall"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/evloop"
)

// inbox is what a looped connection knows of its peer's bytes. Work alone uses it.
type inbox struct {
	gate
	part   *part  // of a header, frame or message under way; nil for none
	stash  []byte // read, and not looked at: reading has stopped
	ready  bool   // there may be something to read
	hangup bool   // and an end behind it
	bulk   bool   // the last read was too large to be made ahead
	due    bool   // messages were handed over since the last PassEnd
	reply  bool   // a control frame was answered since

	ended bool   // the peer was told
	last  bool   // the other end has said its last: nothing is waited for
	shut  bool   // the sending direction is closed
	after int    // bytes read since the end
	since moment // when the rest of a message was first waited for
	hold  moment // until when nothing is read; zero when it is
	armed moment // what the timer is set to
}

// passReads bounds the full buffers that are read before others have their turn.
const passReads = 4

// read hands over what is there, as one pass. It reports whether it left something for its next turn.
func (c *looped) read(r *evloop.Reader) (more bool) {
	in := &c.in
	if len(in.stash) > 0 && c.mayRead() {
		b := in.stash
		in.stash = nil
		c.keep(c.eat(b, c.clock()), false)
		c.note()
	}
	for reads := 0; in.ready && c.mayRead(); reads++ {
		if reads == passReads {
			more = true
			break
		}
		b, rest, errno := r.Read(&c.Source)
		switch {
		case errno == syscall.EAGAIN:
			in.ready = false
		case errno != 0 || len(b) == 0:
			c.passEnd() // it may read, though it says no more
			c.lost()
		default:
			in.ready = rest || in.hangup // a short read leaves nothing
			in.bulk = len(b) >= evloop.AheadSize
			c.took(b)
		}
	}
	c.passEnd()
	return more
}

// Reads implements evloop.Worker.
func (c *looped) Reads() bool {
	in := &c.in
	return !in.bulk && in.hold == 0 && len(in.stash) == 0 && !c.halt.Load()
}

// mayRead reports whether anything may be handed over.
func (c *looped) mayRead() bool {
	in := &c.in
	if c.halt.Load() || in.hold != 0 && thisMoment() < in.hold {
		return false
	}
	in.hold = 0
	return true
}

// passEnd ends a pass, if it handed anything over.
func (c *looped) passEnd() {
	in := &c.in
	if !in.due && !in.reply {
		return
	}
	if in.due {
		in.due = false
		c.peer.PassEnd()
	}
	if in.reply {
		in.reply = false
		c.Flush()
	}
}

// clock gives the time for the limits, of which a server, chosen by the operator, has none.
func (c *looped) clock() moment {
	if c.in.client {
		return 0
	}
	return thisMoment()
}

// took takes bytes that were just read.
func (c *looped) took(b []byte) {
	in, lim, now := &c.in, c.lim(), c.clock()
	wait := in.meter.take(&lim.Rates, len(b), now)
	if wait > 0 {
		if lim.Slowed != nil {
			lim.Slowed()
		}
		in.hold = now.add(wait)
		c.keep(b, true)
	} else {
		c.keep(c.eat(b, now), true)
	}
	c.note()
}

// keep holds bytes back until reading goes on; copied if they are the loop's.
func (c *looped) keep(b []byte, copied bool) {
	if len(b) == 0 {
		return
	}
	if copied {
		b = slices.Clone(b)
	}
	c.in.stash = b
}

// note tells what is held, and since when a message waits for its rest.
func (c *looped) note() {
	in := &c.in
	held := cap(in.stash)
	if in.part != nil {
		held += max(0, cap(in.part.data)-freshBlock)
	}
	if held != c.reading { // which nobody else sets
		c.mu.Lock()
		c.reading = held
		c.account()
		c.mu.Unlock()
	}
	switch {
	case in.part == nil:
		in.since = 0
	case in.since == 0:
		in.since = thisMoment()
	}
}

// eat takes frames out of b, and gives what is left when reading has to stop.
func (c *looped) eat(b []byte, now moment) []byte {
	in, rates := &c.in, &c.lim().Rates
	for len(b) > 0 && !c.halt.Load() {
		if p := in.part; p != nil && p.left > 0 {
			b = b[c.fill(p, b):]
			continue
		}
		h, n, reason := c.header(b)
		b = b[n:]
		if n == 0 {
			return nil // it is not whole, and in its part
		}
		if reason == 0 {
			reason = in.frame(&h, rates, now)
		}
		if reason == 0 && !h.control() && c.tooLong(&h) {
			reason = engineio.TooLarge
		}
		switch {
		case reason != 0:
			c.refuse(reason)
		case uint64(len(b)) >= h.length && (h.control() || h.final && h.opcode != 0): // as it came
			payload := b[:h.length:h.length]
			b = b[h.length:]
			c.unmask(&h, 0, payload)
			c.whole(&h, payload)
		default:
			c.open(&h)
		}
	}
	if len(b) > 0 && c.isClosing() {
		return nil
	}
	return b
}

func (c *looped) tooLong(h *header) bool {
	have := 0
	if p := c.in.part; p != nil {
		have = len(p.data)
	}
	return h.length > uint64(max(0, c.opt.Read.Load()-int64(have)))
}

// whole takes a frame that is a message, or control.
func (c *looped) whole(h *header, payload []byte) {
	if h.control() {
		c.control(h, payload)
		return
	}
	c.message(h.opcode == websocket.BinaryMessage, payload)
}

func (c *looped) message(binary bool, data []byte) {
	if !binary && !utf8.Valid(data) {
		c.refuse(engineio.BadUTF8)
		return
	}
	c.in.due = true
	c.peer.Message(binary, data)
}

// control obeys a control frame.
func (c *looped) control(h *header, data []byte) {
	switch h.opcode {
	case websocket.PingMessage:
		c.mu.Lock()
		if c.waiting() < c.lim().High { // RFC 6455, 5.5.3: not every ping needs its own answer
			c.put(websocket.PongMessage, data)
		}
		c.mu.Unlock()
		c.in.reply = true
	case websocket.CloseMessage:
		code := 0
		if len(data) >= 2 {
			code = int(binary.BigEndian.Uint16(data))
			if !validCode(code) || !utf8.Valid(data[2:]) {
				c.refuse(engineio.ProtocolViolation)
				return
			}
		}
		c.in.last = true
		c.end(engineio.PeerClosed, code)
	}
}

// validCode reports whether a status code may be on the wire (RFC 6455, 7.4).
func validCode(code int) bool {
	switch code {
	case 1004, websocket.CloseNoStatusReceived, websocket.CloseAbnormalClosure, websocket.CloseTLSHandshake:
		return false
	}
	return code >= 1000 && code <= 1013 || code >= 3000 && code <= 4999
}

func (c *looped) unmask(h *header, offset uint64, b []byte) {
	if !c.in.client {
		applyMask(h.mask, offset, b)
	}
}
