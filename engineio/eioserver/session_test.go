package eioserver

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

const (
	overPolling   = "/socket.io/?EIO=4&transport=polling"
	overWebSocket = "/socket.io/?EIO=4&transport=websocket"
)

// client is a polling client on one connection, as far as tests need one.
type client struct {
	testing.TB
	rig *rig
	sid string
	h   *obedient
}

func (r *rig) poll(tb testing.TB) *client {
	tb.Helper()
	out := do(r.get(tb, overPolling))
	m := sidText.FindStringSubmatch(out)
	if m == nil {
		tb.Fatal("no handshake:", out)
	}
	return &client{TB: tb, rig: r, sid: m[2], h: r.next(tb)}
}

func (r *rig) get(tb testing.TB, target string) *http.Request {
	req, err := http.NewRequest(http.MethodGet, r.url+target, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return req
}

// get polls once and gives the packets.
func (c *client) get() []string {
	c.Helper()
	resp, err := http.Get(c.rig.url + overPolling + "&sid=" + c.sid)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		c.Fatal(resp.Status, string(body), err)
	}
	return strings.Split(string(body), "\x1e")
}

func (c *client) post(packets ...string) {
	c.Helper()
	resp, err := http.Post(c.rig.url+overPolling+"&sid="+c.sid, "text/plain", strings.NewReader(strings.Join(packets, "\x1e")))
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "ok" {
		c.Fatal(resp.Status, string(body))
	}
}

// dial opens a WebSocket; for a new session it reads the open packet.
func (r *rig) dial(tb testing.TB, sid string) *websocket.Conn {
	tb.Helper()
	if sid != "" {
		sid = "&sid=" + sid
	}
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(r.url, "http")+overWebSocket+sid, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { ws.Close() })
	if sid == "" {
		expect(tb, ws, "0{")
	}
	return ws
}

func expect(tb testing.TB, ws *websocket.Conn, prefix string) {
	tb.Helper()
	if got := readFrame(ws); !strings.HasPrefix(got, prefix) {
		tb.Fatalf("got %q, want %q", got, prefix)
	}
}

func put(tb testing.TB, ws *websocket.Conn, texts ...string) {
	tb.Helper()
	for _, text := range texts {
		if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			tb.Error(err)
			return
		}
	}
}

const many = 1000

func numbers(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, "4"+strconv.Itoa(i))
	}
	return out
}

func TestOrderPolling(t *testing.T) {
	r := newRig(t, nil)
	c := r.poll(t)
	go func() {
		for part := range slices.Chunk(numbers(0, many), 37) {
			c.post(part...)
		}
	}()
	var got []string
	for len(got) < many {
		got = append(got, c.get()...)
	}
	if !slices.Equal(got, numbers(0, many)) {
		t.Error("lost or reordered:", got)
	}
}

func TestOrderWebSocket(t *testing.T) {
	r := newRig(t, nil)
	ws := r.dial(t, "")
	go put(t, ws, numbers(0, many)...)
	for i := range many {
		if got := readFrame(ws); got != "4"+strconv.Itoa(i) {
			t.Fatalf("%d: got %q", i, got)
		}
	}
	h := r.next(t)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.passes > many {
		t.Error("more passes than packets:", h.passes)
	}
}

// TestOrderUpgrade moves a session to WebSocket while messages run in both directions.
func TestOrderUpgrade(t *testing.T) {
	r := newRig(t, nil)
	c := r.poll(t)
	half := make(chan bool)
	go func() { // the client's sending: by POST, then by WebSocket
		for part := range slices.Chunk(numbers(0, many/2), 11) {
			c.post(part...)
		}
		close(half)
	}()
	var got []string
	for len(got) < many/4 {
		got = append(got, c.get()...)
	}
	ws := r.dial(t, c.sid)
	put(t, ws, "2probe")
	expect(t, ws, "3probe")
	<-half
	for noop := false; !noop; { // the polling is paused when the poll that waits has ended
		for _, p := range c.get() {
			if noop = p == "6"; !noop {
				got = append(got, p)
			}
		}
	}
	put(t, ws, "5")
	go put(t, ws, numbers(many/2, many)...)
	for len(got) < many {
		got = append(got, readFrame(ws))
	}
	if !slices.Equal(got, numbers(0, many)) {
		t.Error("lost or reordered:", got)
	}
	if name := c.h.s.Transport(); name != "websocket" {
		t.Error("transport is", name)
	}
}

