//go:build linux

package evloop

import (
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// echo is a Worker that writes back what it reads, and does as a byte says.
type echo struct {
	Source
	ready, hup bool
	timed      chan time.Time
	begun      chan bool // said before 's' waits
	slow       chan bool // what it waits for
	gone       chan bool
	calls      atomic.Int32 // under way
	broken     atomic.Bool
	first      func()       // called once, by the first call that reads; nil for nothing
	deaf       atomic.Bool  // nothing is read
	together   atomic.Int32 // writes at the end of a turn

	mu     sync.Mutex
	out    []byte
	listed bool
	closed bool
}

func (e *echo) Reads() bool { return !e.deaf.Load() }

// say writes, at the end of the turn where there is one.
func (e *echo) say(b []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.out = append(e.out, b...)
	if !e.listed && !e.Later() {
		n, errno := e.Write(e.out)
		e.wrote(n, errno)
		return
	}
	e.listed = true
}

func (e *echo) Begin() []byte {
	e.mu.Lock()
	e.listed = false
	if len(e.out) == 0 || e.closed {
		e.mu.Unlock()
		return nil
	}
	return e.out
}

func (e *echo) End(n int, errno syscall.Errno) {
	defer e.mu.Unlock()
	e.together.Add(1)
	e.wrote(n, errno)
}

func (e *echo) wrote(n int, errno syscall.Errno) {
	if errno != 0 {
		n = len(e.out) // nobody reads it
	}
	e.out = e.out[n:]
}

// leaveNow is the end.
func (e *echo) leaveNow() {
	e.mu.Lock()
	e.closed = true
	e.Leave()
	e.Close()
	e.mu.Unlock()
	e.gone <- true
}

func (e *echo) Work(ev Events, r *Reader) bool {
	if e.calls.Add(1) > 1 {
		e.broken.Store(true)
	}
	defer e.calls.Add(-1)
	if ev&Timer != 0 {
		e.timed <- time.Now()
	}
	e.ready = e.ready || ev&Readable != 0
	e.hup = e.hup || ev&Hangup != 0
	for e.ready && !e.deaf.Load() {
		b, _, errno := r.Read(&e.Source)
		switch {
		case errno == syscall.EAGAIN:
			e.ready = false
			return false
		case errno != 0 || len(b) == 0:
			e.leaveNow()
			return false
		}
		if e.first != nil {
			e.first()
			e.first = nil
		}
		if b[0] == 's' {
			e.begun <- true
			<-e.slow
		}
		e.say(b)
	}
	return false
}

func newEcho(t *testing.T, seat *Seat) (*echo, int) {
	t.Helper()
	ours, theirs := pair(t)
	e := &echo{timed: make(chan time.Time, 10), begun: make(chan bool, 1), slow: make(chan bool), gone: make(chan bool, 1)}
	e.Init(seat, ours, e)
	if err := e.Join(); err != nil {
		t.Fatal(err)
	}
	return e, theirs
}

// pair gives both ends of a connection: the first does not block, the second does.
func pair(t testing.TB) (ours, theirs int) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err == nil {
		err = syscall.SetNonblock(fds[1], false)
	}
	if err == nil {
		err = syscall.SetsockoptTimeval(fds[1], syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: int64(patience / time.Second)})
	}
	if err != nil {
		t.Fatal(err)
	}
	return fds[0], fds[1]
}

func ask(t *testing.T, fd int, text string) {
	t.Helper()
	if _, err := syscall.Write(fd, []byte(text)); err != nil {
		t.Fatal(err)
	}
	hear(t, fd, text)
}

// hear reads what was said.
func hear(t *testing.T, fd int, text string) {
	t.Helper()
	b := make([]byte, len(text))
	for got := 0; got < len(b); {
		n, err := syscall.Read(fd, b[got:])
		if err == syscall.EINTR { // with a timeout, such calls are not made again
			continue
		}
		if n <= 0 {
			t.Fatal(n, err)
		}
		got += n
	}
	if string(b) != text {
		t.Fatalf("%.50q came back as %.50q", text, b)
	}
}

