package evloop

import (
	"math/bits"
	"time"
)

const (
	tick  = 10 * time.Millisecond
	slots = 256 // a revolution is 2.56 s; what is due later stays in its slot for another
)

// wheel holds the sources whose time is set, each at most once. The loop's lock guards it.
type wheel struct {
	slot  [slots]*Source
	used  [slots / 64]uint64 // bits of the slots that hold something
	now   int64              // the tick that was fired last
	count int
}

// timer is the place of a Source in the wheel.
type timer struct {
	due        int64 // tick; 0 when it is not set
	prev, next *Source
}

// set makes s due at a tick, in place of the one before; 0 takes it out.
func (w *wheel) set(s *Source, due int64) {
	if s.timer.due != 0 {
		w.remove(s)
	}
	if due == 0 {
		return
	}
	w.count++
	s.timer.due = max(due, w.now+1)
	i := s.timer.due % slots
	s.timer.next = w.slot[i]
	if s.timer.next != nil {
		s.timer.next.timer.prev = s
	}
	w.slot[i] = s
	w.used[i/64] |= 1 << (i % 64)
}

func (w *wheel) remove(s *Source) {
	i := s.timer.due % slots
	if s.timer.prev != nil {
		s.timer.prev.timer.next = s.timer.next
	} else {
		w.slot[i] = s.timer.next
	}
	if s.timer.next != nil {
		s.timer.next.timer.prev = s.timer.prev
	}
	s.timer = timer{}
	w.count--
	if w.slot[i] == nil {
		w.used[i/64] &^= 1 << (i % 64)
	}
}

// advance takes out what is due up to a tick.
func (w *wheel) advance(to int64, fire func(*Source)) {
	for at := max(w.now+1, to-slots+1); at <= to; at++ {
		for s := w.slot[at%slots]; s != nil; {
			next := s.timer.next
			if s.timer.due <= to {
				w.remove(s)
				fire(s)
			}
			s = next
		}
	}
	w.now = max(w.now, to)
}

// next gives the next tick at which a slot is to be looked at, 0 for none.
func (w *wheel) next() int64 {
	for n := int64(1); n <= slots; {
		i := (w.now + n) % slots
		rest := w.used[i/64] >> (i % 64)
		if rest != 0 {
			return w.now + n + int64(bits.TrailingZeros64(rest))
		}
		n += 64 - i%64
	}
	return 0
}
