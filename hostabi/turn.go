package hostabi

import (
	"fmt"
	"time"
)

// Turn is the caller's turn in a place where others are served, too, such as an event loop.
type Turn interface {
	// Leave lets the others go on. It is called in the goroutine of the call, before that waits for an instance or starts
	// one, and when a guest takes longer than SlowAfter; it may be called again. False says that too many have left: then
	// nothing is waited for.
	Leave() bool
}

// SlowAfter is how long a guest may keep its caller's turn, give or take a slice of fuel.
const SlowAfter = 500 * time.Microsecond

var errCrowded = fmt.Errorf("%w: %w, and too many wait already", ErrTimeout, ErrBusy)

func (c *Call) leave() bool { return c.Turn == nil || c.Turn.Leave() }
