// Package clock reads the time for what happens often. A reading of the monotonic clock takes some 30 ns, one of the time of
// day as much again; a packet needs both.
package clock

import (
	"sync/atomic"
	"time"
)

// epoch is the beginning of all readings: before the program, so that none is 0.
var epoch = time.Now().Add(-time.Hour)

// fresh is how long a reading of the time of day serves: a system's clock that is set is followed after so long.
const fresh = 50 * time.Millisecond

// Reading is a reading of the monotonic clock, in nanoseconds; 0 is none.
type Reading time.Duration

// Read reads the clock.
func Read() Reading { return Reading(time.Since(epoch)) }

// Of gives what the clock read, or will read, at t. A t without a reading of the monotonic clock counts by the time of day as
// it was when the program began.
func Of(t time.Time) Reading { return Reading(t.Sub(epoch)) }

// Sub gives the time from an earlier reading to r.
func (r Reading) Sub(from Reading) time.Duration { return time.Duration(r - from) }

// day is a time of day with the reading that it was at.
type day struct {
	at   Reading
	time time.Time
}

var today atomic.Pointer[day]

// Time gives the time at r, which was read just now, with its reading of the monotonic clock: as [time.Now] would have been
// then, but for steps of the system's clock within the last 50 ms.
func (r Reading) Time() time.Time {
	d := today.Load()
	if d == nil || r < d.at || r.Sub(d.at) >= fresh {
		now := time.Now()
		d = &day{Of(now), now}
		today.Store(d)
	}
	return d.time.Add(r.Sub(d.at))
}
