package eioserver

// Leave says that the handler is going to take long, in the call at hand or beside it, until Back: the session's event loop
// goes on without it, and nothing of the session is begun there. What lies unread meanwhile does not count against the
// client. Calls of Leave and Back take turns, and may come from any goroutine.
func (s *Session) Leave() {
	s.seat.Leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beat.away = true
}

// Back ends what Leave began.
func (s *Session) Back() {
	s.mu.Lock()
	s.beat.away = false
	if !s.paused && s.reason == 0 {
		s.beat.resumed(s)
	}
	s.mu.Unlock()
	s.seat.Back()
}
