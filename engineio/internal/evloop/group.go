//go:build linux

package evloop

import (
	"sync"
	"sync/atomic"
)

// Loops are event loops, and what sees that none is held up. They run while they have descriptors, and need not
// be closed.
type Loops struct {
	loops []*loop
	turn  atomic.Uint32

	replaced atomic.Uint64
	left     atomic.Uint64
	joint    atomic.Uint64
	oneByOne bool
	blind    bool          // there is no watchman, for tests
	parked   atomic.Bool   // the watchman waits for wake
	wake     chan struct{} // holds one
	jobs     chan *Source  // for workers that wait
	vacant   chan *loop    // for runners that wait

	mu      sync.Mutex
	running int
	idle    int           // runners that wait
	stop    chan struct{} // ends the watchman, and workers and runners that wait
}

// New gives n loops; nil on systems that have none.
func New(n int) *Loops {
	g := &Loops{wake: make(chan struct{}, 1), jobs: make(chan *Source), vacant: make(chan *loop),
		loops: make([]*loop, max(n, 1))}
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

// OneByOne has every call of the kernel made by itself, as is done where there is no io_uring. It is called before the first
// Seat, and gives g; nil from nil.
func (g *Loops) OneByOne() *Loops {
	if g != nil {
		g.oneByOne = true
	}
	return g
}

// Joint gives how many calls of the kernel read or wrote for several connections together.
func (g *Loops) Joint() uint64 {
	if g == nil {
		return 0
	}
	return g.joint.Load()
}

// begin counts a loop that runs; the first starts the watchman.
func (g *Loops) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running++; g.running == 1 {
		g.stop = make(chan struct{})
		if !g.blind {
			go g.watch(g.stop)
		}
	}
}

func (g *Loops) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running--; g.running == 0 {
		close(g.stop)
	}
}
