// Package turn is for who computes or waits in a place where others are served, too, such as an event loop.
package turn

import (
	"runtime"
	"time"
)

// SlowAfter is how long a caller may hold up others that are served in the same place. What can look at the time leaves then,
// by [Pace]; what may wait for something leaves before, by [Leave].
const SlowAfter = 500 * time.Microsecond

// Turn is the caller's turn in such a place.
type Turn interface {
	// Leave lets the others go on: from now on the caller may take long. It returns at once, in the caller's goroutine, and may
	// be called again. It reports false where too many have left already: who was to wait for something must not, and fails.
	Leave() bool
}

// Leave leaves t. Who has none, nil, may wait.
func Leave(t Turn) bool { return t == nil || t.Leave() }

// Pace is that of one computation, which looks at the time now and then. The zero value has no turn to leave.
type Pace struct {
	turn Turn // nil where there is none to leave
	left bool
	next time.Time // when it is left, and then others have the core
}

// Begin is the beginning, at now, in turn t, which may be nil.
func (p *Pace) Begin(t Turn, now time.Time) { *p = Pace{turn: t, next: now.Add(SlowAfter)} }

// Look leaves the turn when it is time, and from then on lets those run who have it then: Go's scheduler would let them wait
// for ten milliseconds.
func (p *Pace) Look(now time.Time) {
	if p.turn == nil || now.Before(p.next) {
		return
	}
	if !p.left && !p.turn.Leave() {
		p.turn = nil // too many have: this one goes on as it is, for its time is bounded
		return
	}
	p.left, p.next = true, now.Add(SlowAfter)
	runtime.Gosched()
}
