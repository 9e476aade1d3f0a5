//go:build !linux

package wsconn

import (
	"net"
	"testing"
)

// bare makes a server's Conn that is a WebSocket already, and its peer.
func bare(_ testing.TB, lim given) (Conn, net.Conn) {
	network, peer := net.Pipe()
	return over(network, lim), peer
}

func holdsBuffer(c Conn) bool { return c.(*portable).out != nil }
