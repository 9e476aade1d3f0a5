package eioserver

import (
	"bytes"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

func admit3(o *Options) { o.EIO3 = true }

// bare3 gives a session of revision 3 that polls, without HTTP around it.
func bare3(tb testing.TB, o Options) (*Session, *obedient) {
	tb.Helper()
	o.EIO3, o.Accept = true, func(*Opening) (engineio.Handler, error) { return nil, nil }
	srv, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	s := newSession(srv, &request{opts: srv.options(), eio: 3, transport: "polling"})
	h := &obedient{s: s, closed: make(chan engineio.Reason, 10), mute: true}
	if err := s.accept(h, &Opening{}); err != nil {
		tb.Fatal(err)
	}
	return s, h
}

// finish ends a session of bare3.
func finish(tb testing.TB, s *Session, h *obedient) {
	tb.Helper()
	s.end(engineio.Shutdown)
	h.reason(tb)
	s.mu.Lock()
	s.forgetNow()
	s.mu.Unlock()
}

func TestPingMovesDeadline(t *testing.T) {
	s, h := bare3(t, Options{PingInterval: time.Hour, PingTimeout: time.Minute})
	defer finish(t, s, h)
	s.mu.Lock()
	s.beat.arm(s, time.Minute) // as if an hour had gone by
	s.mu.Unlock()
	if !s.packet(engineio.Packet{Type: engineio.Ping}) {
		t.Fatal("a ping ended the session")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := s.beat.alarm.Left(); left < time.Hour {
		t.Errorf("the next ping is due in %v", left)
	}
}

// TestPingWithoutPoll closes a client that pings and never fetches what waits for it.
func TestPingWithoutPoll(t *testing.T) {
	s, h := bare3(t, Options{WriteTimeout: time.Minute})
	s.Send(text4("x"))
	s.mu.Lock()
	s.poll.since = time.Now().Add(-59 * time.Second)
	s.mu.Unlock()
	if !s.packet(engineio.Packet{Type: engineio.Ping}) {
		t.Fatal("closed before its time")
	}
	s.mu.Lock()
	s.poll.since = time.Now().Add(-61 * time.Second)
	s.mu.Unlock()
	if s.packet(engineio.Packet{Type: engineio.Ping}) {
		t.Fatal("not closed")
	}
	if r := h.reason(t); r != engineio.SlowReader {
		t.Errorf("closed for %v", r)
	}
}

// TestPongsAreBounded closes a client that lets the answers to its pings pile up.
func TestPongsAreBounded(t *testing.T) {
	s, h := bare3(t, Options{MaxPayload: 1, HighWater: 10 * perPacket, HardLimit: 10 * perPacket})
	for i := range 10 {
		if !s.packet(engineio.Packet{Type: engineio.Ping}) {
			t.Fatalf("closed at ping %d", i)
		}
	}
	if s.packet(engineio.Packet{Type: engineio.Ping}) {
		t.Fatal("not closed")
	}
	if r := h.reason(t); r != engineio.SlowReader {
		t.Errorf("closed for %v", r)
	}
}

// TestPausedPing gives a client whose ping may lie unread its time again.
func TestPausedPing(t *testing.T) {
	s, h := bare3(t, Options{PingInterval: time.Hour, PingTimeout: time.Minute})
	defer finish(t, s, h)
	s.Pause()
	s.mu.Lock()
	s.beat.stop() // as if its time had come
	s.mu.Unlock()
	s.beatDue()
	if s.closed() {
		t.Fatal("closed while it could not be heard")
	}
	s.Resume()
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := s.beat.alarm.Left(); s.reason != 0 || left < time.Minute-patience {
		t.Errorf("reason %v, due in %v after Resume", s.reason, left)
	}
}

func TestChosenSID(t *testing.T) {
	r := newRig(t, func(o *Options) {
		admit3(o)
		accept := o.Accept
		o.Accept = func(p *Opening) (engineio.Handler, error) {
			p.SID = "the-upstreams-own-20"
			return accept(p)
		}
	})
	get := func(query string) string {
		req, err := http.NewRequest(http.MethodGet, r.url+"/socket.io/?transport=polling&"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		return do(req)
	}
	const open = "200 text/plain; charset=UTF-8\nCache-Control: no-store\n" +
		`118:0{"sid":"the-upstreams-own-20","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1048576}`
	if got := get("EIO=3"); got != open {
		t.Errorf("got %s", got)
	}
	first := r.next(t)
	if got := get("EIO=3"); got != "503 application/json\n"+`{"code":6,"message":"Upstream unavailable"}` {
		t.Errorf("a second session of the same sid: %s", got)
	}
	if why := r.next(t).reason(t); why != engineio.ProtocolViolation {
		t.Errorf("the second session ended for %v", why)
	}
	first.s.Send(text4("x"))
	if got := get("EIO=3&sid=the-upstreams-own-20"); got != "200 text/plain; charset=UTF-8\nCache-Control: no-store\n2:4x" {
		t.Errorf("the first session answers %s", got)
	}
	first.s.Close(engineio.TransportError)
	first.reason(t)
	if got := get("EIO=3"); got != open {
		t.Errorf("a free sid: %s", got)
	}
}

// TestAnswersWithinMaxPayload parts what waits into answers no longer than clients take.
func TestAnswersWithinMaxPayload(t *testing.T) {
	for _, base64 := range []bool{false, true} {
		s, h := bare3(t, Options{MaxPayload: 200})
		s.base64 = base64
		want := 0
		for i := range 40 {
			p := engineio.Packet{Type: engineio.Message, Binary: i%3 == 0, Data: bytes.Repeat([]byte{'x'}, i*2)}
			s.Send(p)
			want++
		}
		got := 0
		for len(s.poll.queue) > 0 {
			batch := s.poll.take()
			body, _ := s.payload(batch, false)
			if len(body) > 200 && len(batch) > 1 {
				t.Errorf("%d packets in %d bytes", len(batch), len(body))
			}
			got += len(batch)
		}
		if got != want {
			t.Errorf("%d packets of %d", got, want)
		}
		finish(t, s, h)
	}
}

// FuzzPost3 puts bodies through the path of a POST: the handler gets every message before the first thing that is
// wrong, and nothing after it.
func FuzzPost3(f *testing.F) {
	for _, s := range []string{"", "2:4x", "2:4a1:22:4b", "6:b4AQI=", "1:1", "1:3", "6:4pause", "5:4\U0001F600", "\x00\x02\xff4x", "\x01\x02\xff\x04x",
		"\x00\x01\xff2\x01\x01\xff\x04", "9999999999:4x", "\x00\x09\x09\x09\xff4"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, binary bool) {
		s, h := bare3(t, Options{})
		status := s.takePayload(s.packets(body, binary))
		want, whole := messages3(s, body, binary)
		if !slices.Equal(h.got, want) || status != http.StatusOK {
			t.Errorf("status %d, got %q, want %q", status, h.got, want)
		}
		if s.closed() == whole {
			t.Errorf("closed %v, all good %v", s.closed(), whole)
		}
		finish(t, s, h)
	})
}

// messages3 gives what a handler should get of a body, and whether nothing in it ends the session.
func messages3(s *Session, body []byte, binary bool) (out []string, whole bool) {
	for p, err := range s.packets(body, binary) {
		switch {
		case err != nil:
			return out, false
		case p.Type == engineio.Message:
			out = append(out, string(p.Data))
		case p.Type != engineio.Ping:
			return out, false
		}
	}
	return out, true
}

// FuzzFrames3 is FuzzFrames in revision 3.
func FuzzFrames3(f *testing.F) {
	for _, s := range []string{"4x\x004y", "2probe\x005\x004x", "2\x002\x005", "2probe\x004x", "\x04x", "3", "b4AQI\x00b", "1", "\x01x"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	r := newRig(f, admit3)
	f.Fuzz(func(t *testing.T, script []byte, upgrade bool) {
		query, h := "/socket.io/?EIO=3&transport=websocket", (*obedient)(nil)
		if upgrade {
			req, _ := http.NewRequest(http.MethodGet, r.url+"/socket.io/?EIO=3&transport=polling", nil)
			do(req)
			h = r.next(t)
			query += "&sid=" + h.s.ID()
		}
		ws, _, err := websocket.DefaultDialer.Dial("ws"+r.url[len("http"):]+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		if !upgrade {
			h = r.next(t)
		}
		h.mu.Lock()
		h.mute = true
		h.mu.Unlock()
		for m := range bytes.SplitSeq(script, []byte{0}) {
			op := websocket.TextMessage
			if len(m) > 0 && m[0] < ' ' {
				op = websocket.BinaryMessage
			}
			if ws.WriteMessage(op, m) != nil {
				break
			}
		}
		_ = ws.WriteControl(websocket.CloseMessage, nil, time.Time{})
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				break
			}
		}
		if upgrade && h.s.Transport() == "polling" {
			if len(h.got) > 0 {
				t.Errorf("an upgrade that was not made said %q", h.got)
			}
			h.s.Close(engineio.Denied)
		}
		h.reason(t)
	})
}
