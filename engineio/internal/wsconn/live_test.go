package wsconn

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engineio"
)

// Each limit is changed under an open connection, which did within the old one what is over the new one.
func TestLimitsChange(t *testing.T) {
	const hour = time.Hour
	fragments := append(frame(0x01, "a"), frame(0x80, "b")...)
	send := func(bytes int) func(Conn, net.Conn) {
		return func(c Conn, _ net.Conn) {
			c.Send(engineio.Packet{Type: engineio.Message, Binary: true, Data: make([]byte, bytes)})
			c.Flush()
		}
	}
	says := func(b []byte) func(Conn, net.Conn) {
		return func(_ Conn, peer net.Conn) { _, _ = peer.Write(b) }
	}
	for name, c := range map[string]struct {
		change func(l *Limits)
		before func(Conn, net.Conn)
		after  func(Conn, net.Conn)
		want   engineio.Reason
	}{
		"frames":    {func(l *Limits) { l.Rates.Frames = Rate{1, hour} }, says(append(text("a"), text("b")...)), says(append(text("a"), text("b")...)), engineio.Frames},
		"control":   {func(l *Limits) { l.Rates.Control = Rate{1, hour} }, says(append(frame(0x8a, ""), frame(0x8a, "")...)), says(append(frame(0x8a, ""), frame(0x8a, "")...)), engineio.ControlFrames},
		"fragments": {func(l *Limits) { l.Rates.Fragments = Rate{1, hour} }, says(fragments), says(fragments), engineio.Fragments},
		"message":   {func(l *Limits) { l.Message = 20 * time.Millisecond }, func(Conn, net.Conn) {}, says([]byte{0x81}), engineio.SlowMessage},
		"write": {func(l *Limits) { l.High, l.Hard, l.Write = 1<<20, 64<<20, 50*time.Millisecond }, send(2000), func(c Conn, _ net.Conn) {
			for range 64 { // more than the network takes
				send(1<<20-100)(c, nil)
			}
		}, engineio.SlowReader},
		"hard": {func(l *Limits) { l.High, l.Hard = 100, 1000 }, send(2000), send(2000), engineio.SlowReader},
	} {
		t.Run(name, func(t *testing.T) {
			given := limits
			given.Options = given.options()
			conn, peer := pair(t, given)
			r := newRecorder()
			heard := make(chan bool, 10)
			r.onMsg = func(s string) { heard <- s == "end" }
			conn.Start(r)
			c.before(conn, peer)
			write(t, peer, text("end"))
			for !wait(t, heard) {
			}
			next := given.Limits
			c.change(&next)
			given.Live.Store(&next)
			c.after(conn, peer)
			if got := wait(t, r.ended); got != c.want {
				t.Errorf("ended for %s", got)
			}
			peer.Close()
			wait(t, r.gone)
		})
	}
}

// The time for a message that is no longer limited ends with it.
func TestMessageUnlimited(t *testing.T) {
	given := limits
	given.Message = 50 * time.Millisecond
	given.Options = given.options()
	conn, peer := pair(t, given)
	r := newRecorder()
	heard := make(chan bool, 10)
	r.onMsg = func(string) { heard <- true }
	conn.Start(r)
	write(t, peer, frame(0x01, "a"))
	next := given.Limits
	next.Message = 0
	given.Live.Store(&next)
	write(t, peer, frame(0x80, "b"))
	wait(t, heard)
	write(t, peer, frame(0x01, "a"))
	time.Sleep(60 * time.Millisecond) // a deadline that was left would have passed
	write(t, peer, frame(0x80, "b"))
	wait(t, heard)
	conn.Cut()
	wait(t, r.ended)
	peer.Close()
	wait(t, r.gone)
}

// The length of a server's message is looked at when it comes.
func TestReadChanges(t *testing.T) {
	long := engineio.Packet{Type: engineio.Message, Data: []byte(strings.Repeat("x", 1500))}
	servers := make(chan Conn, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lim := limits
		c, err := Upgrade(w, r, nil, lim.options())
		if err != nil {
			t.Error(err)
			return
		}
		c.Start(newRecorder())
		c.Send(engineio.Packet{Type: engineio.Open})
		c.Flush()
		servers <- c
	}))
	defer srv.Close()
	given := limits
	given.Options = given.options()
	given.Seat = seat()
	conn, _, _, err := Dial(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http"), nil, DialOptions{Options: given.Options})
	if err != nil {
		t.Fatal(err)
	}
	r := newRecorder()
	heard := make(chan bool, 10)
	r.onMsg = func(string) { heard <- true }
	conn.Start(r)
	server := wait(t, servers)
	for _, limit := range []int64{2000, 1501, 1500} { // the packet's type counts
		given.Options.Read.Store(limit)
		server.Send(long)
		server.Flush()
		if limit > 1500 {
			wait(t, heard)
		}
	}
	if got := wait(t, r.ended); got != engineio.TooLarge {
		t.Errorf("ended for %s", got)
	}
	server.Cut()
	wait(t, r.gone)
}
