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

// FuzzPost puts bodies through the path of a POST, without the HTTP around it: the handler gets every message
// before the first thing that is wrong, and nothing after it.
func FuzzPost(f *testing.F) {
	for _, s := range []string{"", "4x", "4a\x1e4b", "4a\x1e2\x1e4b", "bAQI=", "4\xff", "1", "3", "4x\x1e", "4pause"} {
		f.Add([]byte(s))
	}
	srv, err := New(Options{Accept: func(*Opening) (engineio.Handler, error) { return nil, nil }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := newSession(srv, &request{opts: srv.options(), eio: 4, transport: "polling"})
		h := &obedient{s: s, closed: make(chan engineio.Reason, 10), mute: true}
		if err := s.accept(h, &Opening{}); err != nil {
			t.Fatal(err)
		}
		status := s.takePayload(s.packets(body, false))
		want, whole := messages(body)
		if !slices.Equal(h.got, want) || status != http.StatusOK {
			t.Errorf("status %d, got %q, want %q", status, h.got, want)
		}
		if s.closed() == whole {
			t.Errorf("closed %v, all good %v", s.closed(), whole)
		}
		s.end(engineio.Shutdown)
		h.reason(t)
		s.mu.Lock()
		s.forgetNow()
		s.mu.Unlock()
	})
}

// messages gives what a handler should get of a body, and whether nothing in it ends the session.
func messages(body []byte) (out []string, whole bool) {
	for p, err := range engineio.Payload(body, 0) {
		switch {
		case err != nil:
			return out, false
		case p.Type == engineio.Message:
			out = append(out, string(p.Data))
		case p.Type != engineio.Pong || len(p.Data) > 0:
			return out, false
		}
	}
	return out, true
}

// FuzzFrames sends sequences of WebSocket messages, to a session of its own or as an upgrade. Whatever they say,
// the session ends once, and what an abandoned upgrade said reaches nobody.
func FuzzFrames(f *testing.F) {
	for _, s := range []string{"4x\x004y", "2probe\x005\x004x", "5\x004x", "2probe\x004x", "\x014x", "3\x003\x00b\x00bAQI", "1"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	r := newRig(f, nil)
	f.Fuzz(func(t *testing.T, script []byte, upgrade bool) {
		sid, h := "", (*obedient)(nil)
		if upgrade {
			c := r.poll(t)
			sid, h = c.sid, c.h
		}
		ws := r.dial(t, sid)
		if !upgrade {
			h = r.next(t)
		}
		h.mu.Lock()
		h.mute = true
		h.mu.Unlock()
		for m := range bytes.SplitSeq(script, []byte{0}) {
			op := websocket.TextMessage
			if len(m) > 0 && m[0] == 1 {
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
		ws.Close()
	})
}
