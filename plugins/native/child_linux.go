package native

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// attributes make a process group, which a terminal's interrupt does not reach, and end the process with the gateway.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// endGroup ends a process that is not reaped, and all in its group.
func endGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) } // fails only when all are gone

// reap waits for the end of the process, and ends what it left behind while its number is still its own.
func (c *child) reap() error {
	awaitExit(c.pid())
	c.mu.Lock()
	defer c.mu.Unlock()
	endGroup(c.cmd.Process)
	c.reaped = true
	return c.cmd.Wait()
}

// awaitExit waits for a child's end and does not reap it, waitid(2).
func awaitExit(pid int) {
	const byPID, exited, leave = 1, 4, 0x1000000 // P_PID, WEXITED, WNOWAIT
	var info [128]byte
	for {
		_, _, e := syscall.Syscall6(syscall.SYS_WAITID, byPID, uintptr(pid), uintptr(unsafe.Pointer(&info)), exited|leave, 0, 0)
		if e != syscall.EINTR {
			return
		}
	}
}

// resident gives the bytes of memory that a process has, proc(5).
func resident(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	f := bytes.Fields(b)
	if len(f) < 2 {
		return 0, fmt.Errorf("statm: %q", b)
	}
	pages, err := strconv.ParseInt(string(f[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}
