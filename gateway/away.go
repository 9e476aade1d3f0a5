package gateway

// awayer is a side of a session that can be left for a while.
type awayer interface {
	Leave()
	Back()
}

// Leave implements [engine.Turn]: the event loop of the session goes on without it, and others are served meanwhile. It is
// called by whoever holds s.mu, for the decision that is made under it.
func (s *session) Leave() bool {
	if s.away {
		return true
	}
	g := s.g
	if n := g.away.Add(1); n > int64(s.gen.Limits.SlowDecisions) {
		g.away.Add(-1)
		g.stats.crowded.Add(1)
		return false
	}
	s.away = true
	g.stats.left.Add(1)
	s.client.Leave()
	if up, ok := s.up.eio.(awayer); ok {
		up.Leave()
	}
	return true
}

// back ends what Leave began. s.mu is held.
func (s *session) back() {
	if !s.away {
		return
	}
	s.away = false
	s.g.away.Add(-1)
	if up, ok := s.up.eio.(awayer); ok {
		up.Back()
	}
	s.client.Back()
}
