//go:build linux

package evloop

import (
	"strings"
	"syscall"
	"testing"
)

// held gives loops of one, whose loop waits in a call till the channel is sent to, so that what comes meanwhile is served
// together.
func held(t *testing.T, g *Loops) (release func()) {
	t.Helper()
	e, fd := newEcho(t, g.Seat())
	ask(t, fd, "x")
	send(t, fd, "slow")
	wait(t, e.begun)
	return func() {
		e.slow <- true
		hear(t, fd, "slow")
		t.Cleanup(func() { end(t, e, fd) })
	}
}

func several(t *testing.T, g *Loops, n int) (all []*echo, fds []int) {
	t.Helper()
	for range n {
		e, fd := newEcho(t, g.Seat())
		ask(t, fd, "x")
		e.together.Store(0)
		all, fds = append(all, e), append(fds, fd)
	}
	return all, fds
}

// What came for several at a time is read and answered in a few calls, more than one holds among them; without a ring
// in one each.
func TestTogether(t *testing.T) {
	for name, g := range map[string]*Loops{"together": blind(1), "one by one": blind(1).OneByOne()} {
		t.Run(name, func(t *testing.T) {
			all, fds := several(t, g, 2*together+5)
			release := held(t, g)
			before := g.Joint()
			for i, fd := range fds {
				send(t, fd, strings.Repeat("y", i+1))
			}
			release()
			for i, fd := range fds {
				hear(t, fd, strings.Repeat("y", i+1))
			}
			late := 0
			for i, e := range all {
				late += int(e.together.Load())
				end(t, e, fds[i])
			}
			joint := g.Joint() - before
			if g.oneByOne && (joint != 0 || late != 0) || !g.oneByOne && (joint == 0 || joint > 20 || late < 2*together) {
				t.Errorf("%d calls together, %d answers at the end of a turn", joint, late)
			}
		})
	}
}

// However long a message is, what was read ahead of it comes first.
func TestLongTogether(t *testing.T) {
	g := blind(1)
	lengths := []int{1, AheadSize - 1, AheadSize, AheadSize + 1, 3*AheadSize + 7}
	all, fds := several(t, g, len(lengths))
	for range 2 {
		release := held(t, g)
		for i, fd := range fds {
			send(t, fd, strings.Repeat("0123456789", lengths[i]/10+1)[:lengths[i]])
		}
		release()
		for i, fd := range fds {
			hear(t, fd, strings.Repeat("0123456789", lengths[i]/10+1)[:lengths[i]])
		}
	}
	for i, e := range all {
		end(t, e, fds[i])
	}
}

// What was read ahead of a call that then does not read is there for the next one; so is the end.
func TestAheadIsKept(t *testing.T) {
	g := blind(1)
	all, fds := several(t, g, 3)
	release := held(t, g)
	all[0].first = func() { all[1].deaf.Store(true); all[2].deaf.Store(true) }
	send(t, fds[0], "first")
	send(t, fds[1], "another")
	syscall.Close(fds[2])
	release()
	hear(t, fds[0], "first")
	until(t, "it was let work", func() bool { return Events(all[1].state.Load())&(busy|queued) == 0 })
	if len(all[2].gone) > 0 {
		t.Error("who does not read heard of the end")
	}
	send(t, fds[1], ", and third")
	for _, e := range all[1:] {
		e.deaf.Store(false)
		e.Post(Readable)
	}
	hear(t, fds[1], "another, and third")
	wait(t, all[2].gone)
	end(t, all[0], fds[0])
	end(t, all[1], fds[1])
}

// A call that leaves its loop among others delays neither what was written before it in this turn, nor who comes behind; what was
// read for its own session waits.
func TestLeaveTogether(t *testing.T) {
	g := blind(1)
	all, fds := several(t, g, 2)
	seat := g.Seat()
	gone, goneFD := newLeaver(t, seat)
	same, sameFD := newLeaver(t, seat)
	ask(t, goneFD, "x")
	ask(t, sameFD, "x")
	release := held(t, g)
	send(t, fds[0], "before")
	send(t, goneFD, "leave")
	send(t, sameFD, "of the same")
	send(t, fds[1], "behind")
	release()
	wait(t, gone.begun)
	hear(t, fds[0], "before")
	hear(t, fds[1], "behind")
	until(t, "the same session's other descriptor is put aside", func() bool { return waits(g.loops[0], seat) == 1 })
	send(t, sameFD, ", and more")
	for range 3 { // other turns use the memory of that one
		release = held(t, g)
		send(t, fds[0], "meanwhile")
		send(t, fds[1], "as well")
		release()
		hear(t, fds[0], "meanwhile")
		hear(t, fds[1], "as well")
	}
	gone.slow <- true
	hear(t, goneFD, "leave")
	hear(t, sameFD, "of the same, and more")
	end(t, &gone.echo, goneFD)
	end(t, &same.echo, sameFD)
	for i, e := range all {
		end(t, e, fds[i])
	}
}

// So does one that the watchman finds.
func TestSlowTogether(t *testing.T) {
	g := blind(1)
	all, fds := several(t, g, 3)
	release := held(t, g)
	send(t, fds[0], "before")
	send(t, fds[1], "slow")
	send(t, fds[2], "behind")
	release()
	wait(t, all[1].begun)
	l := g.loops[0]
	l.replace(l.turn.Load())
	hear(t, fds[0], "before")
	hear(t, fds[2], "behind")
	all[1].slow <- true
	hear(t, fds[1], "slow")
	for i, e := range all {
		end(t, e, fds[i])
	}
}
