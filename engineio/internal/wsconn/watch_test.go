package wsconn

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siogw/siogw/engineio"
)

// Each limit of Rates: exactly as much as it allows, and one more.
func TestRates(t *testing.T) {
	const hour = time.Hour
	ping, begin, more, end := frame(0x89, "p"), frame(0x01, "a"), frame(0x00, "b"), frame(0x80, "c")
	for name, v := range map[string]struct {
		rates  Rates
		frames [][]byte // within the limit
		more   []byte
		want   engineio.Reason
	}{
		"frames":      {Rates{Frames: Rate{3, hour}}, [][]byte{text("a"), ping, text("b")}, text("c"), engineio.Frames},
		"long frames": {Rates{Frames: Rate{2, hour}}, [][]byte{text(strings.Repeat("a", 126)), text(strings.Repeat("b", 900))}, text("c"), engineio.Frames},
		"control":     {Rates{Control: Rate{2, hour}}, [][]byte{ping, text("a"), frame(0x8a, "")}, ping, engineio.ControlFrames},
		"fragments":   {Rates{Fragments: Rate{4, hour}}, [][]byte{begin, more, ping, more, end, text("a")}, begin, engineio.Fragments},
		"empty ones":  {Rates{Fragments: Rate{3, hour}}, [][]byte{begin, frame(0x00, ""), frame(0x00, "")}, frame(0x00, ""), engineio.Fragments},
	} {
		t.Run(name, func(t *testing.T) {
			for _, over := range []bool{false, true} {
				lim := limits
				lim.Rates = v.rates
				c, peer := pair(t, lim)
				r := newRecorder()
				c.Start(r)
				for _, f := range v.frames {
					write(t, peer, f)
				}
				want := engineio.TransportError
				if over {
					write(t, peer, v.more)
					want = v.want
				} else {
					c.Close(0)
				}
				if got := wait(t, r.ended); got != want {
					t.Errorf("over %v: ended for %v, want %v", over, got, want)
				}
				peer.Close()
				wait(t, r.gone)
			}
		})
	}
}

func write(tb testing.TB, to interface{ Write([]byte) (int, error) }, b []byte) {
	tb.Helper()
	if _, err := to.Write(b); err != nil {
		tb.Fatal(err)
	}
}

// Bytes above the rate wait for the next period, and none is lost; a closing connection does not wait.
func TestBytesAboveTheRateWait(t *testing.T) {
	lim := limits
	var slowed atomic.Int32
	lim.Rates, lim.Slowed = Rates{Bytes: Rate{20, 100 * time.Millisecond}}, func() { slowed.Add(1) }
	c, peer := pair(t, lim)
	r := newRecorder()
	got := make(chan string, 10)
	r.onMsg = func(s string) { got <- s }
	c.Start(r)
	for _, s := range []string{"one", "two", "three"} { // 6 bytes of header each
		write(t, peer, text(strings.Repeat(s, 5)))
	}
	for _, s := range []string{"one", "two", "three"} {
		if m := wait(t, got); m != strings.Repeat(s, 5) {
			t.Error(m)
		}
	}
	if slowed.Load() == 0 {
		t.Error("nothing waited")
	}
	c.Close(0)
	wait(t, r.ended)
	peer.Close()
	wait(t, r.gone)
}

func TestBytesOnBothSides(t *testing.T) {
	r := Rates{Bytes: Rate{100, time.Minute}}
	var m Meter
	now := time.Now()
	if wait := m.Bytes(&r, 60, now) + m.Bytes(&r, 40, now.Add(time.Second)); wait != 0 {
		t.Error("the limit itself waits", wait)
	}
	if wait := m.Bytes(&r, 1, now.Add(20*time.Second)); wait != 40*time.Second {
		t.Error("one above waits", wait)
	}
	if wait := m.Bytes(&r, 100, now.Add(time.Minute)); wait != 0 {
		t.Error("the next period waits", wait)
	}
}

func TestHoldEndsWithTheConnection(t *testing.T) {
	lim := limits
	held := make(chan bool, 10)
	lim.Rates, lim.Slowed = Rates{Bytes: Rate{1, time.Hour}}, func() { held <- true }
	c, peer := pair(t, lim)
	r := newRecorder()
	c.Start(r)
	write(t, peer, text("much"))
	wait(t, held)
	c.Close(0)
	wait(t, r.ended)
	peer.Close()
	wait(t, r.gone)
}

