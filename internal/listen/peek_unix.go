//go:build unix

package listen

import (
	"net"
	"syscall"

	"github.com/siogw/siogw/internal/socket"
)

// rawOf gives the way to look at a connection without reading; nil where there is none.
func rawOf(c net.Conn) syscall.RawConn {
	direct, ok := socket.Of(c).(syscall.Conn)
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
		n, err := peek(fd)
		hungUp = n <= 0
		return err != syscall.EAGAIN
	})
	return err == nil && hungUp
}

// said reports whether there is something to read now.
func said(raw syscall.RawConn) (there bool) {
	err := raw.Read(func(fd uintptr) bool {
		n, _ := peek(fd)
		there = n > 0
		return true
	})
	return err == nil && there
}

func peek(fd uintptr) (n int, err error) {
	var one [1]byte
	for {
		if n, _, err = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK); err != syscall.EINTR {
			return n, err
		}
	}
}
