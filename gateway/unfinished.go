package gateway

import (
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
)

// unfinished is a packet of a client whose attachments are not all there.
type unfinished struct {
	bytes int
	timer *time.Timer // till the last attachment; nil when nothing is unfinished
}

// keepUnfinished notes what the decoder holds now. It reports whether the session goes on. s.mu is held.
func (e *end) keepUnfinished() bool {
	s := e.s
	s.count(e, e.reader().Held())
	lim := &s.gen.Limits.Unfinished
	switch pending := e.reader().Pending() > 0; {
	case e.dir == engine.Out:
	case !pending:
		e.unfinished.stop()
	case lim.Bytes > 0 && s.g.unfinished.Load() > int64(lim.Bytes):
		s.giveUp(engine.CodeUnfinishedBytes)
		return false
	case e.unfinished.timer == nil && lim.Time > 0:
		e.await(lim.Time)
	}
	return true
}

// count notes that e holds so many bytes, of the session's memory and, for a client's, of what is unfinished.
func (s *session) count(e *end, bytes int) {
	delta := bytes - e.unfinished.bytes
	if delta == 0 {
		return
	}
	e.unfinished.bytes = bytes
	s.memory.add(delta)
	if e.dir == engine.In {
		s.g.unfinished.Add(int64(delta))
	}
}

// await ends the session if the packet that is unfinished now is so after d.
func (e *end) await(d time.Duration) {
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		e.s.mu.Lock()
		defer e.s.mu.Unlock()
		if e.unfinished.timer == timer {
			e.s.giveUp(engine.CodeUnfinished)
		}
	})
	e.unfinished.timer = timer
}

func (u *unfinished) stop() {
	if u.timer != nil {
		u.timer.Stop()
		u.timer = nil
	}
}

// giveUp refuses what a client does not finish, and ends the session: what follows would belong to it.
func (s *session) giveUp(code engine.Code) {
	if s.closed {
		return
	}
	d := engine.Refuse(code, "")
	in := s.input(engine.Event, engine.In, nil)
	s.log(in, &d)
	s.respond(in, &d)
	s.end(engineio.Denied)
}

// drop forgets what is unfinished at the end of a session.
func (s *session) dropUnfinished() {
	for _, e := range [...]*end{s.down, s.up} {
		e.unfinished.stop()
		s.count(e, 0)
	}
}

// awaitConnect ends a session that connects to no namespace in time. s.mu is held.
func (s *session) awaitConnect() {
	d := s.gen.Limits.Sessions.ConnectTime
	if d <= 0 || s.closed {
		return
	}
	for _, n := range s.namespaces {
		if n.state == connected {
			return
		}
	}
	s.early = time.AfterFunc(d, s.neverConnected)
}

func (s *session) neverConnected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.early == nil || s.closed {
		return
	}
	for _, n := range s.namespaces {
		if n.state == connecting { // the upstream's answer is due, which is not the client's fault
			s.early.Reset(s.gen.Limits.Sessions.ConnectTime)
			return
		}
	}
	d := engine.Refuse(engine.CodeNeverConnected, "")
	in := s.input(engine.Connect, engine.In, nil)
	s.log(in, &d)
	s.respond(in, &d)
	s.end(engineio.HandshakeTimeout)
}

// hasConnected ends the wait for the first namespace.
func (s *session) hasConnected() {
	if s.early != nil {
		s.early.Stop()
		s.early = nil
	}
}
