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

// Left gives 0.
func (*Loops) Left() uint64 { return 0 }

// OneByOne gives nil.
func (*Loops) OneByOne() *Loops { return nil }

// Joint gives 0.
func (*Loops) Joint() uint64 { return 0 }

// Leave does nothing.
func (*Seat) Leave() {}

// Back does nothing.
func (*Seat) Back() {}

// Source is a descriptor of a loop.
type Source struct{ timer timer }
