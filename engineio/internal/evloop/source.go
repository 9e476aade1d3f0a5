//go:build linux

package evloop

import (
	"sync/atomic"
	"syscall"
	"time"
)

// Source is a descriptor of a loop, to be embedded in its owner.
type Source struct {
	seat   *Seat
	worker Worker
	fd     int32
	gen    uint32 // tells it from one before that had the same number; guarded by the loop's lock
	joined bool   // the same
	state  atomic.Uint32
	saved  *outcome // of reading ahead, where the call that was to take it was not made, or did not; guarded by the right to work
	timer  timer
}

// Init makes s of a descriptor in non-blocking mode.
func (s *Source) Init(seat *Seat, fd int, w Worker) { s.seat, s.fd, s.worker = seat, int32(fd), w }

// Join begins to let the owner work, first with Readable, Writable and Asked.
func (s *Source) Join() error { return s.seat.loop.join(s) }

// Leave ends it: no call begins any more once the one at hand has returned. It is called before the descriptor is
// closed, from Work, once.
func (s *Source) Leave() { s.seat.loop.leave(s) }

// Post lets the owner work soon, from another call than this one.
func (s *Source) Post(ev Events) {
	if s.queue(ev) {
		s.seat.loop.push(s)
	}
}

// queue adds events to those that wait. It reports whether s is to be put into the queue for them.
func (s *Source) queue(ev Events) bool {
	for {
		old := Events(s.state.Load())
		if old&left != 0 {
			return false
		}
		next := old | ev
		if old&(busy|queued) == 0 {
			next |= queued
		}
		if s.state.CompareAndSwap(uint32(old), uint32(next)) {
			return next&^old&queued != 0
		}
	}
}

// Arm lets the owner work at a time, give or take two hundredths of a second, in place of the time before; the zero time is
// never.
func (s *Source) Arm(at time.Time) {
	l := s.seat.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if !s.joined || at.IsZero() {
		l.wheel.set(s, 0)
		return
	}
	l.wheel.set(s, int64(at.Sub(start)/tick)+1)
	if l.sleeping && s.timer.due < l.sleepTill {
		l.rouse()
	}
}

// claim takes the right to work, adding events to those that wait; false when somebody else has it or will.
func (s *Source) claim(ev Events) bool {
	for {
		old := Events(s.state.Load())
		if old&left != 0 {
			return false
		}
		if old&(busy|queued) != 0 {
			if s.state.CompareAndSwap(uint32(old), uint32(old|ev)) {
				return false
			}
		} else if s.state.CompareAndSwap(uint32(old), uint32(old|ev|busy)) {
			return true
		}
	}
}

// take turns a place in the queue into the right to work.
func (s *Source) take() {
	for {
		old := Events(s.state.Load())
		if s.state.CompareAndSwap(uint32(old), uint32(old&^queued|busy)) {
			return
		}
	}
}

// wait turns the right to work back into a place among those who wait.
func (s *Source) wait() {
	for {
		old := Events(s.state.Load())
		if s.state.CompareAndSwap(uint32(old), uint32(old&^busy|queued)) {
			return
		}
	}
}

// work is one call of the owner, by whoever has the right to. It gives the right back, or queues s for more.
func (s *Source) work(r *Reader) {
	if s.saved != nil {
		r.restore(s)
	}
	ev := Events(s.state.Swap(uint32(busy))) & all
	more := s.worker.Work(ev, r)
	r.leaveTo(s)
	for {
		old := Events(s.state.Load())
		next := old &^ busy
		if more {
			next |= Asked
		}
		if next&left != 0 {
			next = left
		} else if next != 0 {
			next |= queued
		}
		if s.state.CompareAndSwap(uint32(old), uint32(next)) {
			if next&queued != 0 {
				s.seat.loop.push(s)
			}
			return
		}
	}
}

// Write is write(2) on a descriptor that does not block: syscall.EAGAIN when there is no room.
func (s *Source) Write(b []byte) (int, syscall.Errno) { return again(s.fd, b, write) }

// again repeats a call that a signal interrupts.
func again(fd int32, b []byte, call func(int32, []byte) (int, syscall.Errno)) (int, syscall.Errno) {
	if len(b) == 0 {
		return 0, 0
	}
	for {
		if n, errno := call(fd, b); errno != syscall.EINTR {
			return n, errno
		}
	}
}

// Shutdown closes the sending direction.
func (s *Source) Shutdown() { _ = syscall.Shutdown(int(s.fd), syscall.SHUT_WR) }

// Close closes the descriptor, after Leave or without Join.
func (s *Source) Close() { _ = syscall.Close(int(s.fd)) }