// A POST that is still at work when the WebSocket takes over goes first.
func TestUpgradeAfterPost(t *testing.T) {
	r := newRig(t, nil)
	c := r.poll(t)
	done := make(chan bool)
	go func() { c.post("4pause", "4a", "4b"); close(done) }()
	await(t, func() bool { c.h.mu.Lock(); defer c.h.mu.Unlock(); return len(c.h.got) == 1 })
	ws := r.dial(t, c.sid)
	put(t, ws, "5", "4c")
	c.h.s.Resume()
	<-done
	expect(t, ws, "4a")
	expect(t, ws, "4b")
	expect(t, ws, "4c")
}

// await waits for a state that nobody announces.
func await(tb testing.TB, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatal("never")
		}
	}
}

func TestPause(t *testing.T) {
	r := newRig(t, nil)
	ws := r.dial(t, "")
	h := r.next(t)
	put(t, ws, "4pause", "4x", "4y")
	await(t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.passes > 0 })
	h.mu.Lock()
	if len(h.got) != 1 {
		t.Error("read while paused:", h.got)
	}
	h.mu.Unlock()
	h.s.Resume()
	expect(t, ws, "4x")
	expect(t, ws, "4y")
	put(t, ws, "4pause")
	await(t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.got) == 4 })
	h.s.Close(engineio.OtherSideClosed) // a paused session can be closed
	expect(t, ws, "close 1005")
	if got := h.reason(t); got != engineio.OtherSideClosed {
		t.Error(got)
	}
}

// A peer that could not be heard is not judged by its heartbeat until it could.
func TestPausedHeartbeat(t *testing.T) {
	r := newRig(t, options["fast"])
	ws := r.dial(t, "")
	h := r.next(t)
	put(t, ws, "4pause")
	expect(t, ws, "2")
	put(t, ws, "3")
	await(t, func() bool { h.s.mu.Lock(); defer h.s.mu.Unlock(); return h.s.beat.late })
	h.s.Resume()
	expect(t, ws, "2")
	if got := h.reason(t); got != engineio.PingTimeout {
		t.Error(got)
	}
}

func TestAbortedPoll(t *testing.T) {
	r := newRig(t, nil)
	c := r.poll(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan string)
	go func() { done <- do(r.get(t, overPolling+"&sid="+c.sid).WithContext(ctx)) }()
	await(t, func() bool { c.h.s.mu.Lock(); defer c.h.s.mu.Unlock(); return c.h.s.poll.waiting != nil })
	cancel()
	<-done
	if got := c.h.reason(t); got != engineio.PollAborted {
		t.Error(got)
	}
}

func TestAddress(t *testing.T) {
	addr := func(r *http.Request) (netip.Addr, bool) {
		a, _ := netip.ParseAddr(r.Header.Get("X-Test"))
		return a, false
	}
	for _, any := range []bool{false, true} {
		r := newRig(t, func(o *Options) { o.Address, o.AnyAddress = addr, any })
		c := r.poll(t)
		req := r.get(t, overPolling+"&sid="+c.sid)
		req.Header.Set("X-Test", "192.0.2.7")
		c.h.s.Send(text4("x"))
		if got := do(req); strings.Contains(got, "Session ID unknown") == any {
			t.Errorf("any address %v: %s", any, got)
		}
	}
}

// roomAgain waits till there is room in the buffer, which was full for a moment only, or the session ends.
func (h *obedient) roomAgain() bool {
	select {
	case <-h.writable:
		return true
	case r := <-h.closed:
		h.closed <- r
	case <-time.After(patience):
	}
	return false
}

// TestSlowWebSocket sees that a peer that does not read costs no more than HardLimit, and is closed.
func TestSlowWebSocket(t *testing.T) {
	const high, hard = 32 << 10, 128 << 10
	for _, cause := range []string{"deadline", "hard limit"} {
		t.Run(cause, func(t *testing.T) {
			r := newRig(t, func(o *Options) {
				o.HighWater, o.HardLimit = high, hard
				if cause == "deadline" {
					o.WriteTimeout = 200 * time.Millisecond
				}
			})
			_ = r.dial(t, "")
			h := r.next(t)
			for n := 0; len(h.closed) == 0; n++ {
				below := h.s.Send(text4(strings.Repeat("x", 4096)))
				h.s.Flush()
				h.s.mu.Lock()
				ws := h.s.ws
				h.s.mu.Unlock()
				if got := ws.Buffered(); got > hard {
					t.Fatal("buffered", got)
				}
				if !below && cause == "deadline" && !h.roomAgain() {
					break
				}
				if n > 1<<16 {
					t.Fatal("sent for ever")
				}
			}
			if got := h.reason(t); got != engineio.SlowReader {
				t.Error(got)
			}
		})
	}
}

