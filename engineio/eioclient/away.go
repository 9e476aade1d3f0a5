package eioclient

import "time"

// Leave says that the handler is going to take long, until Back: that pings lie unread meanwhile does not count against the
// upstream. The event loop is that of the seat's owner to leave. Calls of Leave and Back take turns.
func (s *Session) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = true
}

// Back ends what Leave began.
func (s *Session) Back() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = false
	if !s.late || s.reason != 0 {
		return
	}
	s.late = false
	patience := s.patience()
	if s.eio == 3 {
		patience = s.timeout
	}
	s.pingBy = time.Now().Add(patience)
	s.alarm.Set((*ringing)(s), patience)
}
