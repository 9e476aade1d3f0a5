//go:build linux && (race || 386 || s390x)

package evloop

import "syscall"

// The race detector knows by package syscall that what was written before was read after; and some machines have no
// system calls of their own for sockets.

func read(fd int32, b []byte) (int, syscall.Errno)  { return plain(syscall.Read(int(fd), b)) }
func write(fd int32, b []byte) (int, syscall.Errno) { return plain(syscall.Write(int(fd), b)) }

func plain(n int, err error) (int, syscall.Errno) {
	if err != nil {
		return 0, err.(syscall.Errno) // always, of these
	}
	return n, 0
}
