package wsconn

import "time"

// moment is a time in the nanoseconds since the program began, a third of a time.Time; 0 is no time.
type moment int64

var epoch = time.Now().Add(-time.Second) // so that none is 0

func momentOf(t time.Time) moment { return moment(t.Sub(epoch)) }

func thisMoment() moment { return moment(time.Since(epoch)) }

func (m moment) add(d time.Duration) moment { return m + moment(d) }

func (m moment) sub(from moment) time.Duration { return time.Duration(m - from) }

// time gives m as package time has it; the zero time for none.
func (m moment) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return epoch.Add(time.Duration(m))
}
