package eioserver

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siogw/siogw/engineio"
)

// fast makes heartbeats come soon, and lost pongs matter late.
func fast(o *Options) { o.PingInterval, o.PingTimeout = 20*time.Millisecond, patience }

func TestNeverPolled(t *testing.T) {
	r := newRig(t, func(o *Options) { o.PollTimeout = 50 * time.Millisecond })
	polls, ws := r.poll(t), r.dial(t, "")
	h := r.next(t)
	got := make(chan []string, 1)
	go func() { got <- polls.get() }()
	silent := r.poll(t)
	if reason := silent.h.reason(t); reason != engineio.NeverPolled {
		t.Error(reason)
	}
	polls.h.s.Send(engineio.Packet{Type: engineio.Message, Data: []byte("a")})
	polls.h.s.Flush()
	if out := <-got; out[0] != "4a" {
		t.Error(out)
	}
	put(t, ws, "4b")
	await(t, func() bool { return h.heard() != "" })
}

func TestIdleAndLifetime(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		r := newRig(t, func(o *Options) { fast(o); o.Idle = 300 * time.Millisecond })
		speaks, silent := r.dial(t, ""), r.dial(t, "")
		first, second := r.next(t), r.next(t)
		ended := make(chan engineio.Reason, 1)
		go func() { ended <- second.reason(t) }()
		go func() { // pongs are not messages
			for {
				if _, _, err := silent.ReadMessage(); err != nil {
					return
				}
				_ = silent.WriteMessage(1, []byte("3"))
			}
		}()
		go func() {
			for {
				if _, _, err := speaks.ReadMessage(); err != nil {
					return
				}
				_ = speaks.WriteMessage(1, []byte("3"))
				_ = speaks.WriteMessage(1, []byte("4x"))
			}
		}()
		if reason := <-ended; reason != engineio.Idle {
			t.Error(reason)
		}
		if first.s.closed() {
			t.Error("the one that speaks is closed too")
		}
	})
	t.Run("lifetime", func(t *testing.T) {
		r := newRig(t, func(o *Options) { fast(o); o.Lifetime = 100 * time.Millisecond })
		ws := r.dial(t, "")
		go func() {
			for ws.WriteMessage(1, []byte("4x")) == nil { // neither silent nor without pongs
				if _, m, _ := ws.ReadMessage(); string(m) == "2" {
					_ = ws.WriteMessage(1, []byte("3"))
				}
			}
		}()
		if reason := r.next(t).reason(t); reason != engineio.Lifetime {
			t.Error(reason)
		}
	})
	t.Run("within", func(t *testing.T) {
		r := newRig(t, func(o *Options) { fast(o); o.Idle, o.Lifetime = time.Hour, time.Hour })
		ws := r.dial(t, "")
		h := r.next(t)
		for range 5 { // each ping looked
			expect(t, ws, "2")
			put(t, ws, "3")
		}
		put(t, ws, "4x")
		await(t, func() bool { return h.heard() == "x" })
	})
}

// Who is slow, but within BodyTimeout and WriteTimeout, goes on.
func TestSlowInTime(t *testing.T) {
	r := newRig(t, func(o *Options) { fast(o); o.BodyTimeout, o.WriteTimeout = time.Minute, time.Minute })
	c := r.poll(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	from := bufio.NewReader(conn)
	_, _ = io.WriteString(conn, "POST "+overPolling+"&sid="+c.sid+" HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n4ab")
	c.h.s.Send(engineio.Packet{Type: engineio.Message, Data: []byte("waits")})
	ping := func() bool {
		c.h.s.mu.Lock()
		defer c.h.s.mu.Unlock()
		return len(c.h.s.poll.queue) > 1
	}
	await(t, ping) // a heartbeat has looked at what waits
	if got, err := exchange(from, conn, "c"); err != nil || !strings.HasPrefix(got, "200 ") {
		t.Error(got, err)
	}
	if got := c.get(); got[0] != "4waits" || c.h.heard() != "abc" {
		t.Error(got, c.h.heard())
	}
}

func TestUpgradeLimits(t *testing.T) {
	t.Run("of a session", func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.Upgrades = 2 })
		c := r.poll(t)
		for range 2 {
			ws := r.dial(t, c.sid)
			put(t, ws, "2probe")
			expect(t, ws, "3probe")
			ws.Close()
			await(t, func() bool { c.h.s.mu.Lock(); defer c.h.s.mu.Unlock(); return c.h.s.up == nil })
		}
		refusedUpgrade(t, r, c.sid)
	})
	t.Run("in total", func(t *testing.T) {
		r := newRig(t, func(o *Options) { o.TotalUpgrades = 2 })
		a, b, c := r.poll(t), r.poll(t), r.poll(t)
		first := r.dial(t, a.sid)
		r.dial(t, b.sid)
		refusedUpgrade(t, r, c.sid)
		put(t, first, "5") // done: it is no longer under way
		await(t, func() bool { return a.h.s.Transport() == "websocket" })
		third := r.dial(t, c.sid)
		put(t, third, "2probe")
		expect(t, third, "3probe")
		third.Close()
		await(t, func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.upgrades == 1 })
	})
}

