package eioserver

import (
	"testing"

	"github.com/siogw/siogw/engineio"
)

// resting is a handler that counts how often it may rest.
type resting struct {
	engineio.Handler
	rests chan bool
}

func (r resting) Rest() { r.rests <- true }

// A handler hears of a heartbeat without a message, and of none with one.
func TestRest(t *testing.T) {
	rests := make(chan bool, 10)
	r := newRig(t, func(o *Options) {
		accept := o.Accept
		o.Accept = func(o *Opening) (engineio.Handler, error) {
			h, err := accept(o)
			return resting{h, rests}, err
		}
	})
	c := r.dial(t, "")
	defer c.Close()
	s := r.next(t).s
	beat := func(message bool) int {
		s.mu.Lock()
		s.beat.stop() // as if its time had come
		s.beat.pinged = false
		s.mu.Unlock()
		s.active.Store(message)
		s.beatDue()
		return len(rests)
	}
	if n := beat(true); n != 0 {
		t.Error("it rests, with a message")
	}
	if n := beat(false); n != 1 {
		t.Error("it does not rest")
	}
	s.in.Lock()
	defer s.in.Unlock()
	if n := beat(false); n != 1 {
		t.Error("it rests in the middle of a call")
	}
}
