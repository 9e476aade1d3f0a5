package gateway

// maxAsked bounds how many unanswered questions of one direction and namespace are remembered; past it
// the oldest is forgotten, and its late answer is treated as one that nobody asked for.
const maxAsked = 1024

// asked remembers which ack ids wait for an answer and to which event each belongs.
type asked struct {
	events map[uint64]string
	order  []uint64 // oldest first; may hold ids that are answered already
}

func (a *asked) add(id uint64, event string) {
	if a.events == nil {
		a.events = map[uint64]string{}
	}
	if _, again := a.events[id]; !again {
		a.order = append(a.order, id)
	}
	a.events[id] = event
	for len(a.events) > maxAsked {
		delete(a.events, a.order[0])
		a.order = a.order[1:]
	}
	if len(a.order) > 2*maxAsked {
		a.compact()
	}
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
	for _, id := range a.order {
		if _, waits := a.events[id]; waits {
			kept = append(kept, id)
		}
	}
	a.order = kept
}