func refusedUpgrade(t *testing.T, r *rig, sid string) {
	t.Helper()
	req := r.get(t, overWebSocket+"&sid="+sid)
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} {
		req.Header.Set(name, value)
	}
	if got := do(req); got != "429 application/json\n"+`{"code":3,"message":"Too many upgrades"}` {
		t.Error(got)
	}
}

func TestPostRates(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Rates.Frames = Rate{Count: 3, Per: time.Hour} })
	c := r.poll(t)
	c.post("4a", "4b", "4c")
	resp, err := http.Post(r.url+overPolling+"&sid="+c.sid, "text/plain", strings.NewReader("4d"))
	if err != nil || resp.StatusCode != 400 {
		t.Error(resp, err)
	}
	resp.Body.Close()
	if reason := c.h.reason(t); reason != engineio.Frames || c.h.heard() != "abc" {
		t.Error(reason, c.h.heard())
	}

	var slowed atomic.Int32
	r = newRig(t, func(o *Options) {
		o.Rates.Bytes, o.Slowed = Rate{Count: 4, Per: 100 * time.Millisecond}, func() { slowed.Add(1) }
	})
	c = r.poll(t)
	c.post("4abc")
	if slowed.Load() != 0 {
		t.Error("the limit itself waits")
	}
	c.post("4abcd")
	c.post("4efghi")
	if slowed.Load() == 0 || c.h.heard() != "abcabcdefghi" {
		t.Error(slowed.Load(), c.h.heard())
	}
}

// A sid serves nobody but whom it was given to.
func TestStolenSID(t *testing.T) {
	const unknown = `400 application/json` + "\n" + `{"code":1,"message":"Session ID unknown"}`
	byHeader := func(r *http.Request) (netip.Addr, bool) {
		a, _ := netip.ParseAddr(r.Header.Get("X-Test"))
		return a, false
	}
	open := func(t *testing.T, change func(*Options), header ...string) (r *rig, sid, cookie string) {
		r = newRig(t, func(o *Options) { o.Address = byHeader; change(o) })
		out := do(with(r.get(t, overPolling), header...))
		r.next(t)
		m := sidText.FindStringSubmatch(out)
		if m == nil {
			t.Fatal(out)
		}
		_, cookie, _ = strings.Cut(out, "Set-Cookie: ")
		cookie, _, _ = strings.Cut(cookie, ";")
		return r, m[2], cookie
	}
	try := func(t *testing.T, r *rig, sid string, header ...string) string {
		req := with(r.get(t, overPolling+"&sid="+sid), header...)
		req.Method, req.Body = http.MethodPost, io.NopCloser(bytes.NewReader([]byte("4x")))
		return do(req)
	}
	t.Run("address", func(t *testing.T) {
		r, sid, cookie := open(t, func(*Options) {}, "X-Test", "10.0.0.1")
		if got := try(t, r, sid, "X-Test", "10.0.0.2"); got != unknown || cookie != "" {
			t.Error(got, cookie)
		}
		if got := try(t, r, sid, "X-Test", "10.0.0.1"); !strings.HasSuffix(got, "ok") {
			t.Error(got)
		}
	})
	t.Run("cookie", func(t *testing.T) {
		bind := func(o *Options) { o.AnyAddress, o.Cookie = true, "siogw" }
		r, sid, cookie := open(t, bind, "X-Test", "10.0.0.1")
		for _, wrong := range []string{"", "siogw=", "siogw=" + newID(), "other=" + cookie, cookie + "x"} {
			if got := try(t, r, sid, "X-Test", "10.0.0.1", "Cookie", wrong); got != unknown {
				t.Errorf("cookie %q: %s", wrong, got)
			}
		}
		if got := try(t, r, sid, "X-Test", "10.0.0.2", "Cookie", "a=b; "+cookie); !strings.HasSuffix(got, "ok") {
			t.Error(got)
		}
		out := do(with(r.get(t, overPolling), "Cookie", cookie)) // another tab of the same browser
		r.next(t)
		if !strings.Contains(out, cookie) || !strings.Contains(out, "HttpOnly; SameSite=Lax") {
			t.Error(out)
		}
		if got := do(with(r.get(t, overWebSocket+"&sid="+sid), "Connection", "Upgrade", "Upgrade", "websocket",
			"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")); !strings.HasPrefix(got, "400") {
			t.Error("an upgrade without the cookie:", got)
		}
	})
	t.Run("none", func(t *testing.T) {
		r, sid, _ := open(t, func(o *Options) { o.AnyAddress = true }, "X-Test", "10.0.0.1")
		if got := try(t, r, sid, "X-Test", "10.0.0.2"); !strings.HasSuffix(got, "ok") {
			t.Error(got)
		}
		for _, guess := range []string{sid[1:], sid + "A", strings.ToLower(sid), "__proto__", newID()} {
			if got := try(t, r, guess, "X-Test", "10.0.0.1"); guess != sid && got != unknown {
				t.Errorf("sid %s: %s", guess, got)
			}
		}
	})
	t.Run("revision", func(t *testing.T) {
		r, sid, _ := open(t, func(o *Options) { o.EIO3 = true }, "X-Test", "10.0.0.1")
		got := do(with(r.get(t, "/socket.io/?EIO=3&transport=polling&sid="+sid), "X-Test", "10.0.0.1"))
		if !strings.HasPrefix(got, "400") || !strings.Contains(got, `{"code":3`) {
			t.Error(got)
		}
	})
}

