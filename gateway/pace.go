package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/siogw/siogw/engine"
)

// paceUnit is the number of bytes that a client has HTTPLimits.PassTime for.
const paceUnit = 16 << 10

// pace holds one direction of a request to a least speed: of the time that the client lets us wait, not of what the
// upstream takes.
type pace struct {
	unit time.Duration // for paceUnit
	left time.Duration // of it
	got  int           // bytes since it began
}

// moved counts n bytes that took d.
func (p *pace) moved(n int, d time.Duration) {
	p.left -= d
	if p.got += n; p.got >= paceUnit {
		p.left, p.got = p.unit, 0
	}
}

// over reports whether the time is used up.
func (p *pace) over() bool { return p.left <= 0 }

// paced makes a plain request, and its answer, keep to HTTPLimits.PassTime. done is to be called after it is answered.
func (g *Gateway) paced(lim *HTTPLimits, w http.ResponseWriter, r *http.Request) (answer http.ResponseWriter, done func()) {
	unit, rc := lim.PassTime, http.NewResponseController(w)
	p := &pacedWriter{ResponseWriter: w, rc: rc, pace: pace{unit: unit, left: unit}}
	if r.ContentLength != 0 {
		p.body = &pacedBody{ReadCloser: r.Body, rc: rc, pace: pace{unit: unit, left: unit}}
		r.Body = p.body
	}
	return p, func() {
		if p.over() {
			g.stats.refuse(engine.CodeSlowAnswer)
		}
	}
}

// pacedBody is the body of a request. The upstream's connection reads it.
type pacedBody struct {
	io.ReadCloser
	rc   *http.ResponseController
	pace pace
	slow bool // the client was too slow

	in     sync.Mutex // held while a Read is under way; guards pace and slow
	mu     sync.Mutex // a leaf
	closed bool       // the connection may have its next request by now
}

// Close implements io.Closer.
func (b *pacedBody) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	return b.ReadCloser.Close()
}

// until sets the deadline, unless the body is closed.
func (b *pacedBody) until(t time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		_ = b.rc.SetReadDeadline(t)
	}
}

// Read implements io.Reader. Its deadline is gone when the body is whole: the server reads on, to notice that the
// client hangs up.
func (b *pacedBody) Read(p []byte) (int, error) {
	b.in.Lock()
	defer b.in.Unlock()
	begin := time.Now()
	b.until(begin.Add(b.pace.left))
	n, err := b.ReadCloser.Read(p)
	b.pace.moved(n, time.Since(begin))
	switch {
	case err == io.EOF:
		b.until(time.Time{})
	case err != nil && b.pace.over():
		b.slow = true
	}
	return n, err
}

// pacedWriter is the answer.
type pacedWriter struct {
	http.ResponseWriter
	rc   *http.ResponseController
	body *pacedBody // of the request; nil for none
	pace
}

// slowBody reports whether the request that w answers failed for its body. The error of the round trip alone does not
// tell: the server cancels the request's context as well, before Read has returned.
func slowBody(w http.ResponseWriter, err error) bool {
	p, ok := w.(*pacedWriter)
	if !ok || p.body == nil || !errors.Is(err, context.Canceled) && !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	p.body.in.Lock()
	defer p.body.in.Unlock()
	return p.body.slow
}

// Write implements io.Writer.
func (w *pacedWriter) Write(p []byte) (written int, err error) {
	for first := true; err == nil && (first || len(p) > 0); first = false {
		part := p[:min(len(p), paceUnit)]
		var n int
		err = w.timed(len(part), func() (err error) { n, err = w.ResponseWriter.Write(part); return err })
		written, p = written+n, p[n:]
	}
	return written, err
}

// FlushError is what http.ResponseController looks for.
func (w *pacedWriter) FlushError() error { return w.timed(0, w.rc.Flush) }

func (w *pacedWriter) timed(n int, write func() error) error {
	begin := time.Now()
	_ = w.rc.SetWriteDeadline(begin.Add(w.left))
	err := write()
	if err != nil {
		n = 0 // or it would begin a new unit
	}
	w.moved(n, time.Since(begin))
	return err
}

// clock gives a request deadlines where its handler has none of its own: for a body that nobody reads, and for the end
// of an answer, which the server writes when the handler is done.
func (g *Gateway) clock(lim *HTTPLimits, w http.ResponseWriter, r *http.Request) (done func()) {
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Time{}) // that of the connection's last request
	if r.ContentLength != 0 {
		_ = rc.SetReadDeadline(time.Now().Add(lim.BodyTime))
	}
	return func() {
		if r.ProtoMajor == 1 && r.Header.Get("Upgrade") == "" { // the connection may be a WebSocket's by now
			_ = rc.SetWriteDeadline(time.Now().Add(lim.PassTime))
		}
	}
}
