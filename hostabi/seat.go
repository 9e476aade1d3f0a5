package hostabi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// seats are the instances of sessions, with lifetime Session.
type seats struct {
	mu sync.Mutex
	of map[string]*seat
}

// seat is one session's instance, made at its first call and again after an error.
type seat struct {
	turn chan struct{} // holds one element while somebody works with inst
	inst *instance     // nil for none yet
	gone atomic.Bool   // the session has ended
}

// find gives the seat of a session, a new one where it has none and there may be one more.
func (p *Pool) find(session string) (*seat, error) {
	p.seats.mu.Lock()
	defer p.seats.mu.Unlock()
	if s := p.seats.of[session]; s != nil {
		return s, nil
	}
	if p.closed.Load() {
		return nil, ErrClosed
	}
	if len(p.seats.of) >= p.opt.Sessions {
		return nil, fmt.Errorf("%w: %d have one", ErrSessions, p.opt.Sessions)
	}
	if p.seats.of == nil {
		p.seats.of = map[string]*seat{}
	}
	s := &seat{turn: make(chan struct{}, 1)}
	p.seats.of[session] = s
	return s, nil
}

// askSession asks the instance of the call's session. Calls of one session wait for each other.
func (p *Pool) askSession(ctx context.Context, c *Call) (Result, error) {
	s, err := p.find(c.Session)
	if err != nil {
		return Result{}, err
	}
	if err := p.wait(ctx, s, c); err != nil {
		return Result{}, err
	}
	defer s.leave()
	if s.gone.Load() || p.closed.Load() {
		return Result{}, ErrClosed
	}
	if s.inst == nil {
		if !c.leave() {
			return Result{}, errCrowded
		}
		if s.inst, err = newInstance(p); err != nil {
			return Result{}, err
		}
	}
	res, err := s.inst.serve(ctx, c)
	if err != nil || s.inst.spent() {
		s.drop()
	}
	return res, err
}

// wait takes the turn at a seat.
func (p *Pool) wait(ctx context.Context, s *seat, c *Call) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	default:
	}
	if !c.leave() {
		return errCrowded
	}
	patience := time.NewTimer(p.opt.StartTimeout)
	defer patience.Stop()
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-p.done:
		return ErrClosed
	case <-patience.C:
	case <-ctx.Done():
	}
	return fmt.Errorf("%w: %w", ErrTimeout, ErrBusy)
}

// leave gives the turn back. Whoever is the last to leave a seat that is gone takes its instance along.
func (s *seat) leave() {
	if s.gone.Load() {
		s.drop()
	}
	<-s.turn
	if s.gone.Load() { // it went between the two
		s.empty()
	}
}

// empty drops the instance unless somebody works with it, who then does.
func (s *seat) empty() {
	select {
	case s.turn <- struct{}{}:
		s.drop()
		<-s.turn
	default:
	}
}

// drop closes the instance. The caller has the turn.
func (s *seat) drop() {
	if s.inst != nil {
		s.inst.close()
		s.inst = nil
	}
}

// End tells that a session is over: what the guest kept for it is dropped. A call after it begins anew.
func (p *Pool) End(session string) {
	p.seats.mu.Lock()
	s := p.seats.of[session]
	delete(p.seats.of, session)
	p.seats.mu.Unlock()
	if s != nil {
		s.gone.Store(true)
		s.empty()
	}
}

// Sessions gives how many sessions have an instance.
func (p *Pool) Sessions() int {
	p.seats.mu.Lock()
	defer p.seats.mu.Unlock()
	return len(p.seats.of)
}

func (p *Pool) closeSeats(ctx context.Context) error {
	p.seats.mu.Lock()
	all := p.seats.of
	p.seats.of = nil
	p.seats.mu.Unlock()
	for _, s := range all {
		select {
		case s.turn <- struct{}{}:
			s.drop()
			s.gone.Store(true)
			<-s.turn
		case <-ctx.Done():
			return errors.Join(ErrTimeout, ctx.Err())
		}
	}
	return nil
}
