package gateway

import (
	"slices"
	"time"
)

// askedTime is how long a question keeps its place: a server that never answers must not use up a client's.
const askedTime = time.Minute

// asked remembers which ack ids wait for an answer and to which event each belongs. It is bounded: past the
// limit the oldest is forgotten, and its late answer is treated as one that nobody asked for.
type asked struct {
	events  map[uint64]waiting
	order   []question     // oldest first; may hold ids that are answered already
	pending map[string]int // how many joins of a room wait for an answer; no zeros
}

// waiting is an event without an answer.
type waiting struct {
	event string
	rooms []string // that a join enters when the answer does not refuse it
	entry *entry   // the join; nil where it is not kept
}

type question struct {
	id uint64
	at time.Time
}

func (a *asked) add(id uint64, w waiting, limit int, now time.Time) {
	if a.events == nil {
		a.events, a.pending = map[uint64]waiting{}, map[string]int{}
	}
	if _, again := a.events[id]; again {
		a.take(id)
		w.rooms, w.entry = nil, nil // nobody could tell which of the two an answer is for
	} else {
		a.order = append(a.order, question{id, now})
	}
	a.events[id] = w
	for _, room := range w.rooms {
		a.pending[room]++
	}
	for len(a.events) > limit {
		a.forget()
	}
	if len(a.order) > 2*limit {
		a.compact()
	}
}

// room reports whether one more question may be asked without forgetting one that is still fresh.
func (a *asked) room(limit int, now time.Time) bool {
	for len(a.events) >= limit && now.Sub(a.order[0].at) >= askedTime {
		a.forget()
	}
	return len(a.events) < limit
}

// forget drops the oldest.
func (a *asked) forget() {
	a.take(a.order[0].id)
	a.order = a.order[1:]
}

// take gives the event that id belongs to, once.
func (a *asked) take(id uint64) (w waiting, ok bool) {
	w, ok = a.events[id]
	delete(a.events, id)
	for _, room := range w.rooms {
		if a.pending[room]--; a.pending[room] == 0 {
			delete(a.pending, room)
		}
	}
	return w, ok
}

// giveUp has no answer that still comes enter a room.
func (a *asked) giveUp(room string) {
	if a.pending[room] == 0 {
		return
	}
	delete(a.pending, room)
	for id, w := range a.events {
		if slices.Contains(w.rooms, room) {
			w.rooms = slices.DeleteFunc(slices.Clone(w.rooms), func(one string) bool { return one == room })
			if len(w.rooms) == 0 {
				w.entry = nil
			}
			a.events[id] = w
		}
	}
}

// compact drops the ids that were answered, so that order stays within twice the bound.
func (a *asked) compact() {
	kept := a.order[:0]
	for _, q := range a.order {
		if _, waits := a.events[q.id]; waits {
			kept = append(kept, q)
		}
	}
	a.order = kept
}
