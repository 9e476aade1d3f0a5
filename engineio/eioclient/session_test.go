package eioclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

// TestMain runs every test with portable WebSockets and with those of event loops.
func TestMain(m *testing.M) { goleak.VerifyTestMain(kinds{m}) }

type kinds struct{ *testing.M }

func (k kinds) Run() int {
	code := k.M.Run()
	if loops = wsconn.NewLoops(2); loops != nil && code == 0 {
		fmt.Println("and on event loops:")
		code = k.M.Run()
	}
	return code
}

// loops serve the WebSockets; nil where they are portable.
var loops *wsconn.Loops

const patience = 10 * time.Second

// upstream serves one WebSocket at a time to a script.
type upstream struct {
	*httptest.Server
	conns chan *websocket.Conn
	reqs  chan *http.Request
}

const openPacket = `0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`

// newUpstream answers each WebSocket with greeting, and hands it over.
func newUpstream(t *testing.T, secure bool, greeting ...string) *upstream {
	u := &upstream{conns: make(chan *websocket.Conn, 10), reqs: make(chan *http.Request, 10)}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, http.Header{"Set-Cookie": {"lb=1"}})
		if err != nil {
			return
		}
		for _, g := range greeting {
			_ = ws.WriteMessage(websocket.TextMessage, []byte(g))
		}
		t.Cleanup(func() { ws.Close() })
		u.reqs <- r
		u.conns <- ws
	})
	if secure {
		u.Server = httptest.NewTLSServer(h)
	} else {
		u.Server = httptest.NewServer(h)
	}
	t.Cleanup(u.Close)
	return u
}

func (u *upstream) options(t *testing.T) Options {
	target, err := url.Parse(u.URL + "/socket.io/")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Seat: loops.Seat(), URL: target}
	if u.TLS != nil {
		o.TLS = u.Client().Transport.(*http.Transport).TLSClientConfig
	}
	return o
}

// dial opens a session and gives both ends.
func (u *upstream) dial(t *testing.T, edit func(*Options)) (*Session, *websocket.Conn) {
	t.Helper()
	o := u.options(t)
	if edit != nil {
		edit(&o)
	}
	s, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(engineio.Shutdown) })
	return s, <-u.conns
}

// recorder is a handler that keeps what it is told.
type recorder struct {
	s        *Session
	got      chan string
	closed   chan engineio.Reason
	writable chan bool
	passes   chan bool
	one      sync.Mutex // held in each call but Closed: they must not overlap
}

func start(s *Session) *recorder {
	r := &recorder{s: s, got: make(chan string, 10000), closed: make(chan engineio.Reason, 10),
		writable: make(chan bool, 100), passes: make(chan bool, 10000)}
	s.Start(r)
	return r
}

func (r *recorder) alone() func() {
	if !r.one.TryLock() {
		panic("two calls of the handler at a time")
	}
	return r.one.Unlock
}

func (r *recorder) Packet(p engineio.Packet) {
	defer r.alone()()
	if string(p.Data) == "pause" {
		r.s.Pause()
	}
	r.got <- map[bool]string{true: "binary "}[p.Binary] + string(p.Data)
}
func (r *recorder) PassEnd()                 { defer r.alone()(); r.passes <- true }
func (r *recorder) Writable()                { defer r.alone()(); r.writable <- true }
func (r *recorder) Closed(e engineio.Reason) { r.closed <- e }

