// Package backoff takes what keeps failing out of service for a while, tries it again, and waits longer each time that
// fails.
package backoff

import (
	"sync"
	"sync/atomic"
	"time"
)

// Options says when to give up, and for how long.
type Options struct {
	Failures int           // in a row, with no success between them, that end the service; 0 never does
	Window   time.Duration // within which they have to come
	Pause    time.Duration // the first; each failed trial doubles it
	MaxPause time.Duration // the longest
}

// Breaker watches one thing. The zero value, and one without Failures, never ends the service. Safe for
// concurrent use; while all goes well it costs two atomic loads.
type Breaker struct {
	opt Options
	now func() time.Time

	out     atomic.Bool
	failing atomic.Bool // something failed since the last success

	mu       sync.Mutex
	failures int
	first    time.Time // of these failures
	pause    time.Duration
	until    time.Time // out of service
	trying   bool
	last     string    // whose trial failed
	back     time.Time // in service again since
	outs     uint64
	refused  uint64
}

// New makes a breaker that is in service.
func New(o Options) *Breaker { return &Breaker{opt: o, now: time.Now} }

// Outcome is how a call ended.
type Outcome uint8

// The outcomes.
const (
	Good    Outcome = iota
	Bad             // it failed
	Neither         // nothing can be said: the caller gave up, or nobody was free
)

// Pass lets one call through. It has to be given back to Leave.
type Pass struct{ trial bool }

// Change is what a call changed. The zero value is nothing.
type Change struct {
	Out   bool          // of service now, for Pause
	Back  bool          // in service again
	Pause time.Duration // with Out
}

// Enter asks to make a call for who, such as an address. ok is false while out of service, but for one trial at a time
// after the pause. Whoever made a trial that failed waits twice as long for the next: one client whose packets make a
// plugin fail must not use up the trials of others.
func (b *Breaker) Enter(who string) (p Pass, ok bool) {
	if !b.out.Load() {
		return Pass{}, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.out.Load() {
		return Pass{}, true
	}
	until := b.until
	if who != "" && who == b.last {
		until = until.Add(b.pause)
	}
	if b.trying || b.now().Before(until) {
		b.refused++
		return Pass{}, false
	}
	b.trying, b.last = true, who
	return Pass{trial: true}, true
}

// Leave tells how a call went.
func (b *Breaker) Leave(p Pass, o Outcome) Change {
	if b.opt.Failures <= 0 || !p.trial && o == Neither {
		return Change{}
	}
	if !p.trial && o == Good {
		if b.failing.Load() {
			b.mu.Lock()
			b.failures = 0
			b.failing.Store(false)
			b.mu.Unlock()
		}
		return Change{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.trial {
		return b.tried(o)
	}
	return b.failed()
}

func (b *Breaker) tried(o Outcome) Change {
	b.trying = false
	switch o {
	case Good:
		b.out.Store(false)
		b.failing.Store(false)
		b.failures, b.back, b.last = 0, b.now(), ""
		return Change{Back: true}
	case Bad:
		return b.end(min(2*b.pause, b.opt.MaxPause))
	}
	b.last = ""
	return Change{}
}

func (b *Breaker) failed() Change {
	now := b.now()
	if b.out.Load() { // a call from before
		return Change{}
	}
	if b.failures == 0 || now.Sub(b.first) > b.opt.Window {
		b.failures, b.first = 0, now
	}
	b.failing.Store(true)
	if b.failures++; b.failures < b.opt.Failures {
		return Change{}
	}
	pause := b.opt.Pause
	if !b.back.IsZero() && now.Sub(b.back) < max(b.opt.Window, b.pause) { // it was not back for long
		pause = min(2*b.pause, b.opt.MaxPause)
	}
	b.last = ""
	return b.end(pause)
}

func (b *Breaker) end(pause time.Duration) Change {
	b.outs++
	b.failures, b.pause, b.until = 0, pause, b.now().Add(pause)
	b.out.Store(true)
	return Change{Out: true, Pause: pause}
}

// Stats is what a breaker did.
type Stats struct {
	Out     bool   // of service now
	Outs    uint64 // how often it ended the service, failed trials too
	Refused uint64 // calls that were not made
}

// Stats gives the figures of now.
func (b *Breaker) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Stats{b.out.Load(), b.outs, b.refused}
}
