//go:build linux

package evloop

import (
	"syscall"
)

// epollET is EPOLLET, which package syscall has as a negative number on some machines.
const epollET = 1 << 31

// runner is the goroutine of a loop, until a call leaves it or takes too long; then of another that needs one.
type runner struct {
	loop    *loop
	scratch *[scratchSize]byte // while it has a loop
}

func (r *runner) run() {
	for r.loop != nil {
		r.scratch = scratches.Get().(*[scratchSize]byte)
		r.turns()
		scratches.Put(r.scratch)
		r.loop = r.loop.group.next()
	}
}

// turns serves the loop until it ends, or goes on without r.
func (r *runner) turns() {
	l := r.loop
	for {
		if l.done == l.n && !l.fetch() {
			return
		}
		for l.done < l.n {
			ev := &l.events[l.done]
			l.done++
			if s := l.find(ev); s != nil && s.claim(hint(ev.Events)) && !r.serve(s) {
				return
			}
		}
		l.fire()
		for range batch {
			s := l.pop()
			if s == nil {
				break
			}
			s.take()
			if !r.serve(s) {
				return
			}
		}
	}
}

// hint puts the events of epoll into ours.
func hint(bits uint32) (ev Events) {
	if bits&(syscall.EPOLLIN|syscall.EPOLLRDHUP|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		ev |= Readable
	}
	if bits&(syscall.EPOLLRDHUP|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		ev |= Hangup
	}
	if bits&(syscall.EPOLLOUT|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		ev |= Writable
	}
	return ev
}

func (l *loop) pop() *Source {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.head == len(l.queue) {
		l.queue, l.head = l.queue[:0], 0
		return nil
	}
	s := l.queue[l.head]
	l.queue[l.head] = nil
	l.head++
	return s
}

// serve lets the owner of s work. It reports whether r still has the loop.
func (r *runner) serve(s *Source) bool {
	l := r.loop
	l.at.Store(s)
	at := l.turn.Add(1) // before away is looked at: see Seat.Leave
	switch {
	case s.seat.away.Load() && l.putAside(s):
	case s.seat.isApart():
		l.group.workApart(s)
	default:
		s.work(r.scratch[:])
	}
	return l.turn.CompareAndSwap(at, at+1)
}
