//go:build linux && !race && !386 && !s390x

package evloop

import (
	"syscall"
	"unsafe"
)

// These do not tell Go's scheduler, to which a system call that may wait is announced, at a cost. recvfrom and sendto pass
// by what read and write do for files.

func read(fd int32, b []byte) (int, syscall.Errno)  { return transfer(syscall.SYS_RECVFROM, fd, b) }
func write(fd int32, b []byte) (int, syscall.Errno) { return transfer(syscall.SYS_SENDTO, fd, b) }

func transfer(call uintptr, fd int32, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), syscall.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
