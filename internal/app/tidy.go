package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A burst of handshakes leaves as much garbage as sessions, and the collector comes when there is as much again: with
// sessions that then say nothing, hardly ever. So when it has become quiet after much was allocated, one collection is made,
// and what is free goes back to the system. It is never made while there is work: see RATIONALE.md.
const (
	tidyLook  = 500 * time.Millisecond
	tidyLooks = 2         // in a row that find it quiet
	tidyQuiet = 256 << 10 // bytes allocated between two looks
	tidyLeast = 16 << 20  // bytes allocated since the last time for which it is worth while, or a quarter of the heap
)

// tidier decides when to tidy up.
type tidier struct {
	allocated, tidied uint64 // bytes ever, as of the last look and the last time
	quiet             int    // looks
}

// due looks at the bytes that were ever allocated, and that the heap holds.
func (t *tidier) due(allocated, heap uint64) bool {
	if allocated-t.allocated > tidyQuiet {
		t.quiet = 0
	} else {
		t.quiet++
	}
	t.allocated = allocated
	if t.quiet < tidyLooks || allocated-t.tidied < max(tidyLeast, heap/4) {
		return false
	}
	t.tidied, t.quiet = allocated, 0
	return true
}

// tidy gives memory back when it is quiet, till ctx ends. Who has set GOGC has decided otherwise.
func tidy(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	ticker := time.NewTicker(tidyLook)
	defer ticker.Stop()
	for t := (tidier{}); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		metrics.Read(sample)
		if t.due(sample[0].Value.Uint64(), sample[1].Value.Uint64()) {
			debug.FreeOSMemory()
		}
	}
}
