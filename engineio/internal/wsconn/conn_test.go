package wsconn

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/siogw/siogw/engineio"
)

// TestMain runs every test over each kind of connection.
func TestMain(m *testing.M) { goleak.VerifyTestMain(kinds{m}) }

type kinds struct{ *testing.M }

func (k kinds) Run() int {
	code := k.M.Run()
	fuzzing := flag.Lookup("test.fuzz").Value.String() != ""
	if loops := NewLoops(2); loops != nil && code == 0 && !fuzzing {
		fmt.Println("and on event loops:")
		seat = loops.Seat
		code = k.M.Run()
	}
	return code
}

// seat gives the place of a test's connections; nil where they are portable.
var seat = func() *Seat { return nil }

const patience = 10 * time.Second

// recorder is a Peer that keeps what it is told.
type recorder struct {
	mu    sync.Mutex
	log   []string
	onMsg func(string)
	ended chan engineio.Reason
	gone  chan bool
}

func newRecorder() *recorder {
	return &recorder{ended: make(chan engineio.Reason, 10), gone: make(chan bool, 10)}
}

func (r *recorder) note(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, s)
}

func (r *recorder) Message(_ bool, data []byte) {
	r.note(string(data))
	if r.onMsg != nil {
		r.onMsg(string(data))
	}
}
func (r *recorder) PassEnd()                { r.note("|") }
func (r *recorder) Drained()                { r.note("drained") }
func (r *recorder) Ended(e engineio.Reason) { r.ended <- e }
func (r *recorder) Gone()                   { r.gone <- true }

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.log, "")
}

func wait[T any](tb testing.TB, c chan T) (v T) {
	tb.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		tb.Fatal("nothing came")
	}
	return v
}

// given is how a connection of a test works.
type given struct {
	Options
	Limits
	Read int
}

func (g given) options() Options {
	if g.Live == nil {
		g.Live, g.Options.Read = NewLive(g.Limits), new(atomic.Int64)
		g.Options.Read.Store(int64(g.Read))
	}
	return g.Options
}

var limits = given{Read: 1000, Limits: Limits{High: 10_000, Hard: 100_000, Write: time.Second}}

// pair gives a server's Conn, and the network connection of its client.
func pair(tb testing.TB, lim given) (Conn, net.Conn) {
	tb.Helper()
	lim.Seat = seat()
	conns := make(chan Conn, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Upgrade(w, r, nil, lim.options())
		if err != nil {
			tb.Error(err)
			return
		}
		c.Flush()
		conns <- c
	}))
	tb.Cleanup(srv.Close)
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { ws.Close() })
	return wait(tb, conns), ws.NetConn()
}

// frame makes a client's frame with a mask of zeros.
func frame(first byte, data string) []byte {
	b := []byte{first}
	if len(data) < 126 {
		b = append(b, 0x80|byte(len(data)))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(len(data)))
	}
	return append(append(b, 0, 0, 0, 0), data...)
}

func text(data string) []byte { return frame(0x81, data) }

// Frames that arrived together are one pass, however many reads they take.
func TestPass(t *testing.T) {
	c, peer := pair(t, limits)
	var all []byte
	var want strings.Builder
	for range 5 {
		data := strings.Repeat("x", 900)
		all = append(all, text(data)...)
		want.WriteString(data)
	}
	if _, err := peer.Write(all); err != nil {
		t.Fatal(err)
	}
	r := newRecorder()
	passed := make(chan bool)
	n := 0
	r.onMsg = func(string) {
		if n++; n == 5 {
			close(passed)
		}
	}
	c.Start(r)
	wait(t, passed)
	if got := r.text(); strings.Count(got, "|") > 1 {
		t.Error(strings.Count(got, "|"), "passes")
	}
	c.Close(0)
	wait(t, r.ended)
	if got := r.text(); got != want.String()+"|" {
		t.Errorf("%q", got)
	}
	peer.Close()
	wait(t, r.gone)
}

// A pass of many frames is one write.
func TestOneWrite(t *testing.T) {
	c, peer := pair(t, limits)
	for range 100 {
		c.Send(engineio.Packet{Type: engineio.Message, Data: []byte("x")})
	}
	if got := c.Buffered(); got != 400 {
		t.Error("buffered", got)
	}
	c.Flush()
	got := make([]byte, 1000)
	n, err := peer.Read(got)
	if err != nil || n != 400 || c.Buffered() != 0 {
		t.Error(n, err, c.Buffered())
	}
	if holdsBuffer(c) {
		t.Error("an idle connection holds a buffer")
	}
	r := newRecorder()
	c.Start(r)
	peer.Close()
	if got := wait(t, r.ended); got != engineio.TransportError {
		t.Error(got)
	}
	wait(t, r.gone)
}

