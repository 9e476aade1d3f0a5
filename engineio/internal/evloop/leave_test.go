//go:build linux

package evloop

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// blind gives loops that no watchman looks after: only Leave gives one to others.
func blind(n int) *Loops {
	g := New(n)
	g.blind = true
	return g
}

// leaver is an echo whose calls leave the loop first, where a message says so.
type leaver struct {
	echo
	seat *Seat
}

func (e *leaver) Work(_ Events, r *Reader) bool {
	if e.calls.Add(1) > 1 {
		e.broken.Store(true)
	}
	defer e.calls.Add(-1)
	for {
		b, _, errno := r.Read(&e.Source)
		switch {
		case errno == syscall.EAGAIN:
			return false
		case errno != 0 || len(b) == 0:
			e.leaveNow()
			return false
		}
		switch b[0] {
		case 'l':
			e.seat.Leave()
			e.begun <- true
			<-e.slow
			e.seat.Back()
		case 'b': // there and back
			e.seat.Leave()
			e.seat.Back()
		}
		e.say(b)
	}
}

func newLeaver(t testing.TB, seat *Seat) (*leaver, int) {
	t.Helper()
	ours, theirs := pair(t)
	e := &leaver{echo{begun: make(chan bool, 1), slow: make(chan bool), gone: make(chan bool, 1)}, seat}
	e.Init(seat, ours, e)
	if err := e.Join(); err != nil {
		t.Fatal(err)
	}
	return e, theirs
}

func send(t *testing.T, fd int, text string) {
	t.Helper()
	if _, err := syscall.Write(fd, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// waits reports how many descriptors of a session wait for it to come back.
func waits(l *loop, s *Seat) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.aside[s])
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatal("not in time:", what)
		}
	}
}

// A call that leaves its loop keeps nobody but its own session, of which nothing else is begun till it is back.
func TestLeave(t *testing.T) {
	g := blind(1)
	seat := g.Seat()
	e, fd := newLeaver(t, seat)
	same, sameFD := newLeaver(t, seat)
	other, otherFD := newLeaver(t, g.Seat())
	for round := range 3 {
		send(t, fd, "leave")
		wait(t, e.begun)
		send(t, fd, "behind it")
		send(t, sameFD, "of the same")
		until(t, "the same session's other descriptor is put aside", func() bool { return waits(g.loops[0], seat) == 1 })
		for range 10 {
			ask(t, otherFD, "meanwhile")
		}
		if n := same.calls.Load(); n != 0 {
			t.Error("a call of the session that has left")
		}
		if got := g.Left(); got != uint64(round+1) {
			t.Errorf("left %d times", got)
		}
		e.slow <- true
		for _, c := range []struct {
			fd   int
			want string
		}{{fd, "leavebehind it"}, {sameFD, "of the same"}} {
			hear(t, c.fd, c.want)
		}
	}
	if g.Replaced() != 0 {
		t.Error("the watchman was not to be there")
	}
	end(t, &e.echo, fd)
	end(t, &same.echo, sameFD)
	end(t, &other.echo, otherFD)
}

// Who leaves need not be on the loop: what the loop does for the session just then is beside it too.
func TestLeaveFromElsewhere(t *testing.T) {
	g := blind(1)
	seat := g.Seat()
	e, fd := newEcho(t, seat)
	other, otherFD := newEcho(t, g.Seat())
	ask(t, fd, "x")
	ask(t, otherFD, "x")
	until(t, "the loop does nothing", func() bool { return g.loops[0].turn.Load()&1 == 0 })
	seat.Leave()
	if got := g.Left(); got != 0 {
		t.Errorf("left %d times, with no call under way", got)
	}
	send(t, fd, "x")
	until(t, "it is put aside", func() bool { return waits(g.loops[0], seat) == 1 })
	ask(t, otherFD, "meanwhile")
	seat.Back()
	hear(t, fd, "x")
	send(t, fd, "slow") // as if it waited for who leaves
	wait(t, e.begun)
	seat.Leave()
	if got := g.Left(); got != 1 {
		t.Errorf("left %d times", got)
	}
	ask(t, otherFD, "meanwhile")
	e.slow <- true
	seat.Back()
	hear(t, fd, "slow")
	end(t, e, fd)
	end(t, other, otherFD)
}

// A peer that goes away while its session has left is heard of afterwards.
func TestGoneWhileAway(t *testing.T) {
	g := blind(1)
	seat := g.Seat()
	e, fd := newLeaver(t, seat)
	same, sameFD := newLeaver(t, seat)
	ask(t, fd, "x")
	ask(t, sameFD, "x")
	send(t, fd, "leave")
	wait(t, e.begun)
	syscall.Close(fd)
	syscall.Close(sameFD)
	e.slow <- true
	wait(t, e.gone)
	wait(t, same.gone)
}

func TestNoSeat(*testing.T) {
	var s *Seat
	s.Leave()
	s.Back()
}

// Sessions leave and come back all the time, from their loops and from elsewhere; every message is answered once, in order.
func TestLeaveChurn(t *testing.T) {
	g := blind(2)
	var all sync.WaitGroup
	var answered atomic.Int64
	const sessions, rounds = 40, 100
	for range sessions {
		seat := g.Seat()
		all.Go(func() {
			e, fd := newLeaver(t, seat)
			for range rounds {
				ask(t, fd, []string{"back", "fine"}[rand.IntN(2)])
				answered.Add(1)
			}
			end(t, &e.echo, fd)
		})
		all.Go(func() {
			e, fd := newEcho(t, g.Seat())
			for range rounds {
				e.seat.Leave()
				e.seat.Back()
				ask(t, fd, "fine")
				answered.Add(1)
			}
			end(t, e, fd)
		})
	}
	all.Wait()
	if n := answered.Load(); n != 2*sessions*rounds {
		t.Errorf("%d answers", n)
	}
	until(t, "no runner waits", func() bool { g.mu.Lock(); defer g.mu.Unlock(); return g.idle == 0 })
}

// BenchmarkLeave is a message and its echo, on a loop and with leaving it in between.
func BenchmarkLeave(b *testing.B) {
	for name, text := range map[string]string{"stay": "s", "leave": "b"} {
		b.Run(name, func(b *testing.B) {
			g := blind(1)
			e, fd := newLeaver(b, g.Seat())
			buf := make([]byte, 1)
			for b.Loop() {
				if _, err := syscall.Write(fd, []byte(text)); err != nil {
					b.Fatal(err)
				}
				if n, err := syscall.Read(fd, buf); n != 1 {
					b.Fatal(n, err)
				}
			}
			syscall.Close(fd)
			<-e.gone
		})
	}
}
