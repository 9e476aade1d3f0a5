package wsconn

import (
	"bytes"
	"compress/flate"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

var deflating = given{Read: 200_000, Limits: Limits{High: 1 << 20, Hard: 4 << 20, Write: time.Second, Deflate: Deflate{On: true, MinSize: 100, MaxRatio: 50}}}

// deflatePair gives a server's Conn and its client, which both have the extension.
func deflatePair(tb testing.TB, lim given) (Conn, *websocket.Conn) {
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
	dialer := websocket.Dialer{EnableCompression: true}
	ws, resp, err := dialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { ws.Close() })
	if got := resp.Header.Get("Sec-Websocket-Extensions") != ""; got != lim.Deflate.On {
		tb.Fatalf("agreed on: %v", got)
	}
	return wait(tb, conns), ws
}

// deflated packs as RFC 7692, 7.2.1 says.
func deflated(data string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = io.WriteString(w, data)
	_ = w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// final ends the data in a block that says that it is the last, which is allowed.
func final(data string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = io.WriteString(w, data)
	_ = w.Close()
	return b.String()
}

// noise does not compress; it is the same in each run.
func noise(n int) string {
	b, state := make([]byte, n), uint32(1)
	for i := range b {
		state = state*1664525 + 1013904223
		b[i] = "0123456789abcdefghijklmnopqrstuv"[state>>27]
	}
	return string(b)
}

// What a client with the extension sends, one frame after the other.
func TestDeflateReads(t *testing.T) {
	blanks := strings.Repeat(" ", inflateFree)
	half := noise(1000)
	for name, c := range map[string]struct {
		frames [][]byte
		want   []string
		end    engineio.Reason
	}{
		"packed":             {[][]byte{frame(0xc1, deflated("hello")), frame(0x88, "")}, []string{"hello"}, engineio.PeerClosed},
		"binary":             {[][]byte{frame(0xc2, deflated("\xff\x00")), frame(0x88, "")}, []string{"\xff\x00"}, engineio.PeerClosed},
		"plain":              {[][]byte{text("hello"), frame(0x88, "")}, []string{"hello"}, engineio.PeerClosed},
		"nothing":            {[][]byte{frame(0xc1, "\x00"), frame(0x88, "")}, []string{""}, engineio.PeerClosed},
		"last block":         {[][]byte{frame(0xc1, final("hello")), text("next"), frame(0x88, "")}, []string{"hello", "next"}, engineio.PeerClosed},
		"in fragments":       {[][]byte{frame(0x41, deflated("hello")[:3]), frame(0x89, ""), frame(0x80, deflated("hello")[3:]), text("b"), frame(0x88, "")}, []string{"hello", "b"}, engineio.PeerClosed},
		"no UTF-8":           {[][]byte{frame(0xc1, deflated("\xff"))}, nil, engineio.BadUTF8},
		"corrupt":            {[][]byte{frame(0xc1, "\xff\xff\xff\xff")}, nil, engineio.ProtocolViolation},
		"cut off":            {[][]byte{frame(0xc1, deflated(noise(300))[:100])}, nil, engineio.ProtocolViolation},
		"not packed":         {[][]byte{frame(0xc1, "hello")}, nil, engineio.ProtocolViolation},
		"on a ping":          {[][]byte{frame(0xc9, "")}, nil, engineio.ProtocolViolation},
		"on a close":         {[][]byte{frame(0xc8, "")}, nil, engineio.ProtocolViolation},
		"on a continuation":  {[][]byte{frame(0x01, "a"), frame(0xc0, "b")}, nil, engineio.ProtocolViolation},
		"another bit":        {[][]byte{frame(0xa1, "a")}, nil, engineio.ProtocolViolation},
		"free":               {[][]byte{frame(0xc1, deflated(blanks)), frame(0x88, "")}, []string{blanks}, engineio.PeerClosed},
		"ratio":              {[][]byte{frame(0xc1, deflated(blanks+" "))}, nil, engineio.Inflated},
		"ratio of fragments": {[][]byte{frame(0x41, deflated(blanks + " ")[:9]), frame(0x80, deflated(blanks + " ")[9:])}, nil, engineio.Inflated},
		"ratio, not the neighbour's": {[][]byte{frame(0xc1, deflated("a")), frame(0xc1, deflated(blanks+half)), frame(0xc1, deflated(blanks+" ")), text(half)},
			[]string{"a", blanks + half}, engineio.Inflated},
		"wire limit": {[][]byte{{0xc1, 0xff, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0}}, nil, engineio.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			conn, client := deflatePair(t, deflating)
			r := newRecorder()
			conn.Start(r)
			write(t, client.NetConn(), slices.Concat(c.frames...)) // in one piece: the watch is ahead of the reader
			if got := wait(t, r.ended); got != c.end {
				t.Errorf("ended for %v, want %v", got, c.end)
			}
			if got := strings.ReplaceAll(r.text(), "|", ""); got != strings.Join(c.want, "") {
				t.Errorf("got %d bytes: %.100q", len(got), got)
			}
			client.NetConn().Close()
			wait(t, r.gone)
		})
	}
}

