// Package socket finds the connection of the system below others.
package socket

import "net"

// Of gives the connection of the system that c is, or that lies below it: c has then a method TCP, which gives nil where something
// is between, such as TLS. It gives nil for none.
func Of(c net.Conn) net.Conn {
	if inner, ok := c.(interface{ TCP() *net.TCPConn }); ok {
		if tcp := inner.TCP(); tcp != nil {
			return tcp
		}
		return nil
	}
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
		return c
	}
	return nil
}
