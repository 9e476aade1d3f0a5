package wsconn

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/evloop"
	"github.com/siogw/siogw/internal/socket"
)

// takable gives the connection below c whose descriptor can be taken; nil for none.
func takable(c net.Conn) net.Conn { return socket.Of(c) }

// take takes the descriptor out of c, which is closed: Go's own poller would wake up for it, too. free is to be called
// when the descriptor is closed; nil for nothing to do.
func take(c net.Conn) (fd int, free func(), err error) {
	inner := takable(c)
	raw, err := inner.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, nil, err
	}
	var errno syscall.Errno
	err = raw.Control(func(old uintptr) {
		var n uintptr
		n, _, errno = syscall.RawSyscall(syscall.SYS_FCNTL, old, syscall.F_DUPFD_CLOEXEC, 0)
		fd = int(n)
	})
	if err == nil && errno != 0 {
		err = errno
	}
	if err != nil {
		return 0, nil, err
	}
	_ = inner.Close()
	if counted, ok := c.(interface{ Gone() func() }); ok {
		free = counted.Gone()
	}
	return fd, free, nil
}

// loopedServer makes a Conn of a connection that became a WebSocket, but for the answer to the handshake.
func loopedServer(network net.Conn, answer []byte, opt Options) (Conn, error) {
	fd, free, err := take(network)
	if err != nil {
		_ = network.Close()
		return nil, err
	}
	c := newLooped(opt.Seat, fd, opt, false)
	c.free = free
	c.out = getBlock()
	c.out.b = append(c.out.b, answer...)
	return c, nil
}

// dialLooped is Dial for a connection that a loop is to serve.
func dialLooped(ctx context.Context, url string, header http.Header, o DialOptions) (Conn, []byte, *http.Response, error) {
	shake, stop := &shaking{}, func() bool { return true }
	wd := websocket.Dialer{ReadBufferSize: 1 << 10, WriteBufferSize: frameBuffer, WriteBufferPool: &frames, // which nobody writes to
		NetDialContext: func(ctx context.Context, network, addr string) (_ net.Conn, err error) {
			if shake.Conn, err = dialPlain(ctx, network, addr, o.Socket); err != nil {
				return nil, err
			}
			stop = endWith(ctx, shake.Conn)
			return shake, nil
		}}
	_, resp, err := wd.DialContext(ctx, url, header)
	stop()
	if err != nil {
		return nil, nil, resp, because(ctx, err)
	}
	if resp.Header.Get("Sec-Websocket-Extensions") != "" {
		_ = shake.Close()
		return nil, nil, nil, errExtension
	}
	c := newLooped(o.Seat, -1, o.Options, true)
	first, err := c.first(ctx, shake)
	if err == nil {
		err = c.settle(shake.Conn)
	}
	if err != nil {
		_ = shake.Close()
		return nil, nil, nil, err
	}
	return c, first, resp, nil
}

// settle moves c, which has read by itself so far, to the descriptor of a connection.
func (c *looped) settle(network net.Conn) error {
	fd, free, err := take(network)
	if err != nil {
		return err
	}
	c.free = free
	c.in.due = false
	c.Init(c.opt.Seat, fd, c)
	c.mu.Lock()
	c.closed = false
	c.mu.Unlock()
	c.Resume()
	return nil
}

// first reads one text message, waiting. What else came is kept.
func (c *looped) first(ctx context.Context, network net.Conn) ([]byte, error) {
	stop := endWith(ctx, network)
	defer stop()
	f := &firstMessage{c: c}
	c.peer, c.closed = f, true // it has no descriptor yet
	buf := getBlock()
	defer putBlock(buf)
	for !f.came {
		n, err := network.Read(buf.b[:cap(buf.b)])
		if err != nil {
			return nil, because(ctx, err)
		}
		if c.took(buf.b[:n]); c.isClosing() {
			return nil, errors.New(c.why().String())
		}
	}
	if f.binary {
		return nil, errBinary
	}
	if !stop() {
		return nil, ctx.Err()
	}
	return f.data, nil
}

// firstMessage is the peer of a connection that is not started.
type firstMessage struct {
	c      *looped
	came   bool
	binary bool
	data   []byte
}

func (f *firstMessage) Message(binary bool, data []byte) {
	f.came, f.binary, f.data = true, binary, bytes.Clone(data)
	f.c.Pause()
}
func (f *firstMessage) PassEnd()              {}
func (f *firstMessage) Drained()              {}
func (f *firstMessage) Ended(engineio.Reason) {}
func (f *firstMessage) Gone()                 {}

// shaking is the connection during a client's handshake: what comes behind the answer's header is kept for whoever
// reads next, which gorilla/websocket does for an answer that is no WebSocket.
type shaking struct {
	net.Conn
	out  *block  // of the request, till the answer is read; nil for none
	tail [3]byte // of the header so far
	over bool    // the header is
	rest []byte
}

var headerEnd = []byte("\r\n\r\n")

// WriteByte implements io.ByteWriter: who has it is written to without a buffer of 4 KiB, made for each request.
func (s *shaking) WriteByte(c byte) error {
	s.block().b = append(s.block().b, c)
	return nil
}

// Write implements net.Conn.
func (s *shaking) Write(b []byte) (int, error) {
	s.block().b = append(s.block().b, b...)
	return len(b), nil
}

func (s *shaking) block() *block {
	if s.out == nil {
		s.out = getBlock()
	}
	return s.out
}

// send writes the request.
func (s *shaking) send() error {
	out := s.out
	if out == nil {
		return nil
	}
	s.out = nil
	defer putBlock(out)
	_, err := s.Conn.Write(out.b)
	return err
}

func (s *shaking) Read(b []byte) (int, error) {
	if err := s.send(); err != nil {
		return 0, err
	}
	if len(s.rest) > 0 {
		n := copy(b, s.rest)
		s.rest = s.rest[n:]
		return n, nil
	}
	n, err := s.Conn.Read(b)
	if s.over || n <= 0 {
		return n, err
	}
	seen := append(s.tail[:], b[:n]...)
	if i := bytes.Index(seen, headerEnd); i >= 0 {
		end := i + len(headerEnd) - len(s.tail)
		s.over, s.rest = true, bytes.Clone(b[end:n])
		return end, nil // an error will come again
	}
	copy(s.tail[:], seen[len(seen)-len(s.tail):])
	return n, err
}

var _ evloop.Worker = (*looped)(nil)