// A message may unfold to Options.Read bytes, as many as one that is not packed may have.
func TestDeflateSize(t *testing.T) {
	whole := noise(2000)
	lim := deflating
	lim.Read = len(whole)
	for n, want := range map[int]engineio.Reason{0: engineio.PeerClosed, 1: engineio.TooLarge} {
		conn, client := deflatePair(t, lim)
		r := newRecorder()
		conn.Start(r)
		packed := deflated(whole + strings.Repeat(" ", n))
		if len(packed) >= lim.Read {
			t.Fatalf("%d bytes on the wire", len(packed))
		}
		write(t, client.NetConn(), slices.Concat(frame(0xc1, packed), frame(0x88, "")))
		if got := wait(t, r.ended); got != want {
			t.Errorf("%d above: ended for %v, want %v", n, got, want)
		}
		client.NetConn().Close()
		wait(t, r.gone)
	}
}

// The ratio at its limit, and below.
func TestDeflateRatio(t *testing.T) {
	data := strings.Repeat(noise(500), 200) // compresses by its repetition
	wire := deflated(data)
	ratio := len(data)/len(wire) + 1
	if ratio < 3 || len(data) <= inflateFree {
		t.Fatal("no test: ", ratio)
	}
	for _, c := range []struct {
		ratio int
		want  engineio.Reason
	}{{0, engineio.PeerClosed}, {ratio, engineio.PeerClosed}, {ratio - 1, engineio.Inflated}} {
		lim := deflating
		lim.Deflate.MaxRatio = c.ratio
		conn, client := deflatePair(t, lim)
		r := newRecorder()
		conn.Start(r)
		write(t, client.NetConn(), slices.Concat(frame(0xc1, wire), frame(0x88, "")))
		if got := wait(t, r.ended); got != c.want {
			t.Errorf("ratio %d: ended for %v, want %v", c.ratio, got, c.want)
		}
		client.NetConn().Close()
		wait(t, r.gone)
	}
}

// 962 bytes that unfold to 950 kB: they stop where the ratio says, not where the message limit does.
func TestDeflateBomb(t *testing.T) {
	bomb := deflated(`42["x","` + strings.Repeat("a", 950_000) + `"]`)
	if len(bomb) > 1000 {
		t.Fatalf("%d bytes", len(bomb))
	}
	lim := deflating
	lim.Read = 1 << 20
	var most int
	lim.Account = func(n int) { most += max(n, 0) }
	conn, client := deflatePair(t, lim)
	r := newRecorder()
	conn.Start(r)
	write(t, client.NetConn(), frame(0xc1, bomb))
	if got := wait(t, r.ended); got != engineio.Inflated {
		t.Error("ended for", got)
	}
	if _, _, err := client.ReadMessage(); !websocket.IsCloseError(err, websocket.ClosePolicyViolation) {
		t.Error(err)
	}
	client.NetConn().Close()
	wait(t, r.gone)
	if most > 256<<10 {
		t.Errorf("it took %d bytes to see it", most)
	}
}

// RSV1 is the peer's mistake where nothing was agreed on.
func TestDeflateOff(t *testing.T) {
	conn, client := deflatePair(t, limits)
	r := newRecorder()
	conn.Start(r)
	write(t, client.NetConn(), frame(0xc1, deflated("hello")))
	if got := wait(t, r.ended); got != engineio.Compressed {
		t.Errorf("ended for %v", got)
	}
	client.NetConn().Close()
	wait(t, r.gone)
}