// heard gives all that the session's handler got, without the separators.
func (h *obedient) heard() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.got, "")
}

func with(r *http.Request, header ...string) *http.Request {
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestOriginRequired(t *testing.T) {
	for _, v := range []struct {
		required bool
		header   []string
		ok       bool
	}{
		{false, nil, true},
		{true, nil, false},
		{true, []string{"Sec-Fetch-Site", "same-origin"}, true},
		{true, []string{"Sec-Fetch-Site", "none"}, false},
		{true, []string{"Sec-Fetch-Site", "cross-site"}, false},
		{true, []string{"Origin", "https://a.example"}, true},
		{true, []string{"Origin", "https://b.example"}, false},
		{true, []string{"Origin", "null"}, true},
	} {
		r := newRig(t, func(o *Options) { o.OriginRequired, o.Origins = v.required, []string{"https://a.example", "null"} })
		got := do(with(r.get(t, overPolling), v.header...))
		if ok := strings.HasPrefix(got, "200"); ok != v.ok {
			t.Errorf("required %v, %q: %s", v.required, v.header, got)
		} else if ok {
			r.next(t)
		}
	}
	r := newRig(t, nil) // the same host only
	if got := do(with(r.get(t, overPolling), "Origin", "null")); !strings.HasPrefix(got, "403") {
		t.Error("null origin by default:", got)
	}
}

// What a session holds is accounted for, and all of it given back.
func TestAccount(t *testing.T) {
	var held atomic.Int64
	r := newRig(t, nil)
	accept := r.options().Accept
	r.options().Accept = func(o *Opening) (engineio.Handler, error) {
		o.Account = func(n int) { held.Add(int64(n)) }
		return accept(o)
	}
	for _, end := range []engineio.Reason{engineio.Denied, engineio.TransportError, engineio.OutOfMemory} {
		c := r.poll(t)
		for range 20 {
			c.h.s.Send(engineio.Packet{Type: engineio.Message, Data: make([]byte, 1000)})
		}
		if held.Load() < 20_000 {
			t.Error("20 KB in the queue:", held.Load())
		}
		c.get()
		if n := held.Load(); n < 4_000 || n > 6_000 {
			t.Error("4 KB in the queue:", n)
		}
		c.post("4" + strings.Repeat("x", 5000))
		c.h.s.Close(end)
		if end == engineio.Denied { // its last words wait for two polls
			c.get()
			c.get()
		}
		await(t, func() bool { return held.Load() == 0 })
	}
	c := r.poll(t)
	c.h.s.Send(engineio.Packet{Type: engineio.Message, Data: make([]byte, 1000)})
	ws := r.dial(t, c.sid)
	put(t, ws, "2probe", "5")
	expect(t, ws, "3probe")
	await(t, func() bool { return held.Load() == 0 })
}
