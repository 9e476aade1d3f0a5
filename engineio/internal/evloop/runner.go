//go:build linux

package evloop

import (
	"syscall"
)

// epollET is EPOLLET, which package syscall has as a negative number on some machines.
const epollET = 1 << 31

// runner is the goroutine of a loop, until a call leaves it or takes too long; then of another that needs one.
type runner struct {
	loop   *loop
	reader Reader // with its scratch, while it has a loop
}

func (r *runner) run() {
	for r.loop != nil {
		r.reader.scratch = scratches.Get().(*[scratchSize]byte)
		r.turns()
		scratches.Put(r.reader.scratch)
		r.loop = r.loop.group.next()
	}
}

// turns serves the loop until it ends, or goes on without r.
func (r *runner) turns() {
	l := r.loop
	l.takeOver()
	for {
		if l.claims.done == l.claims.n {
			if l.done == l.n && !l.fetch() {
				return
			}
			l.claim()
		}
		for s := l.claims.next(&r.reader); s != nil; s = l.claims.next(&r.reader) {
			if !r.serve(s) {
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
		if l.collects {
			l.send()
		}
	}
}

// takeOver goes on with the turn of a runner that lost the loop in a call.
func (l *loop) takeOver() {
	l.claims.lent = true
	if l.collects {
		l.send()
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
	case s.seat.away.Load() && l.putAside(s, &r.reader):
	case s.seat.isApart():
		r.reader.leaveTo(s)
		l.group.workApart(s)
	default:
		s.work(&r.reader)
	}
	return l.turn.CompareAndSwap(at, at+1)
}
