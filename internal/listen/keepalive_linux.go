package listen

import (
	"net"
	"os"
	"syscall"
)

// tcp listens. Its connections have the listener's keep-alive on this system (socket(7), tcp(7)), which package net would
// set on each, with four calls: after 15 s, each 15 s, 9 times, as it does.
var tcp = net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) (err error) {
	ctlErr := raw.Control(func(fd uintptr) {
		for _, o := range [...]struct{ level, name, value int }{
			{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 9},
		} {
			if err == nil {
				err = os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), o.level, o.name, o.value))
			}
		}
	})
	if ctlErr != nil {
		return ctlErr
	}
	return err
}}
