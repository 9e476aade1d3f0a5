package eioclient

import (
	"net/url"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

func speak3(o *Options) { o.EIO = 3 }

// What a 2.x server says first: no maxPayload, and the main namespace at once.
func TestDial3(t *testing.T) {
	u := newUpstream(t, false, `0{"sid":"826WQQhquHu2oiePAAAA","upgrades":[],"pingInterval":2000,"pingTimeout":2000}`, "40")
	s, ws := u.dial(t, func(o *Options) {
		speak3(o)
		o.Query = url.Values{"token": {"t"}, "EIO": {"4"}}
	})
	if got := (<-u.reqs).URL.RequestURI(); got != "/socket.io/?EIO=3&token=t&transport=websocket" {
		t.Error(got)
	}
	if h := s.Handshake(); h.SID != "826WQQhquHu2oiePAAAA" || h.MaxPayload != 0 {
		t.Errorf("%+v", h)
	}
	r := start(s)
	r.want(t, "0")
	s.Send(text("a"))
	s.Send(engineio.Packet{Type: engineio.Message, Binary: true, Data: []byte{1, 2}})
	s.Flush()
	if got := read(t, ws) + " " + read(t, ws); got != "4a \x04\x01\x02" {
		t.Errorf("%q", got)
	}
	if err := ws.WriteMessage(websocket.BinaryMessage, []byte("\x04\x07")); err != nil {
		t.Fatal(err)
	}
	write(t, ws, "b4AQI=")
	r.want(t, "binary \x07", "binary \x01\x02")
	if got := read(t, ws); got != "2" { // at pingInterval
		t.Errorf("%q", got)
	}
	write(t, ws, "3", "4x")
	r.want(t, "x")
	s.Close(engineio.Denied)
	r.end(t, engineio.Denied)
}

func TestEndings3(t *testing.T) {
	for _, c := range []struct {
		op   int
		says string
		want engineio.Reason
	}{
		{websocket.TextMessage, "1", engineio.PeerClosed},
		{websocket.TextMessage, "2", engineio.ProtocolViolation},
		{websocket.TextMessage, "bAQI=", engineio.ParseError},
		{websocket.TextMessage, "9", engineio.ParseError},
		{websocket.BinaryMessage, "", engineio.ParseError},
		{websocket.BinaryMessage, "\x01\x02", engineio.ParseError},
	} {
		u := newUpstream(t, false, openPacket)
		s, ws := u.dial(t, speak3)
		r := start(s)
		if err := ws.WriteMessage(c.op, []byte(c.says)); err != nil {
			t.Fatal(err)
		}
		r.end(t, c.want)
	}
}

const open3 = `0{"sid":"abc","upgrades":[],"pingInterval":100,"pingTimeout":200}`

func TestPongTimeout(t *testing.T) {
	u := newUpstream(t, false, open3)
	s, ws := u.dial(t, speak3)
	r := start(s)
	for range 2 {
		if got := read(t, ws); got != "2" {
			t.Errorf("%q", got)
		}
		write(t, ws, "3")
	}
	if got := read(t, ws); got != "2" {
		t.Errorf("%q", got)
	}
	r.end(t, engineio.PingTimeout)
}

// A pong may be behind more than fits into pingTimeout, or lie unread: the upstream is asked again.
func TestPongBehind(t *testing.T) {
	u := newUpstream(t, false, open3)
	s, ws := u.dial(t, speak3)
	r := start(s)
	if got := read(t, ws); got != "2" {
		t.Errorf("%q", got)
	}
	write(t, ws, "4pause")
	r.want(t, "pause")
	for range 3 {
		if got := read(t, ws); got != "2" {
			t.Errorf("%q while paused", got)
		}
	}
	s.Resume()
	write(t, ws, "4x")
	r.want(t, "x")
	r.end(t, engineio.PingTimeout)
}

func TestBeatDue(t *testing.T) {
	for name, c := range map[string]struct {
		beat  beat3
		heard bool
		ends  bool
	}{
		"interval over": {beat3{}, false, false},
		"no pong":       {beat3{pinged: true}, false, true},
		"paused":        {beat3{pinged: true, held: true}, false, false},
		"busy":          {beat3{pinged: true}, true, false},
	} {
		u := newUpstream(t, false, openPacket)
		s, _ := u.dial(t, speak3)
		start(s)
		s.mu.Lock()
		s.beat = c.beat
		s.heard.Store(c.heard)
		s.beatDue()
		if ended := s.reason == engineio.PingTimeout; ended != c.ends {
			t.Errorf("%s: ended %v", name, ended)
		}
		if !c.ends && (!s.beat.pinged || time.Until(s.pingBy) < 19*time.Second) {
			t.Errorf("%s: %+v, due in %v", name, s.beat, time.Until(s.pingBy))
		}
		s.mu.Unlock()
	}
}

func TestRevisions(t *testing.T) {
	u := newUpstream(t, false, openPacket)
	o := u.options(t)
	o.EIO = 2
	if _, err := Dial(t.Context(), o); err == nil {
		t.Error("revision 2 was dialled")
	}
}
