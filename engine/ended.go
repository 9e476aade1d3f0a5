package engine

// SessionEnder is a plugin that keeps something for each session.
type SessionEnder interface {
	// EndSession tells that a session is over: no input of it comes any more. It does not wait.
	EndSession(id string)
}

// EndSession tells all plugins that keep something for a session that it is over.
func (e *Engine) EndSession(id string) {
	for i := range e.stages {
		if p, ok := e.stages[i].Plugin.(SessionEnder); ok {
			p.EndSession(id)
		}
	}
}
