package gateway

import (
	"slices"
	"time"

	"github.com/siogw/siogw/internal/clock"
)

// askedTime is how long a question keeps its place: a server that never answers must not use up a client's.
const askedTime = time.Minute

// fewAsked is how many questions are looked through; where there are more, an index finds them.
const fewAsked = 16

// asked remembers which ack ids wait for an answer and to which event each belongs. It is bounded: past the
// limit the oldest is forgotten, and its late answer is treated as one that nobody asked for. nil knows none.
type asked struct {
	list    []question     // oldest first; those that are answered stay till there is no room
	head    int            // where the first that waits stands, 0 when none does
	waits   int            // how many wait
	index   map[uint64]int // where those that wait stand in list; nil where they are few
	pending map[string]int // how many joins of a room wait for an answer; no zeros
}

// waiting is an event without an answer.
type waiting struct {
	event string
	rooms []string // that a join enters when the answer does not refuse it
	entry *entry   // the join; nil where it is not kept
}

// question is one that waits. The zero value is one that was answered.
type question struct {
	id uint64
	at clock.Reading
	waiting
}

func (a *asked) add(id uint64, w waiting, limit int, now clock.Reading) {
	if q := a.find(id); q != nil {
		a.release(q.rooms)
		q.waiting = waiting{event: w.event} // nobody could tell which of the two an answer is for
		return
	}
	if len(a.list) == cap(a.list) && 3*a.waits <= 2*len(a.list) {
		a.compact()
	}
	a.list = append(a.list, question{id, now, w})
	a.waits++
	if a.index != nil {
		a.index[id] = len(a.list) - 1
	} else if len(a.list) > fewAsked {
		a.reindex()
	}
	for _, room := range w.rooms {
		if a.pending == nil {
			a.pending = map[string]int{}
		}
		a.pending[room]++
	}
	for a.waits > limit {
		a.drop(&a.list[a.head])
	}
}

// find gives the question that waits by an id, nil for none.
func (a *asked) find(id uint64) *question {
	if a == nil {
		return nil
	}
	if a.index != nil {
		if i, ok := a.index[id]; ok {
			return &a.list[i]
		}
		return nil
	}
	for i := a.head; i < len(a.list); i++ {
		if q := &a.list[i]; q.id == id && q.at != 0 {
			return q
		}
	}
	return nil
}

// room reports whether one more question may be asked without forgetting one that is still fresh.
func (a *asked) room(limit int, now clock.Reading) bool {
	if a == nil {
		return true
	}
	for a.waits >= limit && now.Sub(a.list[a.head].at) >= askedTime {
		a.drop(&a.list[a.head])
	}
	return a.waits < limit
}

// take gives the event that id belongs to, once.
func (a *asked) take(id uint64) (w waiting, ok bool) {
	q := a.find(id)
	if q == nil {
		return w, false
	}
	w = q.waiting
	a.drop(q)
	return w, true
}

// drop ends the wait of q.
func (a *asked) drop(q *question) {
	a.release(q.rooms)
	if a.index != nil {
		delete(a.index, q.id)
	}
	*q = question{}
	if a.waits--; a.waits == 0 {
		a.list, a.head, a.index = a.list[:0], 0, nil
		return
	}
	for a.list[a.head].at == 0 {
		a.head++
	}
}

// release counts joins of rooms that wait no more.
func (a *asked) release(rooms []string) {
	for _, room := range rooms {
		if a.pending[room]--; a.pending[room] == 0 {
			delete(a.pending, room)
		}
	}
}

// giveUp has no answer that still comes enter a room.
func (a *asked) giveUp(room string) {
	if a.joins()[room] == 0 {
		return
	}
	delete(a.pending, room)
	for i := range a.list {
		if q := &a.list[i]; slices.Contains(q.rooms, room) {
			q.rooms = slices.DeleteFunc(slices.Clone(q.rooms), func(one string) bool { return one == room })
			if len(q.rooms) == 0 {
				q.entry = nil
			}
		}
	}
}

// joins gives how many joins of each room wait for an answer.
func (a *asked) joins() map[string]int {
	if a == nil {
		return nil
	}
	return a.pending
}

// all gives the questions that wait, with some that are answered among them.
func (a *asked) all() []question {
	if a == nil {
		return nil
	}
	return a.list
}

// compact moves those that wait to the front.
func (a *asked) compact() {
	kept := slices.DeleteFunc(a.list, func(q question) bool { return q.at == 0 })
	a.list, a.head = kept, 0
	if a.index = nil; len(kept) > fewAsked {
		a.reindex()
	}
}

// reindex makes the index.
func (a *asked) reindex() {
	a.index = make(map[uint64]int, len(a.list))
	for i := range a.list {
		if q := &a.list[i]; q.at != 0 {
			a.index[q.id] = i
		}
	}
}