// Messages of every length around the limit, in one frame and in two.
func TestReadLimit(t *testing.T) {
	for _, v := range []struct {
		frames [][]byte
		want   engineio.Reason
	}{
		{[][]byte{text(strings.Repeat("x", 999)), text(strings.Repeat("x", 1000)), frame(0x88, "")}, engineio.PeerClosed},
		{[][]byte{text(strings.Repeat("x", 1001))}, engineio.TooLarge},
		{[][]byte{frame(0x01, strings.Repeat("x", 500)), frame(0x80, strings.Repeat("x", 500)), frame(0x88, "")}, engineio.PeerClosed},
		{[][]byte{frame(0x01, strings.Repeat("x", 500)), frame(0x80, strings.Repeat("x", 501))}, engineio.TooLarge},
	} {
		c, peer := pair(t, limits)
		r := newRecorder()
		c.Start(r)
		for _, f := range v.frames {
			if _, err := peer.Write(f); err != nil {
				t.Fatal(err)
			}
		}
		if got := wait(t, r.ended); got != v.want {
			t.Errorf("%v, want %v", got, v.want)
		}
		peer.Close()
		wait(t, r.gone)
	}
}

// A connection cut at every byte of a message ends as broken, and says nothing of the message.
func TestTruncated(t *testing.T) {
	whole := append(frame(0x01, "ab"), frame(0x80, strings.Repeat("c", 130))...)
	for n := range whole {
		c, peer := bare(t, limits)
		r := newRecorder()
		c.Start(r)
		if _, err := peer.Write(whole[:n]); err != nil {
			t.Fatal(err)
		}
		peer.Close()
		if got := wait(t, r.ended); got != engineio.TransportError || r.text() != "" {
			t.Errorf("%d bytes: %v, %q", n, got, r.text())
		}
		wait(t, r.gone)
	}
}

// over makes a server's Conn on a connection that is a WebSocket already.
func over(network net.Conn, lim given) *portable {
	c := newConn(network, lim.options())
	h := &prepared{c: c}
	up := websocket.Upgrader{ReadBufferSize: readBuffer, WriteBufferPool: &frames}
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} {
		req.Header.Set(k, v)
	}
	ws, err := up.Upgrade(h, req, nil)
	if err != nil {
		panic(err)
	}
	c.out = nil // the 101
	c.use(ws)
	return c
}

type prepared struct {
	http.ResponseWriter
	c *portable
}

func (p *prepared) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	none := strings.NewReader("")
	return pipe{p.c}, bufio.NewReadWriter(bufio.NewReader(none), bufio.NewWriter(io.Discard)), nil
}

// A ping flood by a peer that does not read costs no more memory than the high-water mark.
func TestPingFlood(t *testing.T) {
	c, peer := pair(t, limits)
	r := newRecorder()
	r.onMsg = func(string) {
		if got := c.Buffered(); got > limits.High+200 {
			t.Error("buffered", got)
		}
	}
	c.Start(r)
	flood := bytes.Repeat(frame(0x89, strings.Repeat("p", 100)), 1000)
	for range 100 {
		if _, err := peer.Write(flood); err != nil {
			break
		}
		if _, err := peer.Write(text("x")); err != nil {
			break
		}
	}
	go io.Copy(io.Discard, peer)
	c.Close(0)
	wait(t, r.ended)
	peer.Close()
	wait(t, r.gone)
}

// FuzzBytes feeds bytes that need not be frames: nothing but whole messages within the limit comes out, and
// the connection always ends.
func FuzzBytes(f *testing.F) {
	f.Add(text("4x"))
	f.Add(append(frame(0x01, "4"), frame(0x80, "x")...))
	f.Add(frame(0x88, "\x03\xe8bye"))
	f.Add(frame(0x89, "ping"))
	f.Add(frame(0xc1, "x"))
	f.Add([]byte{0x81, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, peer := bare(t, limits)
		r := newRecorder()
		r.onMsg = func(s string) {
			if len(s) > limits.Read {
				t.Errorf("a message of %d bytes", len(s))
			}
		}
		c.Start(r)
		go io.Copy(io.Discard, peer)
		_ = peer.SetWriteDeadline(time.Now().Add(patience))
		_, _ = peer.Write(b)
		peer.Close()
		wait(t, r.ended)
		wait(t, r.gone)
	})
}
