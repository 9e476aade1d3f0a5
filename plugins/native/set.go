package native

import (
	"context"
	"errors"
	"sync"
)

// Set holds the processes that run, by what they were started with: configurations that ask for the same share one. The
// zero value is empty. Safe for concurrent use.
type Set struct {
	mu   sync.Mutex
	held map[string]*held
}

type held struct {
	users   int
	once    sync.Once
	process *Process
	err     error
}

// Acquire gives the process of these options, and starts it if nobody has it. Errors are those of Start. release gives it
// back; the last one to do so ends it, as Close does.
func (s *Set) Acquire(ctx context.Context, o Options) (p *Process, release func(context.Context) error, err error) {
	o.defaults()
	key := o.key()
	h := s.enter(key)
	h.once.Do(func() { h.process, h.err = Start(ctx, o) })
	if h.err != nil {
		return nil, nil, errors.Join(h.err, s.leave(ctx, key, h))
	}
	return h.process, func(ctx context.Context) error { return s.leave(ctx, key, h) }, nil
}

func (s *Set) enter(key string) *held {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[key]
	if h == nil {
		h = &held{}
		if s.held == nil {
			s.held = map[string]*held{}
		}
		s.held[key] = h
	}
	h.users++
	return h
}

func (s *Set) leave(ctx context.Context, key string, h *held) error {
	s.mu.Lock()
	h.users--
	last := h.users == 0
	if last {
		delete(s.held, key)
	}
	s.mu.Unlock()
	if !last || h.process == nil {
		return nil
	}
	return h.process.Close(ctx)
}
