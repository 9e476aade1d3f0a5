//go:build unix

package wsconn

import (
	"io"
	"net"
	"sync"
	"syscall"
)

// rawOf gives the way to try a connection without waiting; nil for one that is no plain TCP.
func rawOf(c net.Conn) syscall.RawConn {
	if inner, ok := c.(interface{ TCP() *net.TCPConn }); ok {
		c = inner.TCP()
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// rawOp is one system call, kept with its closures so that a try costs no allocation.
type rawOp struct {
	buf         []byte
	n           int
	err         error
	read, write func(fd uintptr) bool
}

var rawOps = sync.Pool{New: func() any {
	op := new(rawOp)
	op.read = func(fd uintptr) bool {
		op.n, op.err = syscall.Read(int(fd), op.buf)
		return true // never wait
	}
	op.write = func(fd uintptr) bool {
		op.n, op.err = syscall.Write(int(fd), op.buf)
		return true
	}
	return op
}}

// tryRead reads what is there: 0, nil when nothing is.
func tryRead(raw syscall.RawConn, b []byte) (int, error) {
	n, err := try(raw.Read, func(op *rawOp) func(uintptr) bool { return op.read }, b)
	if n == 0 && err == nil && len(b) > 0 {
		return 0, io.EOF
	}
	return idle(n, err)
}

// tryWrite writes what the network takes now.
func tryWrite(raw syscall.RawConn, b []byte) (int, error) {
	return idle(try(raw.Write, func(op *rawOp) func(uintptr) bool { return op.write }, b))
}

func try(call func(func(uintptr) bool) error, pick func(*rawOp) func(uintptr) bool, b []byte) (int, error) {
	op := rawOps.Get().(*rawOp)
	op.buf, op.n, op.err = b, 0, nil
	err := call(pick(op))
	n := op.n
	if err == nil {
		err = op.err
	}
	op.buf = nil
	rawOps.Put(op)
	return max(n, 0), err
}

// idle makes "not now" no error.
func idle(n int, err error) (int, error) {
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return 0, nil
	}
	return n, err
}