// A message that has begun must become whole in time; nobody need begin one.
func TestSlowMessage(t *testing.T) {
	for name, begun := range map[string][]byte{
		"header":   {0x81},
		"length":   {0x82, 0xfe, 3},
		"mask":     {0x81, 0x81, 0, 0},
		"payload":  {0x82, 0xfe, 3, 0xe8, 0, 0, 0, 0, 'x'},
		"fragment": frame(0x01, "a"),
		"second":   append(text("whole"), frame(0x01, "a")...),
	} {
		t.Run(name, func(t *testing.T) {
			lim := limits
			lim.Message = 30 * time.Millisecond
			c, peer := pair(t, lim)
			r := newRecorder()
			c.Start(r)
			write(t, peer, begun)
			if got := wait(t, r.ended); got != engineio.SlowMessage {
				t.Error(got)
			}
			peer.Close()
			wait(t, r.gone)
		})
	}
	lim := limits
	lim.Message = 30 * time.Millisecond
	idle, peer := pair(t, lim)
	r := newRecorder()
	idle.Start(r)
	slow, other := pair(t, lim) // its end tells that the time has passed
	s := newRecorder()
	slow.Start(s)
	write(t, peer, append(frame(0x01, "a"), frame(0x89, "")...))
	write(t, peer, frame(0x80, "b"))
	write(t, other, []byte{0x81})
	wait(t, s.ended)
	write(t, peer, text("still here"))
	write(t, peer, frame(0x88, ""))
	if got := wait(t, r.ended); got != engineio.PeerClosed {
		t.Error("an idle connection ended for", got)
	}
	for _, p := range []struct {
		c interface{ Close() error }
		r *recorder
	}{{peer, r}, {other, s}} {
		p.c.Close()
		wait(t, p.r.gone)
	}
}

// What a connection holds is told, and all is given back.
func TestAccount(t *testing.T) {
	lim := limits
	lim.Read = 1 << 20
	var held, most atomic.Int64
	lim.Account = func(n int) { most.Store(max(most.Load(), held.Add(int64(n)))) }
	c, peer := pair(t, lim)
	r := newRecorder()
	c.Start(r)
	write(t, peer, append([]byte{0x82, 0xff, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0}, make([]byte, 300<<10)...)) // of 1 MiB
	for end := time.Now().Add(patience); held.Load() < 300<<10; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a message being read holds", held.Load())
		}
	}
	for range 10 {
		c.Send(engineio.Packet{Type: engineio.Message, Data: make([]byte, 5000)})
	}
	if held.Load() < 350<<10 {
		t.Error("with 50 KB to write it holds", held.Load())
	}
	c.Cut()
	peer.Close()
	wait(t, r.gone)
	if held.Load() != 0 {
		t.Error("left:", held.Load())
	}
}

// The watch sees the same frames however the bytes come in parts.
func TestWatchInParts(t *testing.T) {
	all := append(append(append(frame(0x01, "ab"), frame(0x89, "")...), frame(0x80, strings.Repeat("c", 300))...), text("d")...)
	for size := 1; size <= len(all); size++ {
		var w watch
		r := Rates{Frames: Rate{4, time.Hour}, Control: Rate{1, time.Hour}, Fragments: Rate{2, time.Hour}}
		now := thisMoment()
		for from := 0; from < len(all); from += size {
			if _, reason := w.take(all[from:min(from+size, len(all))], &r, now); reason != 0 {
				t.Fatal(size, reason)
			}
		}
		if !w.whole() || w.meter.frames.n != 4 || w.meter.control.n != 1 || w.meter.fragments.n != 2 {
			t.Fatalf("in parts of %d: %+v", size, w)
		}
	}
}

func FuzzWatch(f *testing.F) {
	f.Add([]byte{0x81, 0x81, 0, 0, 0, 0, 'x'})
	f.Add([]byte{0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		var whole, bytewise watch
		now := thisMoment()
		whole.take(b, &Rates{Frames: Rate{1000, time.Hour}}, now)
		for i := range b {
			if _, reason := bytewise.take(b[i:i+1], &Rates{Frames: Rate{1000, time.Hour}}, now); reason != 0 {
				break
			}
		}
		if whole.meter != bytewise.meter || whole.whole() != bytewise.whole() {
			t.Errorf("%+v\n%+v", whole, bytewise)
		}
	})
}
