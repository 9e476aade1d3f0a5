//go:build linux

package evloop

import (
	"math"
	"syscall"
)

const (
	together = 32            // descriptors at most that are read, and written to, in one call of the kernel
	untried  = math.MinInt32 // the outcome of a call that was not made
)

// outcomes are those of calls made together: bytes, or an error below zero.
type outcomes = [together]int32

// claims are sources that the runner has the right to let work, in turn, with what was read for them.
type claims struct {
	n, done int
	source  [together]*Source
	res     outcomes // of reading ahead
	mem     *[together][AheadSize]byte
	lent    bool // a call that lost its loop may still look at mem
}

// claim takes the right to let the sources of the next events work. Of several, it reads ahead for all in one call, and has what
// they write wait for the end of the turn.
func (l *loop) claim() {
	c := &l.claims
	c.n, c.done = 0, 0
	for l.done < l.n && c.n < together {
		ev := &l.events[l.done]
		l.done++
		if s := l.find(ev); s != nil && s.claim(hint(ev.Events)) {
			c.source[c.n], c.res[c.n] = s, untried
			c.n++
		}
	}
	if l.ring != nil && c.n >= worthwhile {
		l.readAhead()
		l.collect()
	}
}

// readAhead reads for all who would.
func (l *loop) readAhead() {
	c := &l.claims
	if c.mem == nil || c.lent {
		c.mem, c.lent = new([together][AheadSize]byte), false
	}
	var who [together]int
	n := 0
	for i, s := range c.source[:c.n] {
		if Events(s.state.Load())&(Readable|Hangup) == Readable && s.saved == nil && !s.seat.elsewhere() && s.worker.Reads() {
			l.ring.recv(s.fd, c.mem[i][:])
			who[n] = i
			n++
		}
	}
	if n == 0 {
		return
	}
	res := l.makeCalls()
	for k, i := range who[:n] {
		c.res[i] = res[k]
	}
}

// makeCalls makes those of the ring, which is given up when it fails.
func (l *loop) makeCalls() *outcomes {
	ring := l.ring
	l.group.joint.Add(1)
	if !ring.run() {
		l.dropRing()
	}
	return &ring.res
}

func (l *loop) dropRing() {
	if l.ring != nil {
		l.ring.close()
		l.ring = nil
	}
}

// next gives the next source that was claimed, r having what was read for it; nil for none.
func (c *claims) next(r *Reader) *Source {
	if c.done == c.n {
		return nil
	}
	i := c.done
	c.done++
	s := c.source[i]
	c.source[i] = nil
	switch res := c.res[i]; {
	case res == untried || res == -int32(syscall.EINTR):
	case res < 0:
		r.give(nil, syscall.Errno(-res))
	default:
		r.give(c.mem[i][:res], 0)
	}
	return s
}
