package listen

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// answer is the http.ResponseWriter of a request to become a WebSocket: a refusal is short and ends the connection.
type answer struct {
	of       *Upgrades
	conn     net.Conn
	header   http.Header
	status   int
	body     []byte
	peer     *peer
	hijacked bool
}

// refusalTime is for a client to take a refusal.
const refusalTime = 10 * time.Second

// refusalSize bounds a refusal.
const refusalSize = 64 << 10

var errRefusalSize = errors.New("listen: the answer to an upgrade is too long")

// Header implements http.ResponseWriter.
func (w *answer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *answer) WriteHeader(status int) {
	if w.status == 0 && !w.hijacked {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *answer) Write(b []byte) (int, error) {
	if w.hijacked {
		return 0, http.ErrHijacked
	}
	if len(w.body)+len(b) > refusalSize {
		return 0, errRefusalSize
	}
	w.WriteHeader(http.StatusOK)
	w.body = append(w.body, b...)
	return len(b), nil
}

// Hijack implements http.Hijacker. What the client said behind its request is in the reader, as with net/http.
func (w *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.hijacked {
		return nil, nil, http.ErrHijacked
	}
	if !w.of.yield(w.conn) {
		return nil, nil, http.ErrServerClosed
	}
	w.hijacked = true
	w.peer.stop()
	rw := bufio.NewReadWriter(bufio.NewReaderSize(w.conn, 16), bufio.NewWriterSize(w.conn, 16))
	if said(w.peer.raw) {
		_, _ = rw.Peek(1) // an error will come again
	}
	return w.conn, rw, nil
}

// send writes what was answered.
func (w *answer) send() {
	if w.hijacked {
		return
	}
	w.WriteHeader(http.StatusOK)
	resp := http.Response{StatusCode: w.status, ProtoMajor: 1, ProtoMinor: 1, Header: w.header, Close: true,
		ContentLength: int64(len(w.body)), Body: io.NopCloser(bytes.NewReader(w.body))}
	w.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	w.header.Set("Content-Length", strconv.Itoa(len(w.body)))
	_ = w.conn.SetWriteDeadline(time.Now().Add(refusalTime))
	out := bufio.NewWriter(w.conn)
	if resp.Write(out) == nil {
		_ = out.Flush() // a client that is gone needs no answer
	}
}

// close ends what did not become a WebSocket.
func (w *answer) close() {
	if w.hijacked {
		return
	}
	w.of.leave(w.conn)
	w.peer.stop()
	_ = w.conn.Close()
}

// lookAfter is how long a handshake takes before it is asked whether the client is still there. Most take less.
const lookAfter = 50 * time.Millisecond

// peer ends a request's context when its client is gone, as net/http's reader in the background does.
type peer struct {
	conn   net.Conn
	raw    syscall.RawConn
	cancel context.CancelFunc
	timer  *time.Timer
	over   chan struct{} // closed when nobody looks any more; made by the first who does
	mu     sync.Mutex
	ended  bool
}

func watch(conn net.Conn, cancel context.CancelFunc) *peer {
	p := &peer{conn: conn, raw: rawOf(conn), cancel: cancel}
	p.timer = time.AfterFunc(lookAfter, p.look)
	return p
}

// look waits till the client says something or hangs up, or stop is called.
func (p *peer) look() {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return
	}
	over := make(chan struct{})
	p.over = over
	p.mu.Unlock()
	defer close(over)
	if gone(p.raw) {
		p.cancel()
	}
}

// stop ends looking. Then nobody reads.
func (p *peer) stop() {
	p.timer.Stop()
	p.mu.Lock()
	p.ended = true
	over := p.over
	p.over = nil
	p.mu.Unlock()
	if over != nil {
		_ = p.conn.SetReadDeadline(time.Unix(1, 0))
		<-over
		_ = p.conn.SetReadDeadline(time.Time{})
	}
}
