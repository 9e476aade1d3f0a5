//go:build linux

package evloop

import (
	"slices"
	"syscall"
)

// Worker owns a Source.
type Worker interface {
	// Work does what can be done without waiting. It reads by r, and reports whether it left something for its next
	// turn, after the others had theirs.
	Work(ev Events, r *Reader) (more bool)
	// Reads reports whether Work would read, if there was something: then it may be read before the call.
	Reads() bool
	// Begin gives what is to be written for a Source that asked for it by Later, and keeps it as it is until End: nothing for
	// no End. End takes the outcome of writing. Both are called as Work is, or while Work is under way.
	Begin() []byte
	End(n int, errno syscall.Errno)
}

// AheadSize is how many bytes are read before a call at most: what a Read gives that is as long came so, or was read in one.
const AheadSize = 2 << 10

// Reader is what a Worker reads with during one call.
type Reader struct {
	scratch *[scratchSize]byte
	ahead   outcome // of a read before the call, together with those of others
	isAhead bool
}

// outcome is that of a read.
type outcome struct {
	b     []byte
	errno syscall.Errno
}

// Read is read(2) on the descriptor of s, which does not block: syscall.EAGAIN when nothing is there, 0 bytes at the end.
// What it gives is good until the next Read or the end of the call. It reports whether there may be more.
func (r *Reader) Read(s *Source) (b []byte, more bool, errno syscall.Errno) {
	if r.isAhead {
		r.isAhead = false
		return r.ahead.b, len(r.ahead.b) >= AheadSize, r.ahead.errno
	}
	n, errno := again(s.fd, r.scratch[:], read)
	return r.scratch[:n], n == len(r.scratch), errno
}

// give has the next Read give the outcome of a call that was made before.
func (r *Reader) give(b []byte, errno syscall.Errno) { r.ahead, r.isAhead = outcome{b, errno}, true }

// leaveTo saves what was read for s, if anything.
func (r *Reader) leaveTo(s *Source) {
	if r.isAhead {
		r.save(s)
	}
}

// save keeps with s what was read for a call that did not take it.
func (r *Reader) save(s *Source) {
	s.saved = &outcome{slices.Clone(r.ahead.b), r.ahead.errno}
	r.isAhead = false
}

// restore has the next Read give that.
func (r *Reader) restore(s *Source) {
	r.give(s.saved.b, s.saved.errno)
	s.saved = nil
}
