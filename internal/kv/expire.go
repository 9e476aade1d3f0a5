package kv

import (
	"container/heap"
	"time"
)

type entry struct {
	key   string
	value []byte
	end   time.Time
	at    int // its place in ends
}

// expire drops what has ended. Each entry is dropped once, so that all of it costs no more than what was stored.
func (s *Store) expire() {
	if len(s.ends) == 0 {
		return
	}
	for now := s.now(); len(s.ends) > 0 && !now.Before(s.ends[0].end); {
		s.drop(heap.Pop(&s.ends).(*entry))
	}
}

// drop forgets an entry that is out of ends.
func (s *Store) drop(e *entry) {
	delete(s.entries, e.key)
	s.bytes -= int64(len(e.key) + len(e.value) + Overhead)
}

// ends is a heap of entries by their end, the first to end at its top.
type ends []*entry

func (h ends) Len() int           { return len(h) }
func (h ends) Less(i, j int) bool { return h[i].end.Before(h[j].end) }
func (h ends) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push implements [heap.Interface].
func (h *ends) Push(x any) {
	e := x.(*entry)
	e.at = len(*h)
	*h = append(*h, e)
}

// Pop implements [heap.Interface].
func (h *ends) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
