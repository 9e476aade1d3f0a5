//go:build linux

package evloop

import (
	"sync"
	"sync/atomic"
	"time"
)

// Loops are event loops, and what sees that none is held up. They run while they have descriptors, and need not
// be closed.
type Loops struct {
	loops []*loop
	turn  atomic.Uint32

	replaced atomic.Uint64
	parked   atomic.Bool   // the watchman waits for wake
	wake     chan struct{} // holds one

	mu      sync.Mutex
	running int
	stop    chan struct{} // ends the watchman
}

// New gives n loops; nil on systems that have none.
func New(n int) *Loops {
	g := &Loops{wake: make(chan struct{}, 1), loops: make([]*loop, max(n, 1))}
	for i := range g.loops {
		g.loops[i] = &loop{group: g}
	}
	return g
}

// Seat gives a place on a loop, the loops taking turns; nil from nil.
func (g *Loops) Seat() *Seat {
	if g == nil {
		return nil
	}
	return &Seat{loop: g.loops[int(g.turn.Add(1))%len(g.loops)]}
}

// Replaced gives how often a call took so long that its loop went on without it.
func (g *Loops) Replaced() uint64 {
	if g == nil {
		return 0
	}
	return g.replaced.Load()
}

// Seat is the place of a session on a loop: its connections, at both sides, are served there, so that what passes
// between them stays on one core.
type Seat struct {
	loop  *loop
	apart atomic.Int64 // until when its work is done in goroutines of its own, in nanoseconds since start; 0 for not
}

var start = time.Now()

// isApart reports whether the session's work may not hold the loop.
func (s *Seat) isApart() bool {
	until := s.apart.Load()
	if until == 0 {
		return false
	}
	if int64(time.Since(start)) < until {
		return true
	}
	s.apart.CompareAndSwap(until, 0)
	return false
}

// begin counts a loop that runs; the first starts the watchman.
func (g *Loops) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running++; g.running == 1 {
		g.stop = make(chan struct{})
		go g.watch(g.stop)
	}
}

func (g *Loops) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running--; g.running == 0 {
		close(g.stop)
	}
}

// quietTicks is how long the watchman goes on looking while nothing happens.
const quietTicks = 64

// watch takes loops away from calls that take too long.
func (g *Loops) watch(stop chan struct{}) {
	ticker := time.NewTicker(tooLong)
	defer ticker.Stop()
	seen := make([]uint64, len(g.loops))
	for quiet := 0; ; {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		if g.look(seen) {
			quiet = 0
		} else if quiet++; quiet > quietTicks {
			ticker.Stop()
			if g.park(stop, seen) {
				return
			}
			ticker.Reset(tooLong)
			quiet = 0
		}
	}
}

// look reports whether anything happened since the last look, which saw the turns seen.
func (g *Loops) look(seen []uint64) (moved bool) {
	for i, l := range g.loops {
		at := l.turn.Load()
		switch {
		case at != seen[i]:
			seen[i] = at
			moved = true
		case at&1 == 1: // the call that was under way at the last look still is
			l.replace(at)
			moved = true
		}
	}
	return moved
}

// park waits till a loop wakes up. It reports whether that is not to be.
func (g *Loops) park(stop chan struct{}, seen []uint64) (stopped bool) {
	g.parked.Store(true)
	if g.look(seen) { // between the last look and now
		g.parked.Store(false)
		return false
	}
	select {
	case <-stop:
		return true
	case <-g.wake:
		return false
	}
}

// unpark is for a loop that has something to do.
func (g *Loops) unpark() {
	if g.parked.Load() && g.parked.CompareAndSwap(true, false) {
		select {
		case g.wake <- struct{}{}:
		default: // of a park that ended by itself
		}
	}
}
