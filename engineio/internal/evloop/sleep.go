//go:build linux

package evloop

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// epollOneShot is EPOLLONESHOT, which package syscall does not have.
const epollOneShot = 1 << 30

// sleeper lets a runner wait for the events of its loop as goroutines wait for their connections, in Go's own poller. In
// a system call of its own it would take a processor along, which Go's scheduler takes back and gives again, at a cost
// above that of the events.
//
// Go's poller watches gate, which holds the loop's epoll, and lets one event through for each sleep: so that while the
// runner works nobody is woken up.
type sleeper struct {
	epoll  int // the loop's
	gate   *os.File
	fd     int // of gate
	raw    syscall.RawConn
	pass   func(fd uintptr) bool // the step of a sleep
	asked  bool                  // gate lets an event through, unless failed
	failed bool
	alarm  *time.Timer
	due    int64 // tick of alarm; 0 when it is not set
}

// open makes a sleeper for the loop's epoll; rouse is what the alarm calls.
func (s *sleeper) open(epoll int, rouse func()) error {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	ev := syscall.EpollEvent{Events: epollOneShot}
	if err = syscall.EpollCtl(fd, syscall.EPOLL_CTL_ADD, epoll, &ev); err == nil {
		err = syscall.SetNonblock(fd, true) // by which package os knows what can be polled
	}
	if err != nil {
		_ = syscall.Close(fd)
		return err
	}
	s.epoll, s.fd, s.gate, s.pass, s.due = epoll, fd, os.NewFile(uintptr(fd), "epoll"), s.step, 0
	if s.raw, err = s.gate.SyscallConn(); err != nil {
		_ = s.gate.Close()
		return err
	}
	s.alarm = time.AfterFunc(time.Hour, rouse)
	s.alarm.Stop()
	return nil
}

// close ends it. Nobody sleeps.
func (s *sleeper) close() {
	s.alarm.Stop()
	_ = s.gate.Close()
}

// wake sets the alarm to a tick, unless it comes sooner anyway. The loop's lock is held.
func (s *sleeper) wake(at int64) {
	if s.due == 0 || at < s.due {
		s.due = at
		s.alarm.Reset(time.Duration(at)*tick - time.Since(start))
	}
}

// sleep returns when there may be events. It reports false where it cannot wait.
func (s *sleeper) sleep() bool {
	s.asked = false
	return s.raw.Read(s.pass) == nil && !s.failed
}

// step opens gate and waits, or has waited.
func (s *sleeper) step(uintptr) bool {
	if s.asked {
		return true
	}
	s.asked = true
	var old syscall.EpollEvent // of the last sleep: while that is there it is not told of again
	_, _, _ = syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(s.fd), uintptr(unsafe.Pointer(&old)), 1, 0, 0, 0)
	ev := syscall.EpollEvent{Events: syscall.EPOLLIN | epollOneShot}
	_, _, failed := syscall.RawSyscall6(syscall.SYS_EPOLL_CTL, uintptr(s.fd), syscall.EPOLL_CTL_MOD, uintptr(s.epoll), uintptr(unsafe.Pointer(&ev)), 0, 0)
	s.failed = failed != 0
	return s.failed
}
