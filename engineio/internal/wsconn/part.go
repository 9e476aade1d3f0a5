//go:build linux

package wsconn

import (
	"sync"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

// part is what came of a frame or message before the rest of it. Connections that are idle have none.
type part struct {
	head   [maxHeader]byte
	got    int // bytes of head, of the frame under way
	frame  header
	left   uint64 // bytes of its payload that have not come
	binary bool   // the message under way is
	data   []byte // what came of it
	word   []byte // of the control frame under way
}

var parts = sync.Pool{New: func() any { return &part{data: make([]byte, 0, freshBlock)} }}

// parted gives the part that is under way, or begins one.
func (c *looped) parted() *part {
	if c.in.part == nil {
		c.in.part = parts.Get().(*part)
	}
	return c.in.part
}

// rest gives the part back, if nothing is under way.
func (c *looped) rest() {
	if p := c.in.part; p != nil && p.got == 0 && p.left == 0 && !c.in.open {
		c.in.part = nil
		p.release()
	}
}

func (p *part) release() {
	if cap(p.data) > keep {
		p.data = make([]byte, 0, freshBlock)
	}
	*p = part{data: p.data[:0], word: p.word[:0]}
	parts.Put(p)
}

// header reads one, or enough of it to give a reason to end the connection. It takes n bytes: 0 when it took all of b,
// which ends before.
func (c *looped) header(b []byte) (h header, n int, reason engineio.Reason) {
	in := &c.in
	if in.part == nil || in.part.got == 0 {
		if !in.open {
			in.since = 0 // of the message before
		}
		if h, n = readHeader(b); n > 0 {
			if reason = in.begin(b[:2]); reason == 0 && n > 2 {
				reason = in.begin(b[:3])
			}
			return h, n, reason
		}
	}
	p := c.parted()
	for n < len(b) {
		p.head[p.got] = b[n]
		p.got++
		n++
		if p.got == 2 || p.got == 3 {
			if reason = in.begin(p.head[:p.got]); reason != 0 {
				return h, n, reason
			}
		}
		if h, size := readHeader(p.head[:p.got]); size > 0 {
			p.got = 0
			c.rest()
			return h, n, 0
		}
	}
	return h, 0, 0
}

// open begins a frame that is not whole, or a message that is not.
func (c *looped) open(h *header) {
	p := c.parted()
	p.frame, p.left = *h, h.length
	if !h.control() && h.opcode != 0 {
		p.binary = h.opcode == websocket.BinaryMessage
	}
	if p.left == 0 {
		c.filled(p)
	}
}

// fill takes what b has of the frame at hand.
func (c *looped) fill(p *part, b []byte) int {
	n := int(min(p.left, uint64(len(b))))
	c.unmask(&p.frame, p.frame.length-p.left, b[:n])
	if p.frame.control() {
		p.word = append(p.word, b[:n]...)
	} else {
		p.data = append(p.data, b[:n]...)
	}
	if p.left -= uint64(n); p.left == 0 {
		c.filled(p)
	}
	return n
}

// filled hands over what a whole frame completes.
func (c *looped) filled(p *part) {
	switch {
	case p.frame.control():
		word := p.word
		p.word = p.word[:0]
		c.control(&p.frame, word)
	case p.frame.final:
		c.in.part = nil // first: it may be asked for while the peer has the message
		c.message(p.binary, p.data)
		p.release()
		return
	}
	c.rest()
}