func end(t *testing.T, e *echo, fd int) {
	t.Helper()
	syscall.Close(fd)
	wait(t, e.gone)
	if e.broken.Load() {
		t.Error("two calls at a time")
	}
}

func wait[T any](t *testing.T, c chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

func TestEcho(t *testing.T) {
	g := New(2)
	var all sync.WaitGroup
	for range 50 {
		seat := g.Seat()
		all.Go(func() {
			e, fd := newEcho(t, seat)
			for range 20 {
				ask(t, fd, "hello")
			}
			end(t, e, fd)
		})
	}
	all.Wait()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // the last to leave ends them
		g.mu.Lock()
		n := g.running
		g.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("loops run without descriptors")
		}
	}
}

// A call that waits keeps nobody: not others of its loop, nor, when it is not the first, what follows on its own session.
func TestSlowCall(t *testing.T) {
	g := New(1)
	seat := g.Seat()
	other, otherFD := newEcho(t, g.Seat())
	var slow []*echo
	var fds []int
	for i := range strikes + 2 {
		e, fd := newEcho(t, seat)
		slow, fds = append(slow, e), append(fds, fd)
		if _, err := syscall.Write(fd, []byte("slow")); err != nil {
			t.Fatal(err)
		}
		wait(t, e.begun)
		for range 10 {
			ask(t, otherFD, "meanwhile")
		}
		if got := g.Replaced(); got != uint64(min(i+1, strikes)) {
			t.Errorf("slow call %d: replaced %d times", i, got)
		}
	}
	for i, e := range slow {
		e.slow <- true
		hear(t, fds[i], "slow")
		ask(t, fds[i], "again")
		end(t, e, fds[i])
	}
	end(t, other, otherFD)
}

func TestArm(t *testing.T) {
	g := New(1)
	e, fd := newEcho(t, g.Seat())
	ask(t, fd, "x") // joined, and soon asleep
	at := time.Now().Add(3 * tick)
	e.Arm(time.Now().Add(time.Hour))
	e.Arm(at)
	if got := wait(t, e.timed); got.Before(at) {
		t.Error("early by", at.Sub(got))
	}
	e.Arm(time.Now().Add(tick))
	e.Arm(time.Time{})
	e.Arm(time.Now().Add(slots*tick + 3*tick)) // more than a revolution
	from := time.Now()
	if got := wait(t, e.timed); got.Sub(from) < slots*tick {
		t.Error("early:", got.Sub(from))
	}
	end(t, e, fd)
}

func TestPost(t *testing.T) {
	g := New(1)
	e, fd := newEcho(t, g.Seat())
	ask(t, fd, "x")
	for range 1000 {
		e.Post(Timer) // stands for anything
		wait(t, e.timed)
	}
	end(t, e, fd)
	e.Post(Timer) // to one that has left: nothing
}

// Events that were fetched before a descriptor left are not for what has its number now, nor for whom it was.
func TestLeft(t *testing.T) {
	g := New(1)
	e, fd := newEcho(t, g.Seat())
	ask(t, fd, "hello")
	ev := syscall.EpollEvent{Fd: e.fd, Pad: int32(e.gen)}
	if e.seat.loop.find(&ev) != &e.Source {
		t.Error("not found while it is there")
	}
	end(t, e, fd)
	if e.seat.loop.find(&ev) != nil {
		t.Error("found after it left")
	}
	if e.claim(Readable) || e.queue(Asked) {
		t.Error("works after it left")
	}
}

// Where a loop cannot wait in Go's poller it waits by itself.
func TestNoPoller(t *testing.T) {
	g := New(1)
	e, fd := newEcho(t, g.Seat())
	ask(t, fd, "hello")
	_ = e.seat.loop.sleeper.gate.Close()
	e.Arm(time.Now().Add(50 * time.Millisecond))
	for range 20 {
		ask(t, fd, "hello")
	}
	wait(t, e.timed)
	end(t, e, fd)
}
