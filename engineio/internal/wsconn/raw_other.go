//go:build !unix

package wsconn

import (
	"net"
	"syscall"
)

// rawOf says that connections cannot be tried without waiting here.
func rawOf(net.Conn) syscall.RawConn { return nil }

func tryRead(syscall.RawConn, []byte) (int, error)  { return 0, nil }
func tryWrite(syscall.RawConn, []byte) (int, error) { return 0, nil }
