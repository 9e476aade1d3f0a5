package gateway

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/siogw/siogw/engine"
)

// eventLimits are one session's budgets of events: for all, and for names that the configuration lists.
type eventLimits struct {
	all    *rate.Limiter
	byName map[string]*rate.Limiter

	bytes    *rate.Limiter
	deciding *rate.Limiter // in microseconds; below zero when decisions took longer
}

func newEventLimits(lim *Limits) eventLimits {
	l := eventLimits{all: lim.EventsPerSession.limiter()}
	if r := lim.EventBytes; r.Count > 0 && r.Per > 0 {
		burst := max(r.Count, lim.Payload+lim.AttachmentBytes) // or the largest packet would never pass
		l.bytes = rate.NewLimiter(rate.Limit(float64(r.Count)/r.Per.Seconds()), burst)
	}
	if us := int(lim.DecisionTime / time.Microsecond); us > 0 {
		l.deciding = rate.NewLimiter(rate.Limit(us), us)
	}
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

// cost takes an event's bytes, and looks at what deciding the ones before it took.
func (l *eventLimits) cost(bytes int, now time.Time) engine.Code {
	switch {
	case l.bytes != nil && !l.bytes.AllowN(now, bytes):
		return engine.CodeEventBytes
	case l.deciding != nil && l.deciding.TokensAt(now) <= 0:
		return engine.CodeDecisionTime
	}
	return engine.CodeNone
}

// spent notes what a decision took: the next ones wait for it.
func (l *eventLimits) spent(d time.Duration, now time.Time) {
	if l.deciding != nil {
		l.deciding.ReserveN(now, min(int(d/time.Microsecond), l.deciding.Burst()))
	}
}

// allow takes one event from the budgets that it falls under.
func (l *eventLimits) allow(event string, now time.Time) bool {
	if l.all != nil && !l.all.AllowN(now, 1) {
		return false
	}
	b := l.byName[event]
	return b == nil || b.AllowN(now, 1)
}
