package gateway

import (
	"time"

	"golang.org/x/time/rate"
)

// eventLimits are one session's budgets of events: for all, and for names that the configuration lists.
type eventLimits struct {
	all    *rate.Limiter
	byName map[string]*rate.Limiter
}

func newEventLimits(lim Limits) eventLimits {
	l := eventLimits{all: lim.EventsPerSession.limiter()}
	for name, r := range lim.EventsPerName {
		if b := r.limiter(); b != nil {
			if l.byName == nil {
				l.byName = map[string]*rate.Limiter{}
			}
			l.byName[name] = b
		}
	}
	return l
}

// allow takes one event from the budgets that it falls under.
func (l *eventLimits) allow(event string, now time.Time) bool {
	if l.all != nil && !l.all.AllowN(now, 1) {
		return false
	}
	b := l.byName[event]
	return b == nil || b.AllowN(now, 1)
}
