package wasm

import (
	"context"
	"errors"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/backoff"
)

var (
	errOut   = errors.New("it kept failing, and is out of service for a while")
	errPanic = errors.New("panic")
)

// outcome says what a verdict's error tells of the guest: nothing, where nobody was free or the caller gave up.
func outcome(err error) backoff.Outcome {
	if err == nil {
		return backoff.Good
	}
	for _, other := range []error{context.Canceled, hostabi.ErrBusy, hostabi.ErrSessions, hostabi.ErrClosed} {
		if errors.Is(err, other) {
			return backoff.Neither
		}
	}
	return backoff.Bad
}

// note tells of a change of service.
func (p *Plugin) note(c backoff.Change, err error) {
	if c.Out {
		p.tally.outs.Add(1)
	}
	switch {
	case p.logger == nil:
	case c.Out:
		p.logger.Warn("plugin is out of service", "plugin", p.name, "pause", c.Pause, "error", err)
	case c.Back:
		p.logger.Info("plugin is in service again", "plugin", p.name)
	}
}

// InService reports whether the guest is asked: it is not while it is out of service for its failures.
func (p *Plugin) InService() bool { return !p.breaker.Stats().Out }

// Sessions gives how many sessions have an instance of their own.
func (p *Plugin) Sessions() int { return p.pool.Sessions() }
