package wsconn

import (
	"net"
	"os"
	"syscall"
	"testing"
)

// bare makes a server's Conn that is a WebSocket already, of the kind that is tested, and its peer.
func bare(tb testing.TB, lim Limits) (Conn, net.Conn) {
	tb.Helper()
	lim.Seat = seat()
	if lim.Seat == nil {
		network, peer := net.Pipe()
		return over(network, lim), peer
	}
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(err)
	}
	f := os.NewFile(uintptr(fds[1]), "peer")
	defer f.Close()
	peer, err := net.FileConn(f)
	if err != nil {
		tb.Fatal(err)
	}
	return newLooped(lim.Seat, fds[0], lim, false), peer
}

func holdsBuffer(c Conn) bool {
	switch c := c.(type) {
	case *looped:
		return c.out != nil
	case *portable:
		return c.out != nil
	}
	return true
}
