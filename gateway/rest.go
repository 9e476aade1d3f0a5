package gateway

import (
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/clock"
)

// Rest implements engineio.Rester.
func (e *end) Rest() {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	e.s.rest(time.Now())
}

// rest forgets what a session keeps to be fast, and can make again: most sessions say nothing most of the time. s.mu is held.
func (s *session) rest(now time.Time) {
	s.facts = nil
	s.changed()
	drop(s.identity)
	for _, n := range s.namespaces {
		drop(n.identity)
		n.toClient, n.toServer = n.toClient.rest(), n.toServer.rest()
	}
	for _, e := range [...]*end{s.down, s.up} {
		if e.decoder != nil && e.decoder.Pending() == 0 {
			e.decoder = nil
		}
	}
	s.events.rest(&s.gen.Limits, now)
}

func drop(id *engine.Identity) {
	if id != nil {
		id.Forms.Drop()
	}
}

// rest gives up the room for questions, when none waits.
func (a *asked) rest() *asked {
	if a == nil || a.waits == 0 {
		return nil
	}
	return a
}

// rest forgets the budgets of names that have filled up.
func (l *eventLimits) rest(lim *Limits, now time.Time) {
	for name, b := range l.byName {
		r := lim.EventsPerName[name]
		if left, limited := b.fill(r, r.Count, clock.Of(now)); !limited || left >= float64(r.Count) {
			delete(l.byName, name)
		}
	}
	if len(l.byName) == 0 {
		l.byName = nil
	}
}
