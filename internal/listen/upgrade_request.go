package listen

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/siogw/siogw/internal/socket"
)

// headSize bounds the requests that are looked at; longer ones are net/http's.
const headSize = 4 << 10

var heads = sync.Pool{New: func() any { return new([headSize]byte) }}

var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, headSize) }}

// begin reads once: a request that is to be served here, or what there was else.
func begin(conn net.Conn, wanted func(path string) bool) (r *http.Request, first []byte, err error) {
	buf := heads.Get().(*[headSize]byte)
	defer heads.Put(buf)
	n, err := conn.Read(buf[:])
	if err != nil {
		return nil, nil, err
	}
	if r = upgradeRequest(buf[:n]); r == nil || !wanted(r.URL.Path) {
		return nil, bytes.Clone(buf[:n]), nil
	}
	return r, nil, nil
}

// upgradeRequest gives the request that head is, if there is nothing to be said about it: one of HTTP/1.1, whole and nothing
// behind it, without a body, that net/http's server would hand to its handler, and that asks for a WebSocket.
func upgradeRequest(head []byte) *http.Request {
	if !bytes.HasPrefix(head, []byte("GET /")) || !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		return nil
	}
	text := bytes.NewReader(head)
	from := readers.Get().(*bufio.Reader)
	defer readers.Put(from)
	from.Reset(text)
	r, err := http.ReadRequest(from)
	behind := from.Buffered() + text.Len()
	from.Reset(nil)
	if err != nil || behind > 0 || !plainRequest(r) || !sane(r) {
		return nil
	}
	return r
}

// plainRequest reports whether a request asks for a WebSocket, and for nothing that takes more than a header.
func plainRequest(r *http.Request) bool {
	for _, name := range [...]string{"Content-Length", "Transfer-Encoding", "Trailer", "Expect"} {
		if _, there := r.Header[name]; there {
			return false
		}
	}
	upgrade := r.Header["Upgrade"]
	return r.ProtoMajor == 1 && r.ProtoMinor == 1 && r.ContentLength == 0 && len(r.TransferEncoding) == 0 &&
		len(upgrade) == 1 && strings.EqualFold(upgrade[0], "websocket")
}

// sane is what net/http's server asks of a header beyond what reading it does.
func sane(r *http.Request) bool {
	if r.Host == "" || !httpguts.ValidHostHeader(r.Host) {
		return false
	}
	for name, values := range r.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return false
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return false
			}
		}
	}
	return true
}

func late(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// Begun is a connection that something was read of, which is read again.
type Begun struct {
	net.Conn
	first   []byte
	since   time.Time
	by      time.Time // when the first request's header must be whole
	limited bool      // and nobody has set a deadline yet
}

// Since gives when the connection was first read.
func (c *Begun) Since() time.Time { return c.since }

// Read implements net.Conn.
func (c *Begun) Read(b []byte) (int, error) {
	if len(c.first) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.first)
	if c.first = c.first[n:]; len(c.first) == 0 {
		c.first = nil
	}
	return n, nil
}

// SetReadDeadline implements net.Conn. The first is that of a header, which has begun already.
func (c *Begun) SetReadDeadline(t time.Time) error {
	if c.limited && c.by.Before(t) {
		t = c.by
	}
	c.limited = false
	return c.Conn.SetReadDeadline(t)
}

// TCP gives the connection itself, nil for another, for who reads and writes it without waiting, once what was read is
// read again, which one read does that asks for 4 KiB.
func (c *Begun) TCP() *net.TCPConn {
	tcp, _ := socket.Of(c.Conn).(*net.TCPConn)
	return tcp
}

// Gone gives what who takes the descriptor out of the connection calls when that is closed, in the place of Close; nil
// for nothing.
func (c *Begun) Gone() func() {
	if counted, ok := c.Conn.(interface{ Gone() func() }); ok {
		return counted.Gone()
	}
	return nil
}

// CloseWrite closes the sending direction.
func (c *Begun) CloseWrite() error {
	if half, ok := socket.Of(c.Conn).(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
