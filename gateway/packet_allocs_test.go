//go:build !race

package gateway_test

import (
	"runtime"
	"testing"
)

// A packet that passes unchanged, and whose decision is remembered, allocates nothing on its way.
func TestPacketsAllocateNothing(t *testing.T) {
	w := newWire(t, checks{policy: benchPolicy, memo: true})
	for range 3000 { // till the table of questions has grown to its size
		w.roundTrip()
	}
	runtime.GC()
	if n := testing.AllocsPerRun(2000, w.roundTrip); n > 0 {
		t.Errorf("an event and its ack: %v allocations", n)
	}
}
