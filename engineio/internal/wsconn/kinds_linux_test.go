package wsconn

import (
	"net"
	"testing"
)

// bare makes a server's Conn that is a WebSocket already, of the kind that is tested, and its peer.
func bare(tb testing.TB, lim given) (Conn, net.Conn) {
	tb.Helper()
	lim.Seat = seat()
	if lim.Seat == nil {
		network, peer := net.Pipe()
		return over(network, lim), peer
	}
	network, peer := tcpPair(tb)
	fd, _, err := take(network)
	if err != nil {
		tb.Fatal(err)
	}
	return newLooped(lim.Seat, fd, lim.options(), false), peer
}

// tcpPair gives two ends of a connection that can be closed in one direction.
func tcpPair(tb testing.TB) (a, b net.Conn) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	if b, err = net.Dial("tcp", l.Addr().String()); err != nil {
		tb.Fatal(err)
	}
	if a, err = l.Accept(); err != nil {
		tb.Fatal(err)
	}
	return a, b
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