func TestSlowPolling(t *testing.T) {
	r := newRig(t, func(o *Options) { o.HighWater, o.HardLimit = 1000, 2000 })
	c := r.poll(t)
	for i, want := range []bool{true, false, false} { // 600, 1200, 1800
		if got := c.h.s.Send(text4(strings.Repeat("x", 600-perPacket))); got != want {
			t.Fatalf("%d: %v", i, got)
		}
	}
	if got := len(c.get()); got != 3 {
		t.Fatal(got)
	}
	select {
	case <-c.h.writable:
	case <-time.After(patience):
		t.Fatal("not told")
	}
	for range 4 {
		c.h.s.Send(text4(strings.Repeat("x", 600-perPacket)))
	}
	if got := c.h.reason(t); got != engineio.SlowReader {
		t.Error(got)
	}
}

// What waits too long for a poll closes the session at the next heartbeat.
func TestNoPolls(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.PingInterval, o.WriteTimeout = 100*time.Millisecond, 50*time.Millisecond
	})
	c := r.poll(t)
	c.h.s.Send(text4("x"))
	if got := c.h.reason(t); got != engineio.SlowReader {
		t.Error(got)
	}
}

func TestWritableWebSocket(t *testing.T) {
	r := newRig(t, func(o *Options) { o.HighWater, o.HardLimit = 64<<10, 64<<20 })
	ws := r.dial(t, "")
	h := r.next(t)
	sent := 1
	for h.s.Send(text4(strings.Repeat("x", 8192))) {
		h.s.Flush()
		sent++
	}
	h.s.Flush()
	for range sent {
		expect(t, ws, "4x")
	}
	select {
	case <-h.writable:
	case <-time.After(patience):
		t.Fatal("not told")
	}
}

func TestSendBeforeAnswer(t *testing.T) {
	for _, target := range []string{overPolling, overWebSocket} {
		r := newRig(t, nil)
		accept := r.options().Accept
		r.options().Accept = func(o *Opening) (engineio.Handler, error) {
			o.Session.Send(text4("early"))
			o.Session.Flush()
			o.Header.Add("Set-Cookie", "io=1")
			o.MaxPayload = 777
			return accept(o)
		}
		if target == overWebSocket {
			ws := r.dial(t, "")
			expect(t, ws, "4early")
			continue
		}
		out := do(r.get(t, target))
		if !strings.Contains(out, "Set-Cookie: io=1") || !strings.Contains(out, `"maxPayload":777}`) {
			t.Error(out)
		}
		c := &client{TB: t, rig: r, sid: sidText.FindStringSubmatch(out)[2]}
		if got := c.get(); got[0] != "4early" {
			t.Error(got)
		}
	}
}

func TestAcceptRefuses(t *testing.T) {
	for _, v := range []struct {
		err           error
		polling, sock string
	}{
		{&engineio.Error{Code: engineio.Forbidden, Message: "no"},
			"403 application/json\n{\"code\":4,\"message\":\"no\"}", "400 text/html\nno"},
		{fmt.Errorf("x: %w", &engineio.Error{Code: engineio.Forbidden, Status: 429, Message: "slow down"}),
			"429 application/json\n{\"code\":4,\"message\":\"slow down\"}", "429 application/json\n{\"code\":4,\"message\":\"slow down\"}"},
		{errors.New("secret"), "500 application/json\n{\"code\":3,\"message\":\"Internal error\"}", "500 application/json\n{\"code\":3,\"message\":\"Internal error\"}"},
	} {
		r := newRig(t, func(o *Options) {
			o.Accept = func(*Opening) (engineio.Handler, error) { return nil, v.err }
		})
		if got := do(r.get(t, overPolling)); got != v.polling {
			t.Errorf("%v: %s", v.err, got)
		}
		p := &player{T: t, rig: r}
		if got := p.dial("x $W"); got != v.sock {
			t.Errorf("%v: %s", v.err, got)
		}
		if n := len(r.all()); n != 0 {
			t.Error(n, "sessions left")
		}
	}
}

// A session that ends while it is being accepted is told so, and the client is refused.
func TestClosedWhileAccepted(t *testing.T) {
	r := newRig(t, nil)
	accept := r.options().Accept
	r.options().Accept = func(o *Opening) (engineio.Handler, error) {
		o.Session.Close(engineio.OtherSideClosed)
		return accept(o)
	}
	if got := do(r.get(t, overPolling)); !strings.HasPrefix(got, "503 ") {
		t.Error(got)
	}
	if got := r.next(t).reason(t); got != engineio.OtherSideClosed {
		t.Error(got)
	}
	if n := len(r.all()); n != 0 {
		t.Error(n, "sessions left")
	}
}

