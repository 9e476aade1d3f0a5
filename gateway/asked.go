package gateway

import "time"

// askedTime is how long a question keeps its place: a server that never answers must not use up a client's.
const askedTime = time.Minute

// asked remembers which ack ids wait for an answer and to which event each belongs. It is bounded: past the
// limit the oldest is forgotten, and its late answer is treated as one that nobody asked for.
type asked struct {
	events map[uint64]string
	order  []question // oldest first; may hold ids that are answered already
}

type question struct {
	id uint64
	at time.Time
}

func (a *asked) add(id uint64, event string, limit int, now time.Time) {
	if a.events == nil {
		a.events = map[uint64]string{}
	}
	if _, again := a.events[id]; !again {
		a.order = append(a.order, question{id, now})
	}
	a.events[id] = event
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
	delete(a.events, a.order[0].id)
	a.order = a.order[1:]
}

// take gives the event that id belongs to, once.
func (a *asked) take(id uint64) (event string, ok bool) {
	event, ok = a.events[id]
	delete(a.events, id)
	return event, ok
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
