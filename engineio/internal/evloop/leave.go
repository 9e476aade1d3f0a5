//go:build linux

package evloop

import "time"

// Leave gives the loop to others before something that may take long, until Back: if a call for the session is under way
// there, it goes on beside the loop, and others of the session are not begun, since they may have to wait for it. Who calls it
// is on the loop or not. Calls of Leave and Back take turns.
func (s *Seat) Leave() {
	if s == nil {
		return
	}
	s.away.Store(true)
	l := s.loop
	at := l.turn.Load() // after away: see runner.serve
	if at&1 == 0 {
		return
	}
	if src := l.at.Load(); src.seat == s && l.turn.CompareAndSwap(at, at+1) {
		l.group.left.Add(1)
		l.group.run(l)
	}
}

// Back ends what Leave began: the session is served by its loop again.
func (s *Seat) Back() {
	if s == nil {
		return
	}
	l := s.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	s.away.Store(false)
	if aside := l.aside[s]; aside != nil {
		delete(l.aside, s)
		for _, src := range aside {
			l.pushLocked(src)
		}
	}
}

// putAside keeps s, which the runner has claimed, till its session is back. It reports false when that is so.
func (l *loop) putAside(s *Source, r *Reader) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !s.seat.away.Load() {
		return false
	}
	r.leaveTo(s)
	s.wait()
	if l.aside == nil {
		l.aside = map[*Seat][]*Source{}
	}
	l.aside[s.seat] = append(l.aside[s.seat], s)
	return true
}

// Left gives how often a loop went on without a call because of Leave.
func (g *Loops) Left() uint64 {
	if g == nil {
		return 0
	}
	return g.left.Load()
}

// run has a runner go on with a loop that has none: one that waits, or a new one.
func (g *Loops) run(l *loop) {
	select {
	case g.vacant <- l:
	default:
		go (&runner{loop: l}).run()
	}
}

// next waits for a loop that needs a runner. It gives nil where enough others wait, or after a while.
func (g *Loops) next() *loop {
	g.mu.Lock()
	if g.running == 0 || g.idle >= sparesPerLoop*len(g.loops) {
		g.mu.Unlock()
		return nil
	}
	g.idle++
	stop := g.stop
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		g.idle--
		g.mu.Unlock()
	}()
	timer := time.NewTimer(workerTime)
	defer timer.Stop()
	select {
	case l := <-g.vacant:
		return l
	case <-timer.C:
	case <-stop:
	}
	return nil
}
