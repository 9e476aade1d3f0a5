package main

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// attributes of a process under measurement: a group of its own, so that ctrl-C is for us to pass on, and an
// end with us, however that comes.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// cpuTime gives what utime and stime of proc(5) stat add up to, not in ticks of 10 ms but exactly: the clock
// of another process, as clock_getcpuclockid(3) numbers it.
func cpuTime(pid int) (time.Duration, error) {
	const scheduler = 2 // CPUCLOCK_SCHED
	var t unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|scheduler), &t)
	return time.Duration(t.Nano()), err
}

// sleepUntil waits on the thread's own timer, which is good to some microseconds; Go's are to a millisecond.
func sleepUntil(t time.Time) {
	if d := time.Until(t); d > 0 {
		rest := unix.NsecToTimespec(int64(d))
		unix.Nanosleep(&rest, nil) // a signal may end it early: a send that comes early says so in its figures
	}
}

// fineTimers has the kernel end sleeps of this thread when they end, and not up to 50 µs later.
func fineTimers() { unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) }
