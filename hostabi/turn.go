package hostabi

import (
	"fmt"

	"github.com/siogw/siogw/internal/turn"
)

// Turn is the caller's turn in a place where others are served, too, such as an event loop. It is left in the goroutine of the
// call, before that waits for an instance or starts one, and when a guest takes longer than half a millisecond, give or take a
// slice of fuel. Where it may not be left nothing is waited for.
type Turn = turn.Turn

var errCrowded = fmt.Errorf("%w: %w, and too many wait already", ErrTimeout, ErrBusy)

func (c *Call) leave() bool { return turn.Leave(c.Turn) }