func TestOffered(t *testing.T) {
	for offer, want := range map[string]bool{
		"": false, "permessage-deflate": true, "permessage-deflate; client_max_window_bits": true, "x-webkit-deflate-frame": false,
		"foo, permessage-deflate; client_max_window_bits=15;server_no_context_takeover ; client_no_context_takeover": true,
		"permessage-deflate; server_max_window_bits=10":                                                              false,
		"permessage-deflate; server_max_window_bits=10, permessage-deflate":                                          true,
		"permessage-deflate; unknown":                                                                                false,
		"permessage-deflate;":                                                                                        false,
		"permessage-deflate-2":                                                                                       false,
		"x; permessage-deflate":                                                                                      false,
		`permessage-deflate; a="b, c"`:                                                                               false,
	} {
		if got := offered(http.Header{"Sec-Websocket-Extensions": {offer}}); got != want {
			t.Errorf("%s: %v", offer, got)
		}
	}
	if !offered(http.Header{"Sec-Websocket-Extensions": {"foo", "permessage-deflate"}}) {
		t.Error("a second header line is not read")
	}
}

// Messages from MinSize on are packed, and all arrive.
func TestDeflateWrites(t *testing.T) {
	conn, client := deflatePair(t, deflating)
	conn.Send(engineio.Packet{Type: engineio.Message, Data: []byte(strings.Repeat("a", 98))}) // and its type: 99
	conn.Send(engineio.Packet{Type: engineio.Message, Data: []byte(strings.Repeat("b", 99))})
	conn.Send(engineio.Packet{Type: engineio.Message, Binary: true, Data: bytes.Repeat([]byte{7}, 100_000)})
	c := conn.(*portable)
	c.mu.Lock()
	n, first, second := len(c.out), c.out[0], c.out[2+99]
	c.mu.Unlock()
	if n > 600 || first != 0x81 || second != 0xc1 {
		t.Errorf("%d bytes wait, frames begin with %x and %x", n, first, second)
	}
	r := newRecorder()
	conn.Start(r)
	conn.Flush()
	for _, want := range []string{"4" + strings.Repeat("a", 98), "4" + strings.Repeat("b", 99), strings.Repeat("\x07", 100_000)} {
		if _, got, err := client.ReadMessage(); err != nil || string(got) != want {
			t.Errorf("%.20q, %v", got, err)
		}
	}
	client.NetConn().Close()
	wait(t, r.gone)
}

// The watch sees the same messages however the bytes come in parts.
func FuzzWatchDeflate(f *testing.F) {
	f.Add(slices.Concat(frame(0x41, "ab"), frame(0x89, ""), frame(0x80, "c"), text("d")))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, bytewise := watch{gate: gate{deflate: true}}, watch{gate: gate{deflate: true}}
		now := thisMoment()
		whole.take(b, &Rates{}, now)
		for i := range b {
			if _, reason := bytewise.take(b[i:i+1], &Rates{}, now); reason != 0 {
				break
			}
		}
		if !slices.Equal(whole.ahead, bytewise.ahead) || len(whole.ahead) > len(b)/2 {
			t.Errorf("%+v\n%+v", whole, bytewise)
		}
	})
}

// BenchmarkDeflate is what an event of 1,000 bytes costs, to be read and to be sent.
func BenchmarkDeflate(b *testing.B) {
	event, ids := `2["message",{"room":"general","users":[{}`, noise(28*8)
	for i := range 28 {
		event += `,{"id":"` + ids[8*i:8*i+8] + `","online":true}`
	}
	event += `]}]`
	for name, lim := range map[string]given{"on": deflating, "off": {Read: 200_000, Limits: Limits{High: 1 << 20, Hard: 4 << 20, Write: time.Second}}} {
		b.Run("read/"+name, func(b *testing.B) {
			conn, client := deflatePair(b, lim)
			done := make(chan bool, 1)
			n := 0
			conn.Start(counter{newRecorder(), func() {
				if n++; n == b.N {
					done <- true
				}
			}})
			wire := frame(0xc1, deflated(event))
			if name == "off" {
				wire = text(event)
			}
			b.SetBytes(int64(len(event)))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				write(b, client.NetConn(), wire)
			}
			wait(b, done)
			b.StopTimer()
			b.ReportMetric(float64(len(wire)), "wire-bytes/op")
			client.NetConn().Close()
		})
		b.Run("send/"+name, func(b *testing.B) {
			conn, client := deflatePair(b, lim)
			conn.Start(counter{newRecorder(), func() {}})
			go func() { _, _ = io.Copy(io.Discard, client.NetConn()) }()
			p := engineio.Packet{Type: engineio.Message, Data: []byte(event)}
			b.SetBytes(int64(len(event)))
			b.ReportAllocs()
			for b.Loop() {
				conn.Send(p)
				conn.Flush()
			}
			b.StopTimer()
			client.NetConn().Close()
		})
	}
}

// counter is a Peer that only counts messages.
type counter struct {
	*recorder
	message func()
}

func (c counter) Message(bool, []byte) { c.message() }
func (c counter) PassEnd()             {}
