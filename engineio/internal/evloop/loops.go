// Package evloop serves network connections from a few goroutines, on Linux. A loop waits for its descriptors
// (epoll, edge-triggered) and lets their owners work: one call at a time for a descriptor, one descriptor after
// the other. A call that takes too long loses its loop to a fresh goroutine, so it delays nobody but itself.
//
// Events are hints: the owner looks at what there is to do, and a hint too many does no harm.
package evloop

import "time"

// Events say why an owner is let work.
type Events uint32

// The events.
const (
	Readable Events = 1 << iota // there may be something to read
	Writable                    // there may be room to write
	Hangup                      // the peer has said its last, or the connection broke: read to the end
	Timer                       // the time set with Source.Arm has come
	Asked                       // somebody called Source.Post

	busy   // somebody works; of the state of a Source only
	queued // it waits for its turn; the same
	left   // nobody works any more; the same
	all    = Readable | Writable | Hangup | Timer | Asked
)

const (
	scratchSize = 64 << 10         // bytes of one read; also what a stopped reader may hold back
	lookTime    = time.Millisecond // between two looks at what the loops do
	looks       = 2                // in a row that find a call under way: it has taken too long
	strikes     = 3                // such calls of one session within apartTime: it works apart
	apartTime   = 5 * time.Second  // for which the connections of a session then work in other goroutines
	workerTime  = time.Second      // that such a goroutine waits for more work, and one without a loop for a loop

	sparesPerLoop = 8 // goroutines without a loop that wait for one
)
