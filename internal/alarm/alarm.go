// Package alarm tells many waiters of their times: the deadlines of sessions, which are set often, rarely come, and are
// counted by the hundred thousand. A [time.Timer] takes 160 bytes with its function, an [Alarm] some 40.
package alarm

import (
	"sync"
	"time"
)

// Alarm is one time that somebody waits for, to be embedded in the waiter. The zero value is not set. It is safe for
// concurrent use, and must not be copied once it was set.
type Alarm struct {
	who   Waiter
	due   time.Duration // since epoch
	place int           // in the heap, from 1; 0 when it is not set
}

// Waiter hears of its time.
type Waiter interface {
	// Ring is called in a goroutine of its own, once for each time that came. It may come a moment after Stop or Set, as a
	// timer's function may: whoever sets an alarm under a lock can tell by Left, under the same one.
	Ring()
}

// Set has w hear after d, in the place of what was set before. Above 146 years d is as much.
func (a *Alarm) Set(w Waiter, d time.Duration) {
	all.mu.Lock()
	defer all.mu.Unlock()
	a.who, a.due = w, time.Since(epoch)+min(max(d, 0), 1<<62)
	if a.place == 0 {
		all.heap = append(all.heap, a)
		a.place = len(all.heap)
	}
	all.fix(a)
	all.wind()
}

// Stop takes the time back.
func (a *Alarm) Stop() {
	all.mu.Lock()
	defer all.mu.Unlock()
	if a.place != 0 {
		all.remove(a)
	}
}

// Left gives how long it is till the time that is set, at least a nanosecond; 0 for none, or one that has rung.
func (a *Alarm) Left() time.Duration {
	all.mu.Lock()
	defer all.mu.Unlock()
	if a.place == 0 {
		return 0
	}
	return max(a.due-time.Since(epoch), 1)
}

var epoch = time.Now()

// clock holds the alarms that are set in a heap, and one timer for the first of them.
type clock struct {
	mu    sync.Mutex // a leaf
	heap  []*Alarm
	timer *time.Timer
	next  time.Duration // what the timer is set to; 0 for nothing
}

var all clock

// wind sets the timer to the first alarm, if that comes before what it is set to. mu is held.
func (c *clock) wind() {
	first := c.heap[0].due
	if c.next != 0 && c.next <= first {
		return
	}
	c.next = max(first, 1)
	if wait := first - time.Since(epoch); c.timer == nil {
		c.timer = time.AfterFunc(wait, c.ring)
	} else {
		c.timer.Reset(wait)
	}
}

// ring lets all hear whose time has come.
func (c *clock) ring() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = 0
	now := time.Since(epoch)
	for len(c.heap) > 0 && c.heap[0].due <= now {
		a := c.heap[0]
		c.remove(a)
		go a.who.Ring()
	}
	if len(c.heap) > 0 {
		c.wind()
	}
}

func (c *clock) remove(a *Alarm) {
	i, last := a.place-1, len(c.heap)-1
	c.swap(i, last)
	c.heap[last], a.place = nil, 0
	c.heap = c.heap[:last]
	if i < last {
		c.fix(c.heap[i])
	}
}

func (c *clock) swap(i, j int) {
	c.heap[i], c.heap[j] = c.heap[j], c.heap[i]
	c.heap[i].place, c.heap[j].place = i+1, j+1
}

// fix moves a to where it belongs.
func (c *clock) fix(a *Alarm) {
	for i := a.place - 1; i > 0 && a.due < c.heap[(i-1)/2].due; i = a.place - 1 {
		c.swap(i, (i-1)/2)
	}
	for {
		i := a.place - 1
		first := 2*i + 1
		if first >= len(c.heap) {
			return
		}
		if second := first + 1; second < len(c.heap) && c.heap[second].due < c.heap[first].due {
			first = second
		}
		if a.due <= c.heap[first].due {
			return
		}
		c.swap(i, first)
	}
}
