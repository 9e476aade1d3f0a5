//go:build !linux

package evloop

// Loops are not there on this system.
type Loops struct{}

// New gives nil: there are none.
func New(int) *Loops { return nil }

// Seat is a session's place on a loop.
type Seat struct{}

// Seat gives nil.
func (*Loops) Seat() *Seat { return nil }

// Replaced gives 0.
func (*Loops) Replaced() uint64 { return 0 }

// Source is a descriptor of a loop.
type Source struct{ timer timer }
