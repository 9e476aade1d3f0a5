//go:build linux

package wsconn

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/engineio"
)

// echoServer gives the URL of a server that echoes, after a greeting, over connections of the kind that is tested.
func echoServer(tb testing.TB, lim given) string {
	tb.Helper()
	var open sync.WaitGroup
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lim := lim
		lim.Seat = seat()
		c, err := Upgrade(w, r, nil, lim.options())
		if err != nil {
			tb.Error(err)
			return
		}
		c.Send(engineio.Packet{Type: engineio.Open, Data: []byte(r.URL.RawQuery)})
		c.Flush()
		open.Add(1)
		c.Start(&echoing{c, open.Done})
	}))
	tb.Cleanup(func() { srv.Close(); open.Wait() })
	return "ws" + strings.TrimPrefix(srv.URL, "http")
}

type echoing struct {
	c    Conn
	gone func()
}

func (e *echoing) Message(binary bool, data []byte) {
	if binary {
		e.c.Send(engineio.Packet{Type: engineio.Message, Binary: true, Data: data})
		return
	}
	e.c.Send(engineio.Packet{Type: engineio.Message, Data: data[1:]})
}
func (e *echoing) PassEnd()              { e.c.Flush() }
func (e *echoing) Drained()              {}
func (e *echoing) Ended(engineio.Reason) {}
func (e *echoing) Gone()                 { e.gone() }

func dial(tb testing.TB, url string, lim given) (Conn, *recorder, chan string) {
	tb.Helper()
	lim.Seat = seat()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, first, _, err := Dial(ctx, url, nil, DialOptions{Options: lim.options()})
	if err != nil {
		tb.Fatal(err)
	}
	if want := "0" + url[strings.IndexByte(url, '?')+1:]; string(first) != want {
		tb.Fatalf("the first message is %q, want %q", first, want)
	}
	r := newRecorder()
	got := make(chan string, 100)
	r.onMsg = func(m string) { got <- m }
	c.Start(r)
	return c, r, got
}

// Connections that come and go, both their ends here, get their own bytes and leave no descriptor.
func TestChurn(t *testing.T) {
	url := echoServer(t, limits)
	before := descriptors(t)
	var all sync.WaitGroup
	const each, at = 250, 8
	for w := range at {
		all.Go(func() {
			for i := range each {
				name := strconv.Itoa(w*each + i)
				c, r, got := dial(t, url+"/?"+name, limits)
				c.Send(engineio.Packet{Type: engineio.Message, Data: []byte(name)})
				c.Flush()
				if m := wait(t, got); m != "4"+name {
					t.Errorf("%s got %q", name, m)
				}
				switch i % 3 {
				case 0:
					c.Close(1000)
				case 1:
					c.Close(0)
				case 2:
					c.Cut()
				}
				wait(t, r.ended)
				wait(t, r.gone)
			}
		})
	}
	all.Wait()
	for deadline := time.Now().Add(patience); descriptors(t) > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors, %d before", descriptors(t), before)
		}
	}
}

