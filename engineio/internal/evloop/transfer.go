//go:build linux && !race

package evloop

import (
	"syscall"
	"unsafe"
)

// These do not tell Go's scheduler, to which a system call that may wait is announced, at a cost.

func read(fd int32, b []byte) (int, syscall.Errno)  { return transfer(syscall.SYS_READ, fd, b) }
func write(fd int32, b []byte) (int, syscall.Errno) { return transfer(syscall.SYS_WRITE, fd, b) }

func transfer(call uintptr, fd int32, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
