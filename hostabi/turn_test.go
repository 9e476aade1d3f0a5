package hostabi_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/siogw/siogw/hostabi"
)

// turn counts who leaves; full refuses.
type turn struct {
	left chan bool
	full bool
}

func newTurn(full bool) *turn { return &turn{left: make(chan bool, 1000), full: full} }

func (t *turn) Leave() bool {
	t.left <- true
	return !t.full
}

// TestLeave: a call leaves its turn when it takes long, once, and not when it is soon over. One that may not goes on.
func TestLeave(t *testing.T) {
	for name, full := range map[string]bool{"room": false, "full": true} {
		p := mustPool(t, guest(onlyWhenTold("loop - br 0 end")), hostabi.PoolOptions{Timeout: 20 * time.Millisecond})
		tn := newTurn(full)
		if _, err := p.Ask(context.Background(), &hostabi.Call{Turn: tn}); err != nil || len(tn.left) != 0 {
			t.Errorf("%s: a short call: left %d times, %v", name, len(tn.left), err)
		}
		_, err := p.Ask(context.Background(), &hostabi.Call{View: []byte("x"), Turn: tn})
		if !errors.Is(err, hostabi.ErrTimeout) || len(tn.left) != 1 {
			t.Errorf("%s: a long call: left %d times, %v", name, len(tn.left), err)
		}
	}
}

// TestLeaveToWait: who waits for an instance, or starts one, leaves first; where too many have, nobody waits.
func TestLeaveToWait(t *testing.T) {
	p := mustPool(t, guest(onlyWhenTold("loop - br 0 end")), hostabi.PoolOptions{Size: 1, Timeout: time.Hour})
	first, ctx := newTurn(false), context.Background()
	spin, stop := context.WithCancel(ctx)
	spun := make(chan error)
	go func() {
		_, err := p.Ask(spin, &hostabi.Call{View: []byte("x"), Turn: first})
		spun <- err
	}()
	<-first.left // it has the only instance
	full := newTurn(true)
	if _, err := p.Ask(ctx, &hostabi.Call{Turn: full}); !errors.Is(err, hostabi.ErrBusy) || !errors.Is(err, hostabi.ErrTimeout) || len(full.left) != 1 {
		t.Errorf("with no room: left %d times, %v", len(full.left), err)
	}
	room, waited := newTurn(false), make(chan error)
	go func() {
		_, err := p.Ask(ctx, &hostabi.Call{Turn: room})
		waited <- err
	}()
	<-room.left
	stop()
	if err := <-spun; !errors.Is(err, hostabi.ErrTimeout) {
		t.Error(err)
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

// TestLeaveToStart: the same of a session's own instance.
func TestLeaveToStart(t *testing.T) {
	p := mustPool(t, guest(onlyWhenTold("unreachable")), hostabi.PoolOptions{Lifetime: hostabi.Session})
	full, room := newTurn(true), newTurn(false)
	if _, err := p.Ask(context.Background(), &hostabi.Call{Session: "a", Turn: full}); !errors.Is(err, hostabi.ErrBusy) {
		t.Error(err)
	}
	for range 2 { // the second time it is there
		if _, err := p.Ask(context.Background(), &hostabi.Call{Session: "a", Turn: room}); err != nil || len(room.left) != 1 {
			t.Errorf("left %d times, %v", len(room.left), err)
		}
	}
}