// A client that is gone before the handshake is answered leaves nothing behind.
func TestGoneWhileAccepted(t *testing.T) {
	for _, target := range []string{overPolling, overWebSocket} {
		r := newRig(t, nil)
		accept := r.options().Accept
		r.options().Accept = func(o *Opening) (engineio.Handler, error) {
			<-o.Request.Context().Done()
			return accept(o)
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n", target)
		if target == overWebSocket {
			fmt.Fprintf(conn, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n",
				base64.StdEncoding.EncodeToString(make([]byte, 16)))
		}
		fmt.Fprint(conn, "\r\n")
		conn.Close()
		if got := r.next(t).reason(t); got != engineio.TransportError {
			t.Error(got)
		}
		await(t, func() bool { return len(r.all()) == 0 })
	}
}

func TestSlowPost(t *testing.T) {
	r := newRig(t, func(o *Options) { o.BodyTimeout = 50 * time.Millisecond })
	c := r.poll(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	got, err := exchange(bufio.NewReader(conn), conn,
		"POST "+overPolling+"&sid="+c.sid+" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4")
	if err != nil || !strings.HasPrefix(got, "408 ") {
		t.Error(got, err)
	}
	if got := c.h.reason(t); got != engineio.SlowMessage {
		t.Error(got)
	}
}

func TestShutdown(t *testing.T) {
	r := newRig(t, nil)
	ws := r.dial(t, "")
	a := r.next(t)
	c := r.poll(t)
	polled := make(chan []string)
	go func() { polled <- c.get() }()
	await(t, func() bool { c.h.s.mu.Lock(); defer c.h.s.mu.Unlock(); return c.h.s.poll.waiting != nil })
	down := make(chan error)
	go func() { down <- r.Shutdown(context.Background()) }()
	expect(t, ws, "close 1005")
	ws.Close()
	if got := <-polled; got[0] != "1" {
		t.Error(got)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	for _, h := range []*obedient{a, c.h} {
		if got := h.reason(t); got != engineio.Shutdown {
			t.Error(got)
		}
	}
	if got := do(r.get(t, overPolling)); !strings.HasPrefix(got, "503 ") {
		t.Error(got)
	}
	if n := len(r.all()); n != 0 {
		t.Error(n, "sessions left")
	}
}

// A client that does not poll does not hold the end up.
func TestShutdownWaitsForNoLastPoll(t *testing.T) {
	r := newRig(t, nil)
	silent, refused := r.poll(t), r.poll(t)
	refused.h.s.Close(engineio.Denied) // lingers for its last poll, which never comes
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if a, b := silent.h.reason(t), refused.h.reason(t); a != engineio.Shutdown || b != engineio.Denied {
		t.Error(a, b)
	}
}

// Clients that do not answer do not hold a shutdown beyond its time.
func TestShutdownCut(t *testing.T) {
	r := newRig(t, nil)
	_ = r.dial(t, "")
	a, c := r.next(t), r.poll(t)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	for _, h := range []*obedient{a, c.h} {
		if got := h.reason(t); got != engineio.Shutdown {
			t.Error(got)
		}
	}
}

// Whoever closes, and however many at once, the handler hears it once.
func TestCloseOnce(t *testing.T) {
	r := newRig(t, nil)
	for range 20 {
		ws := r.dial(t, "")
		h := r.next(t)
		go h.s.Close(engineio.Denied)
		go h.s.Close(engineio.OtherSideClosed)
		go ws.Close()
		h.reason(t)
		h.s.Send(text4("late"))
		h.s.Flush()
		h.s.Pause()
		h.s.Resume()
		h.s.Close(engineio.Shutdown)
	}
	await(t, func() bool { return len(r.all()) == 0 })
}

func TestOptions(t *testing.T) {
	accept := func(*Opening) (engineio.Handler, error) { return nil, nil }
	for name, o := range map[string]Options{
		"no accept":  {},
		"path":       {Accept: accept, Path: "x"},
		"duration":   {Accept: accept, PingInterval: -1},
		"limit":      {Accept: accept, MaxPayload: -1},
		"hard limit": {Accept: accept, HighWater: 2, HardLimit: 1},
		"transport":  {Accept: accept, Transports: []string{"pigeon"}},
	} {
		if _, err := New(o); err == nil {
			t.Error(name, "accepted")
		}
	}
}

// A client may close its connection once it has the answer: the session is the sid's, not the connection's.
func TestHangUpAfterHandshake(t *testing.T) {
	r := newRig(t, nil)
	for range 50 {
		c := r.poll(t) // on a connection of its own, closed at once
		c.post("4x")
	}
}
