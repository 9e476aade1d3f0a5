package gateway

import (
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/clock"
)

// eventLimits are one session's budgets of events: for all, and for names that the configuration lists.
type eventLimits struct {
	all    bucket
	byName map[string]*bucket // as many as Limits.EventsPerName has, or had

	bytes    bucket
	deciding bucket // in microseconds; below zero when decisions took longer
}

// cost takes an event's bytes, of which there may be largest, and looks at what deciding the ones before it took.
func (l *eventLimits) cost(lim *Limits, largest, bytes int, now clock.Reading) engine.Code {
	burst := max(lim.EventBytes.Count, largest) // or the largest packet would never pass
	if !l.bytes.allowN(lim.EventBytes, burst, now, bytes) {
		return engine.CodeEventBytes
	}
	r := deciding(lim.DecisionTime)
	if left, limited := l.deciding.fill(r, r.Count, now); limited && left <= 0 {
		return engine.CodeDecisionTime
	}
	return engine.CodeNone
}

// deciding is the rate of a budget of time, in microseconds.
func deciding(limit time.Duration) Rate {
	return Rate{Count: int(limit / time.Microsecond), Per: time.Second}
}

// spent notes what a decision took: the next ones wait for it.
func (l *eventLimits) spent(limit, took time.Duration, now clock.Reading) {
	if took < time.Microsecond { // it counts as nothing
		return
	}
	r := deciding(limit)
	if _, limited := l.deciding.fill(r, r.Count, now); limited {
		l.deciding.tokens -= float64(min(int(took/time.Microsecond), r.Count))
	}
}

// allow takes one event from the budgets that it falls under.
func (l *eventLimits) allow(lim *Limits, event string, now clock.Reading) bool {
	if !l.all.allow(lim.EventsPerSession, now) {
		return false
	}
	r, listed := lim.EventsPerName[event]
	if !listed {
		return true
	}
	b := l.byName[event]
	if b == nil {
		if l.byName == nil {
			l.byName = map[string]*bucket{}
		}
		b = &bucket{}
		l.byName[event] = b
	}
	return b.allow(r, now)
}
