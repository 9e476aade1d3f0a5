//go:build linux

package evloop

import (
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// batch is how many events are fetched at a time.
const batch = 128

// loop is one event loop. Its runner is the goroutine that has the turn; what takes the turn away from a runner
// starts another.
type loop struct {
	group   *Loops
	turn    atomic.Uint64           // odd while a call is under way; see runner.serve
	at      atomic.Pointer[Source]  // whose call it is, or was
	sources atomic.Pointer[[]place] // by descriptor; under mu they change, and grow into others

	events   [batch]syscall.EpollEvent // the runner's, as are the next two
	n, done  int                       // events fetched, and those taken from them
	claims   claims                    // the runner's, as are the next two
	collects bool                      // outbox is open
	ring     *ring                     // makes calls together; nil where there is none
	outbox   outbox

	mu        sync.Mutex // a leaf
	running   bool
	epoll     int
	event     int // eventfd: ends a wait
	joined    int
	gen       uint32
	queue     []*Source // from head on
	head      int
	aside     map[*Seat][]*Source // of sessions that are away; see Seat.Leave
	wheel     wheel
	sleeping  bool
	sleepTill int64 // tick; when sleeping
	sleeper   sleeper
}

// waker marks the event of the eventfd.
const waker = -1

// join registers s, and starts the loop for its first descriptor.
func (l *loop) join(s *Source) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.running {
		if err := l.open(); err != nil {
			return err
		}
	}
	l.gen++
	s.gen = l.gen
	s.state.Store(uint32(Readable | Writable | Asked | queued)) // before it is found, or it might be let work by two
	here := l.place(s.fd)
	here.Store(s) // before its first event
	ev := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | epollET, Fd: s.fd, Pad: int32(s.gen)}
	if err := syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, int(s.fd), &ev); err != nil {
		here.Store(nil)
		s.state.Store(uint32(left))
		return err
	}
	s.joined = true
	l.joined++
	l.pushLocked(s)
	return nil
}

// open starts the loop. l.mu is held.
func (l *loop) open() (err error) {
	if l.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return err
	}
	fd, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if errno != 0 {
		_ = syscall.Close(l.epoll)
		return errno
	}
	l.event = int(fd)
	ev := syscall.EpollEvent{Events: syscall.EPOLLIN | epollET, Fd: waker}
	if err = syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, l.event, &ev); err != nil {
		l.close()
		return err
	}
	if err = l.sleeper.open(l.epoll, l.alarm); err != nil {
		l.close()
		return err
	}
	if !l.group.oneByOne {
		l.ring, _ = openRing() // or it makes its calls one by one
	}
	l.running = true
	l.wheel.now = int64(time.Since(start) / tick)
	l.group.begin()
	l.group.run(l)
	return nil
}

func (l *loop) close() {
	_ = syscall.Close(l.epoll)
	_ = syscall.Close(l.event)
}

func (l *loop) leave(s *Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !s.joined {
		return
	}
	l.wheel.set(s, 0)
	s.joined = false
	l.place(s.fd).Store(nil)
	s.state.Or(uint32(left))
	if l.joined--; l.joined == 0 {
		l.rouse() // to end
	}
}

// push queues s, whose state says so.
func (l *loop) push(s *Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pushLocked(s)
}

func (l *loop) pushLocked(s *Source) {
	if !s.joined { // nobody would come for it
		return
	}
	l.queue = append(l.queue, s)
	l.rouse()
}

// rouse ends the wait of the runner. l.mu is held.
func (l *loop) rouse() {
	if l.sleeping {
		l.sleeping = false
		one := uint64(1)
		_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, uintptr(l.event), uintptr(unsafe.Pointer(&one)), 8) // edge-triggered: never read
	}
}

// replace starts another runner in the place of the one whose call at has taken too long.
func (l *loop) replace(at uint64) {
	s := l.at.Load()
	if !l.turn.CompareAndSwap(at, at+1) {
		return // it has come back
	}
	s.seat.strike()
	l.group.replaced.Add(1)
	l.group.run(l)
}

// fetch waits for events, unless something is queued. It reports whether the loop goes on.
func (l *loop) fetch() bool {
	l.done = 0
	l.n = l.poll()
	if l.n > 0 {
		return true
	}
	l.mu.Lock()
	if len(l.queue) > l.head {
		l.mu.Unlock()
		return true
	}
	if l.joined == 0 {
		l.running = false
		l.sleeper.close()
		l.claims.mem = nil
		l.dropRing()
		l.close()
		l.mu.Unlock()
		l.group.end()
		return false
	}
	l.sleeping = true
	l.sleepTill = 1<<63 - 1
	if next := l.wheel.next(); next != 0 {
		l.sleepTill = next
		l.sleeper.wake(next)
	}
	l.mu.Unlock()
	if l.sleeper.sleep() {
		l.n = l.poll()
	} else {
		l.n, _ = syscall.EpollWait(l.epoll, l.events[:], int(tick/time.Millisecond))
		l.n = max(l.n, 0) // interrupted
	}
	l.mu.Lock()
	l.sleeping = false
	l.mu.Unlock()
	l.group.unpark()
	return true
}

// alarm ends the wait of the runner because a time has come.
func (l *loop) alarm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sleeper.due = 0
	l.rouse()
}

// poll gives how many events there are now.
func (l *loop) poll() int {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epoll), uintptr(unsafe.Pointer(&l.events)), batch, 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// place is where the source of a descriptor is, nil for none.
type place = atomic.Pointer[Source]

// place gives that of a descriptor. l.mu is held.
func (l *loop) place(fd int32) *place {
	var all []place
	if p := l.sources.Load(); p != nil {
		all = *p
	}
	if int(fd) >= len(all) {
		more := make([]place, max(int(fd)+1, 2*len(all)))
		for i := range all {
			more[i].Store(all[i].Load())
		}
		l.sources.Store(&more)
		all = more
	}
	return &all[fd]
}

// find gives the source of an event, nil for one that has left.
func (l *loop) find(ev *syscall.EpollEvent) *Source {
	all := *l.sources.Load() // which are there before their events
	if ev.Fd < 0 || int(ev.Fd) >= len(all) {
		return nil
	}
	s := all[ev.Fd].Load()
	if s == nil || s.gen != uint32(ev.Pad) {
		return nil
	}
	return s
}

// fire queues those whose time has come.
func (l *loop) fire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wheel.count == 0 {
		return
	}
	l.wheel.advance(int64(time.Since(start)/tick), func(s *Source) {
		if s.queue(Timer) {
			l.pushLocked(s)
		}
	})
}
