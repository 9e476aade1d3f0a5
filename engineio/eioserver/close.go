package eioserver

import (
	"time"

	"github.com/siogw/siogw/engineio"
)

// Close ends the session, see [engineio.Session]. A polling client is told by its next poll.
func (s *Session) Close(r engineio.Reason) { s.end(r) }

// end is the only way to close a session; the first reason counts.
func (s *Session) end(r engineio.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(r)
}

func (s *Session) endLocked(r engineio.Reason) {
	if s.reason != 0 {
		return
	}
	s.reason = r
	s.over.Store(true)
	s.beat.stop()
	s.hasPolled()
	s.wake()
	if s.up != nil {
		s.up.conn.Close(0)
	}
	if s.ws != nil {
		s.ws.Close(0)
		if r == engineio.OutOfMemory { // what waits to be written is what it is closed for
			s.ws.Cut()
		}
	}
	if s.poll == nil || !s.poll.end(r) || s.handler == nil || s.name != "polling" {
		s.srv.remove(s)
		if s.poll != nil {
			s.poll.drop()
		}
	} else {
		s.srv.live.Add(1)
		s.poll.lingering = time.AfterFunc(s.now().WriteTimeout, s.forget)
	}
	if s.handler != nil {
		go func() {
			defer s.srv.live.Done()
			s.tell(r)
		}()
	}
}

// graceful says which sessions still have a last word for a client that polls.
func graceful(r engineio.Reason) bool {
	switch r {
	case engineio.OtherSideClosed, engineio.Denied, engineio.Shutdown, engineio.HandshakeTimeout:
		return true
	}
	return false
}

// tell says the last word to the handler.
func (s *Session) tell(r engineio.Reason) {
	s.in.Lock()
	defer s.in.Unlock()
	s.handler.Closed(r)
}

// forget ends the time in which a closed session waits for its client's last poll; the timer calls it.
func (s *Session) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetLocked()
}

func (s *Session) forgetLocked() {
	s.poll.drop()
	s.srv.remove(s)
	s.srv.live.Done()
}

// shutdownLinger is how long a closed session waits for its client's last poll when the server stops: a client
// between two polls is back at once, and who is not must not hold the end up.
const shutdownLinger = time.Second

// hurry shortens the wait for the last poll.
func (s *Session) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll != nil && s.poll.lingering != nil && s.poll.lingering.Stop() {
		s.poll.lingering.Reset(min(shutdownLinger, s.now().WriteTimeout))
	}
}

// forgetNow is forget before its time. s.mu is held.
func (s *Session) forgetNow() {
	if s.poll != nil && s.poll.lingering != nil && s.poll.lingering.Stop() {
		s.forgetLocked()
	}
}
