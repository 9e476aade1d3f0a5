package engine

import "time"

// SlowAfter is how long a decision may hold up others that are served in the same place. What can look at the time leaves
// then, by Input.Leave; what may wait for something leaves before.
const SlowAfter = 500 * time.Microsecond

// Turn is the caller's turn in a place where others are served, too, such as an event loop.
type Turn interface {
	// Leave lets the others go on: from now on the caller may take long. It returns at once, and may be called again. It
	// reports false where too many have left already: who was to wait for something must not, and fails.
	Leave() bool
}

// Leave gives the turn of a decision away, see Turn. A plugin calls it in its Decide, in the same goroutine, before it waits
// for anything, or when it takes longer than SlowAfter. It costs microseconds: what answers from memory does not call it.
func (in *Input) Leave() bool { return in.Turn == nil || in.Turn.Leave() }
