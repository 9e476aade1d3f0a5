//go:build linux

package wsconn

import (
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/evloop"
)

// looped is a Conn that an event loop serves. While it is idle it holds no goroutine and no buffer.
//
// Whoever calls its methods leaves a note under mu and asks for work; Work, of which the loop makes one call at a time,
// does it. Only Work reads, calls the peer, and closes the descriptor.
type looped struct {
	evloop.Source
	opt  Options
	form Form        // constant once anything is sent
	peer Peer        // constant from Start on
	free func()      // to be called when the descriptor is closed; nil for nothing
	in   inbox       // Work's own
	halt atomic.Bool // paused or closing: nothing more is handed over
	wait atomic.Bool // blocked, or drained: Work has to look

	mu      sync.Mutex // a leaf, but for the loop's own lock
	out     *block     // frames to be written; nil for none
	off     int        // bytes of out that are written
	listed  bool       // the loop will write at the end of its turn
	blocked bool       // the network takes no more: it will say when it does
	writeBy moment     // till which it must; when blocked
	chunk   int        // bytes till the next writeBy
	full    bool       // Send reported false; Drained is owed
	drained bool       // and is to be said now
	paused  bool
	closing bool // nothing more is handed to the peer
	said    bool // a close frame is in out, or was
	dead    bool // nothing more is read or written
	started bool
	closed  bool // the descriptor is
	reason  engineio.Reason
	closeBy moment // when closing
	reading int    // capacity of what in holds, above that of a fresh buffer
	held    int    // what Account was told last
}

// newLooped makes a Conn of a descriptor that does not block.
func newLooped(seat *evloop.Seat, fd int, opt Options, client bool) *looped {
	c := &looped{opt: opt}
	c.in.client = client
	c.Init(seat, fd, c)
	return c
}

// lim gives the limits as they are now.
func (c *looped) lim() *Limits { return c.opt.Live.Load() }

// Start implements Conn.
func (c *looped) Start(peer Peer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peer, c.started = peer, true
	if !c.closed {
		c.drained = c.owesDrained()
		c.wait.Store(c.drained)
		if c.Join() == nil {
			return
		}
		c.die(engineio.TransportError)
		c.close()
	}
	r := c.reason
	go func() { // closed before it began
		peer.Ended(r)
		peer.Gone()
	}()
}

// SetForm implements Conn.
func (c *looped) SetForm(f Form) { c.form = f }

// Buffered implements Conn.
func (c *looped) Buffered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting()
}

// Pause implements Conn.
func (c *looped) Pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = true
	c.halt.Store(true)
}

// Resume implements Conn.
func (c *looped) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.paused {
		return
	}
	c.paused = false
	c.halt.Store(c.closing)
	c.ask()
}

// ask has Work called. c.mu is held.
func (c *looped) ask() {
	if c.started && !c.closed {
		c.Post(evloop.Asked)
	}
}

// Work implements evloop.Worker.
func (c *looped) Work(ev evloop.Events, r *evloop.Reader) (more bool) {
	in := &c.in
	in.ready = in.ready || ev&evloop.Readable != 0
	in.hangup = in.hangup || ev&evloop.Hangup != 0
	if ev&evloop.Timer != 0 {
		in.armed = 0
		c.overdue(thisMoment())
	}
	if ev&(evloop.Writable|evloop.Asked) != 0 && c.wait.Load() {
		c.unblock(ev&evloop.Writable != 0)
	}
	more = c.read(r)
	if c.halt.Load() && c.isClosing() {
		return c.wind(r)
	}
	c.arm()
	return more
}

// unblock writes on, if that waits for the network, and tells the peer that there is room.
func (c *looped) unblock(room bool) {
	c.mu.Lock()
	if room && c.blocked && !c.dead {
		c.blocked = false
		c.flush()
	}
	tell := c.drained && !c.closing
	c.drained = false
	c.wait.Store(c.blocked)
	c.mu.Unlock()
	if tell {
		c.peer.Drained()
	}
}

// overdue ends what did not come in time.
func (c *looped) overdue(now moment) {
	c.mu.Lock()
	switch {
	case c.closing && now >= c.closeBy:
		c.die(engineio.TransportError)
	case c.blocked && !c.closing && now >= c.writeBy:
		c.die(engineio.SlowReader)
	}
	paused := c.halt.Load()
	c.mu.Unlock()
	in, limit := &c.in, c.lim().Message
	if limit <= 0 || in.since == 0 || now < in.since.add(limit) {
		return
	}
	if paused || now < in.hold { // the rest may lie unread
		in.since = now
		return
	}
	c.refuse(engineio.SlowMessage)
}

// arm sets the time of the next deadline.
func (c *looped) arm() {
	if in := &c.in; in.hold == 0 && in.since == 0 && in.armed == 0 && !c.wait.Load() && !c.halt.Load() {
		return
	}
	var next moment
	sooner := func(m moment) {
		if m != 0 && (next == 0 || m < next) {
			next = m
		}
	}
	in := &c.in
	c.mu.Lock()
	if c.closing {
		sooner(c.closeBy)
	} else {
		if c.blocked {
			sooner(c.writeBy)
		}
		sooner(in.hold)
		if limit := c.lim().Message; limit > 0 && in.since != 0 {
			sooner(in.since.add(limit))
		}
	}
	c.mu.Unlock()
	if next != in.armed {
		in.armed = next
		c.Arm(next.time())
	}
}