func (r *recorder) want(t *testing.T, packets ...string) {
	t.Helper()
	for _, want := range packets {
		if got := receive(t, r.got); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func (r *recorder) end(t *testing.T, want engineio.Reason) {
	t.Helper()
	if got := receive(t, r.closed); got != want {
		t.Errorf("closed for %v, want %v", got, want)
	}
	if len(r.closed) > 0 {
		t.Error("closed twice")
	}
}

func receive[T any](t *testing.T, c chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

func write(t *testing.T, ws *websocket.Conn, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, ws *websocket.Conn) string {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	_, b, err := ws.ReadMessage()
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func text(s string) engineio.Packet {
	return engineio.Packet{Type: engineio.Message, Data: []byte(s)}
}

func TestDial(t *testing.T) {
	for _, secure := range []bool{false, true} {
		// What comes with the open packet waits for Start.
		u := newUpstream(t, secure, openPacket, "4early", "2")
		s, ws := u.dial(t, func(o *Options) {
			o.Header = http.Header{"Cookie": {"a=b"}, "Host": {"front.example"}, "connection": {"close"}, "Sec-WebSocket-Key": {"x"}}
			o.Query = url.Values{"room": {"1", "2"}, "EIO": {"3"}, "sid": {"x"}, "transport": {"polling"}}
		})
		if h := s.Handshake(); h.SID != "abc" || h.PingInterval != 25*time.Second || h.MaxPayload != 1000000 {
			t.Errorf("%+v", h)
		}
		if got := s.Response().Get("Set-Cookie"); got != "lb=1" {
			t.Error(got)
		}
		req := <-u.reqs
		if got := req.URL.RequestURI(); got != "/socket.io/?EIO=4&room=1&room=2&transport=websocket" {
			t.Error(got)
		}
		if req.Host != "front.example" || req.Header.Get("Cookie") != "a=b" {
			t.Error(req.Host, req.Header)
		}
		r := start(s)
		r.want(t, "early")
		if got := read(t, ws); got != "3" {
			t.Error(got)
		}
		s.Send(text("a"))
		s.Send(engineio.Packet{Type: engineio.Message, Binary: true, Data: []byte{1}})
		s.Send(text(strings.Repeat("x", 100_000))) // more than one frame
		s.Flush()
		if got := read(t, ws) + read(t, ws) + read(t, ws)[:3]; got != "4a\x014xx" {
			t.Errorf("%q", got)
		}
		if err := ws.WriteMessage(websocket.BinaryMessage, []byte("\x01")); err != nil {
			t.Fatal(err)
		}
		r.want(t, "binary \x01")
		s.Close(engineio.Denied)
		if got := read(t, ws); got != "websocket: close 1005 (no status)" {
			t.Error(got)
		}
		r.end(t, engineio.Denied)
	}
}

func TestRefused(t *testing.T) {
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Why", "because")
		http.Error(w, strings.Repeat("no", 1000), http.StatusForbidden)
	}))
	defer u.Close()
	target, _ := url.Parse(u.URL)
	_, err := Dial(t.Context(), Options{Seat: loops.Seat(), URL: target})
	var refused *Refused
	if !errors.As(err, &refused) || refused.Status != 403 || len(refused.Message) != 1024 || refused.Header.Get("X-Why") != "because" {
		t.Errorf("%v", err)
	}
}

func TestDialFails(t *testing.T) {
	for _, first := range []string{"4x", "0{}", "9", "", `0{"sid":""}`} {
		u := newUpstream(t, false, first)
		if _, err := Dial(t.Context(), u.options(t)); err == nil {
			t.Errorf("%q taken for an open packet", first)
		}
	}
	silent := newUpstream(t, false)
	o := silent.options(t)
	o.HandshakeTimeout = 50 * time.Millisecond
	if _, err := Dial(t.Context(), o); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("silent upstream:", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-silent.conns; <-silent.conns; cancel() }() // the second is this dial's
	if _, err := Dial(ctx, silent.options(t)); !errors.Is(err, context.Canceled) {
		t.Error("cancelled:", err)
	}
	silent.Close()
	var network *net.OpError
	if _, err := Dial(t.Context(), silent.options(t)); !errors.As(err, &network) {
		t.Error("upstream down:", err)
	}
	for _, bad := range []*url.URL{nil, {Scheme: "ftp", Host: "x"}} {
		if _, err := Dial(t.Context(), Options{Seat: loops.Seat(), URL: bad}); err == nil {
			t.Error(bad, "dialled")
		}
	}
}

// A connection that is accepted and says nothing is given up when the caller gives up.
func TestCancelHandshake(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c, err := l.Accept()
		cancel()
		if err == nil {
			defer c.Close()
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Read(make([]byte, 4096)) // till the other side closes
		}
	}()
	if _, err := Dial(ctx, Options{Seat: loops.Seat(), URL: &url.URL{Scheme: "http", Host: l.Addr().String()}}); err == nil {
		t.Error("dialled")
	}
}

func TestEndings(t *testing.T) {
	for _, v := range []struct {
		name  string
		cause func(*testing.T, *websocket.Conn)
		want  engineio.Reason
	}{
		{"close packet", func(t *testing.T, ws *websocket.Conn) { write(t, ws, "1") }, engineio.PeerClosed},
		{"close frame", func(t *testing.T, ws *websocket.Conn) {
			_ = ws.WriteControl(websocket.CloseMessage, nil, time.Time{})
		}, engineio.PeerClosed},
		{"drop", func(t *testing.T, ws *websocket.Conn) { ws.NetConn().Close() }, engineio.TransportError},
		{"nonsense", func(t *testing.T, ws *websocket.Conn) { write(t, ws, "x") }, engineio.ParseError},
		{"second open", func(t *testing.T, ws *websocket.Conn) { write(t, ws, openPacket) }, engineio.ProtocolViolation},
		{"pong", func(t *testing.T, ws *websocket.Conn) { write(t, ws, "3") }, engineio.ProtocolViolation},
		{"upgrade", func(t *testing.T, ws *websocket.Conn) { write(t, ws, "5") }, engineio.ProtocolViolation},
		{"bad text", func(t *testing.T, ws *websocket.Conn) { write(t, ws, "4\xff") }, engineio.BadUTF8},
		{"too large", func(t *testing.T, ws *websocket.Conn) { write(t, ws, "4"+strings.Repeat("x", 1000)) }, engineio.TooLarge},
		{"masked", func(t *testing.T, ws *websocket.Conn) {
			_, _ = ws.NetConn().Write([]byte{0x81, 0x81, 0, 0, 0, 0, '6'})
		}, engineio.ProtocolViolation},
		{"compressed", func(t *testing.T, ws *websocket.Conn) {
			_, _ = ws.NetConn().Write([]byte{0xc1, 0x01, '6'})
		}, engineio.ProtocolViolation},
	} {
		t.Run(v.name, func(t *testing.T) {
			u := newUpstream(t, false, openPacket)
			s, ws := u.dial(t, func(o *Options) { o.MaxPayload = 1000 })
			r := start(s)
			write(t, ws, "6", "4"+strings.Repeat("x", 999)) // a noop says nothing, and this is not too large
			receive(t, r.got)
			v.cause(t, ws)
			r.end(t, v.want)
		})
	}
}