// descriptors counts what this process has open.
func descriptors(t *testing.T) int {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// Each message has its own time to become whole, also when it begins where another ends.
func TestTimeOfEachMessage(t *testing.T) {
	lim := limits
	lim.Message = time.Hour
	c := newLooped(nil, -1, lim.options(), false)
	c.peer, c.closed = newRecorder(), true
	var before moment
	for range 5 {
		c.took(append(frame(0x01, "a"), frame(0x89, "")...))
		first := c.in.since
		if first <= before {
			t.Fatal("a message has the time of the one before", first, before)
		}
		c.took(frame(0x00, "b"))
		if c.in.since != first {
			t.Fatal("a fragment gives more time")
		}
		c.took(append(frame(0x80, "c"), text("whole")[:3]...))
		if before = c.in.since; before <= first {
			t.Fatal("the next message has the time of the first", before, first)
		}
		c.took(text("whole")[3:])
		if c.in.since != 0 {
			t.Fatal("nothing is under way", c.in.since)
		}
	}
	if got := c.peer.(*recorder).text(); got != strings.Repeat("abcwhole", 5) {
		t.Error(got)
	}
}

// Messages of every size that changes the form of a length come back whole, both ways.
func TestSizes(t *testing.T) {
	lim := limits
	lim.Read, lim.High, lim.Hard = 1<<20, 4<<20, 8<<20
	url := echoServer(t, lim)
	c, r, got := dial(t, url+"/?", lim)
	for _, n := range []int{0, 1, 124, 125, 126, 127, 65534, 65535, 65536, 65537, 200_000, 1<<20 - 1} {
		data := noise(n)
		c.Send(engineio.Packet{Type: engineio.Message, Data: []byte(data)})
		c.Flush()
		if m := wait(t, got); m != "4"+data {
			t.Errorf("%d bytes: got %d", n, len(m))
		}
		c.Send(engineio.Packet{Type: engineio.Message, Binary: true, Data: []byte(data)})
		c.Flush()
		if m := wait(t, got); m != data {
			t.Errorf("%d bytes, binary: got %d", n, len(m))
		}
	}
	c.Close(0)
	wait(t, r.gone)
}

// A peer that does not read is given Limits.Write for each chunk, and what waits is bounded.
func TestSlowReader(t *testing.T) {
	lim := limits
	lim.High, lim.Hard, lim.Write = 1<<20, 64<<20, 50*time.Millisecond
	c, peer := pair(t, lim)
	r := newRecorder()
	c.Start(r)
	_ = peer.(*net.TCPConn).SetReadBuffer(4 << 10)
	big := make([]byte, 1<<20)
	for len(r.ended) == 0 && c.Buffered() < 8<<20 { // more than the network takes
		c.Send(engineio.Packet{Type: engineio.Message, Binary: true, Data: big})
		c.Flush()
	}
	if got := wait(t, r.ended); got != engineio.SlowReader {
		t.Error(got)
	}
	peer.Close()
	wait(t, r.gone)
}

// A peer that reads slowly, but reads, gets all, and there is word when there is room.
func TestDrained(t *testing.T) {
	lim := limits
	lim.High, lim.Hard, lim.Write = 1<<20, 64<<20, patience
	c, peer := pair(t, lim)
	r := newRecorder()
	c.Start(r)
	big, sent := make([]byte, 1<<20), 0
	for room := true; len(r.ended) == 0 && (room || c.Buffered() < 8<<20); sent++ {
		room = c.Send(engineio.Packet{Type: engineio.Message, Binary: true, Data: big})
		c.Flush()
	}
	c.Close(1000)
	all, err := io.ReadAll(io.LimitReader(peer, int64(sent*(len(big)+10)+4)))
	if err != nil || len(all) != sent*(len(big)+10)+4 {
		t.Errorf("%d bytes of %d messages, %v", len(all), sent, err)
	}
	peer.Close()
	wait(t, r.gone)
	c, peer = pair(t, lim)
	r = newRecorder()
	c.Start(r)
	for len(r.ended) == 0 && c.Buffered() < 8<<20 {
		c.Send(engineio.Packet{Type: engineio.Message, Binary: true, Data: big})
		c.Flush()
	}
	before := r.text() // the network may have taken some at once
	go func() { _, _ = io.Copy(io.Discard, peer) }()
	for deadline := time.Now().Add(patience); r.text() == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no word, %d wait", c.Buffered())
		}
	}
	c.Cut()
	wait(t, r.gone)
}

// Nothing is handed over while reading is paused, and all of it afterwards, in order.
func TestPause(t *testing.T) {
	c, peer := pair(t, limits)
	r := newRecorder()
	got := make(chan string, 1000)
	r.onMsg = func(m string) {
		got <- m
		if strings.HasSuffix(m, "0") {
			c.Pause()
		}
	}
	c.Start(r)
	go func() {
		for i := range 100 {
			_, _ = peer.Write(text(strconv.Itoa(i)))
		}
	}()
	for i := range 100 {
		if m := wait(t, got); m != strconv.Itoa(i) {
			t.Fatalf("%d: %q", i, m)
		}
		if i%10 == 0 {
			for range 3 {
				if len(got) > 0 {
					t.Fatal("a message while paused")
				}
				time.Sleep(time.Millisecond)
			}
			c.Resume()
		}
	}
	peer.Close()
	if e := wait(t, r.ended); e != engineio.TransportError {
		t.Error(e)
	}
	wait(t, r.gone)
}

// However a peer goes away, the connection ends, once, for the right reason.
func TestPeerEnds(t *testing.T) {
	for name, v := range map[string]struct {
		leave func(*net.TCPConn)
		want  engineio.Reason
	}{
		"closes":        {func(p *net.TCPConn) { p.Close() }, engineio.TransportError},
		"half closes":   {func(p *net.TCPConn) { p.CloseWrite() }, engineio.TransportError},
		"resets":        {func(p *net.TCPConn) { p.SetLinger(0); p.Close() }, engineio.TransportError},
		"says goodbye":  {func(p *net.TCPConn) { p.Write(frame(0x88, "\x03\xe8")) }, engineio.PeerClosed},
		"cuts a frame":  {func(p *net.TCPConn) { p.Write(text("hello")[:8]); p.Close() }, engineio.TransportError},
		"bye and reset": {func(p *net.TCPConn) { p.Write(frame(0x88, "")); p.SetLinger(0); p.CloseWrite() }, engineio.PeerClosed},
	} {
		t.Run(name, func(t *testing.T) {
			c, peer := pair(t, limits)
			r := newRecorder()
			c.Start(r)
			write(t, peer, text("x"))
			v.leave(peer.(*net.TCPConn))
			if got := wait(t, r.ended); got != v.want {
				t.Error(got)
			}
			if v.want == engineio.PeerClosed {
				_ = peer.SetReadDeadline(time.Now().Add(patience))
				if b, err := io.ReadAll(peer); err != nil || len(b) == 0 || b[0] != 0x88 {
					t.Errorf("%q, %v", b, err)
				}
			}
			wait(t, r.gone)
			peer.Close()
			if len(r.ended)+len(r.gone) > 0 {
				t.Error("told twice")
			}
		})
	}
}
