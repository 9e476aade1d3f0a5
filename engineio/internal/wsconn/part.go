//go:build linux

package wsconn

import "sync"

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
