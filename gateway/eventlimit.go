package gateway

import (
	"time"

	"github.com/siogw/siogw/engine"
)

// eventLimits are one session's budgets of events: for all, and for names that the configuration lists.
type eventLimits struct {
	all    bucket
	byName map[string]*bucket // as many as Limits.EventsPerName has, or had

	bytes    bucket
	deciding bucket // in microseconds; below zero when decisions took longer
}

// cost takes an event's bytes, and looks at what deciding the ones before it took.
func (l *eventLimits) cost(lim *Limits, bytes int, now time.Time) engine.Code {
	burst := max(lim.EventBytes.Count, lim.Payload+lim.AttachmentBytes) // or the largest packet would never pass
	if !l.bytes.allowN(lim.EventBytes, burst, now, bytes) {
		return engine.CodeEventBytes
	}
	l.setDeciding(lim.DecisionTime, now)
	if t := l.deciding.tokens; t != nil && t.TokensAt(now) <= 0 {
		return engine.CodeDecisionTime
	}
	return engine.CodeNone
}

func (l *eventLimits) setDeciding(limit time.Duration, now time.Time) {
	us := int(limit / time.Microsecond)
	l.deciding.set(Rate{Count: us, Per: time.Second}, us, now)
}

// spent notes what a decision took: the next ones wait for it.
func (l *eventLimits) spent(limit, took time.Duration, now time.Time) {
	l.setDeciding(limit, now)
	if t := l.deciding.tokens; t != nil {
		t.ReserveN(now, min(int(took/time.Microsecond), t.Burst()))
	}
}

// allow takes one event from the budgets that it falls under.
func (l *eventLimits) allow(lim *Limits, event string, now time.Time) bool {
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