func TestPingTimeout(t *testing.T) {
	u := newUpstream(t, false, `0{"sid":"abc","upgrades":[],"pingInterval":300,"pingTimeout":300,"maxPayload":1000}`)
	s, ws := u.dial(t, nil)
	r := start(s)
	write(t, ws, "2")
	if got := read(t, ws); got != "3" {
		t.Error(got)
	}
	r.end(t, engineio.PingTimeout)
}

// An upstream that could not be heard is not judged until it could.
func TestPausedPing(t *testing.T) {
	u := newUpstream(t, false, `0{"sid":"abc","upgrades":[],"pingInterval":100,"pingTimeout":100,"maxPayload":1000}`)
	s, ws := u.dial(t, nil)
	r := start(s)
	write(t, ws, "4pause", "4x")
	r.want(t, "pause")
	fired := time.NewTimer(500 * time.Millisecond) // the heartbeat's own timer has fired well before
	select {
	case <-fired.C:
	case reason := <-r.closed:
		t.Fatal("judged while paused:", reason)
	}
	s.Resume()
	r.want(t, "x")
	r.end(t, engineio.PingTimeout)
}

func TestOrder(t *testing.T) {
	const many = 1000
	u := newUpstream(t, false, openPacket)
	s, ws := u.dial(t, nil)
	r := start(s)
	var want, got []string
	for i := range many {
		want = append(want, strconv.Itoa(i))
	}
	go func() {
		for _, w := range want {
			s.Send(text(w))
			s.Flush()
		}
	}()
	for range many {
		m := read(t, ws)
		write(t, ws, m)
		got = append(got, m[1:])
	}
	if !slices.Equal(got, want) {
		t.Error("lost or reordered going out:", got)
	}
	r.want(t, want...)
}

// roomAgain waits till there is room in the buffer, which was full for a moment only, or the session ends.
func (r *recorder) roomAgain() bool {
	r.s.Flush()
	select {
	case <-r.writable:
		return true
	case e := <-r.closed:
		r.closed <- e
	case <-time.After(10 * time.Second):
	}
	return false
}

func TestSlowUpstream(t *testing.T) {
	u := newUpstream(t, false, openPacket)
	s, _ := u.dial(t, func(o *Options) {
		o.HighWater, o.HardLimit, o.WriteTimeout = 32<<10, 1<<20, 100*time.Millisecond
	})
	r := start(s)
	for len(r.closed) == 0 && (s.Send(text(strings.Repeat("x", 4096))) || r.roomAgain()) {
		s.Flush()
	}
	r.end(t, engineio.SlowReader)
}

func TestWritable(t *testing.T) {
	u := newUpstream(t, false, openPacket)
	s, ws := u.dial(t, func(o *Options) { o.HighWater, o.HardLimit = 32<<10, 64<<20 })
	r := start(s)
	sent := 1
	for s.Send(text(strings.Repeat("x", 4096))) {
		s.Flush()
		sent++
	}
	s.Flush()
	for range sent {
		read(t, ws)
	}
	receive(t, r.writable)
}

func TestHardLimit(t *testing.T) {
	u := newUpstream(t, false, openPacket)
	s, _ := u.dial(t, func(o *Options) { o.HighWater, o.HardLimit = 1000, 2000 })
	if !s.Send(text(strings.Repeat("x", 500))) || s.Send(text(strings.Repeat("x", 500))) {
		t.Error("high water is not where it should be")
	}
	s.Send(text(strings.Repeat("x", 1500)))
	start(s).end(t, engineio.SlowReader) // only now: the reading goroutine writes what waits before it waits itself
}

func TestCloseBeforeStart(t *testing.T) {
	u := newUpstream(t, false, openPacket)
	s, ws := u.dial(t, nil)
	s.Close(engineio.OtherSideClosed)
	s.Close(engineio.Denied)
	if got := read(t, ws); got != "websocket: close 1005 (no status)" {
		t.Error(got)
	}
	start(s).end(t, engineio.OtherSideClosed)
}
