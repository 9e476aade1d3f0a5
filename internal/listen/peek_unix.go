//go:build unix

package listen

import (
	"net"
	"syscall"
)

// rawOf gives the way to look at a connection without reading; nil where there is none.
func rawOf(c net.Conn) syscall.RawConn {
	direct, ok := base(c).(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := direct.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// gone waits till the peer says something or hangs up, and reports whether it did the latter; false when a deadline for
// reading comes first.
func gone(raw syscall.RawConn) (hungUp bool) {
	err := raw.Read(func(fd uintptr) bool {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
		for err == syscall.EINTR {
			n, _, err = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
		}
		hungUp = n <= 0
		return err != syscall.EAGAIN
	})
	return err == nil && hungUp
}
