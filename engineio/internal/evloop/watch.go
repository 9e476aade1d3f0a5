//go:build linux

package evloop

import "time"

// quietLooks is how long the watchman goes on looking while nothing happens.
const quietLooks = 64

// watchman takes loops away from calls that take too long. On a busy machine a call may take long for want of a
// core, so one that was not seen in time proves nothing.
type watchman struct {
	group *Loops
	turns []uint64 // of each loop, as of the last look
	long  []int    // looks in a row that found the same call
	last  time.Time
}

// watch looks after the loops till stop.
func (g *Loops) watch(stop chan struct{}) {
	w := &watchman{group: g, turns: make([]uint64, len(g.loops)), long: make([]int, len(g.loops))}
	ticker := time.NewTicker(lookTime)
	defer ticker.Stop()
	for quiet := 0; ; {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		if w.look() {
			quiet = 0
		} else if quiet++; quiet > quietLooks {
			ticker.Stop()
			if w.park(stop) {
				return
			}
			ticker.Reset(lookTime)
			quiet = 0
		}
	}
}

// look reports whether anything happened since the last look.
func (w *watchman) look() (moved bool) {
	now := time.Now()
	late := now.Sub(w.last) > 2*lookTime
	w.last = now
	for i, l := range w.group.loops {
		turn := l.turn.Load()
		working := turn&1 == 1
		moved = moved || working || turn != w.turns[i]
		if !working || late || turn != w.turns[i] {
			w.turns[i], w.long[i] = turn, 0
			continue
		}
		if w.long[i]++; w.long[i] >= looks {
			l.replace(turn)
		}
	}
	return moved
}

// park waits till a loop wakes up. It reports whether that is not to be.
func (w *watchman) park(stop chan struct{}) (stopped bool) {
	g := w.group
	g.parked.Store(true)
	if w.look() { // between the last look and now
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
