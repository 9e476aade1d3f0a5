//go:build linux

package evloop

import (
	"sync"
	"sync/atomic"
	"time"
)

// start is what times in atomic numbers count from.
var start = time.Now()

func sinceStart() int64 { return int64(time.Since(start)) }

// Seat is the place of a session on a loop: its connections, at both sides, are served there, so that what passes
// between them stays on one core.
type Seat struct {
	loop    *loop
	apart   atomic.Int64 // until when its work is done by workers; 0 for not
	strikes atomic.Int32 // calls that took too long
	away    atomic.Bool  // see Leave
	struck  atomic.Int64 // when the first of those was
}

// strike notes a call that took too long. A session that makes a habit of it works apart for a while.
func (s *Seat) strike() {
	now := sinceStart()
	if now-s.struck.Load() > int64(apartTime) {
		s.struck.Store(now)
		s.strikes.Store(0)
	}
	if s.strikes.Add(1) >= strikes {
		s.apart.Store(now + int64(apartTime))
	}
}

// isApart reports whether the session's work may not hold the loop.
func (s *Seat) isApart() bool {
	until := s.apart.Load()
	if until == 0 {
		return false
	}
	if sinceStart() < until {
		return true
	}
	s.apart.CompareAndSwap(until, 0)
	return false
}

// elsewhere reports whether the session's work is not the loop's now.
func (s *Seat) elsewhere() bool { return s.away.Load() || s.isApart() }

var scratches = sync.Pool{New: func() any { return new([scratchSize]byte) }}

// workApart has one call made beside the loop, by a worker that waits or a new one.
func (g *Loops) workApart(s *Source) {
	select {
	case g.jobs <- s:
		return
	default:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	go g.worker(s, g.stop)
}

// worker works for sessions that are apart, as long as there is something to do.
func (g *Loops) worker(s *Source, stop chan struct{}) {
	r := &Reader{scratch: scratches.Get().(*[scratchSize]byte)}
	defer scratches.Put(r.scratch)
	timer := time.NewTimer(workerTime)
	defer timer.Stop()
	for {
		s.work(r)
		timer.Reset(workerTime)
		select {
		case s = <-g.jobs:
		case <-timer.C:
			return
		case <-stop:
			return
		}
	}
}
