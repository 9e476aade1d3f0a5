package engine

import "github.com/siogw/siogw/internal/turn"

// Turn is the caller's turn in a place where others are served, too, such as an event loop.
type Turn = turn.Turn

// Leave gives the turn of a decision away, see Turn. A plugin calls it in its Decide, in the same goroutine, before it waits
// for anything, or when it takes longer than [turn.SlowAfter]. It costs microseconds: what answers from memory does not call it.
func (in *Input) Leave() bool { return turn.Leave(in.Turn) }
