package wsconn

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// FuzzKinds feeds the same bytes to both kinds of connection, in parts that differ: the same messages come out, the
// same is answered, and both end for the same reason.
func FuzzKinds(f *testing.F) {
	long := strings.Repeat("x", 300)
	for _, b := range [][]byte{
		text("4x"), append(frame(0x01, "4"), frame(0x80, "x")...), frame(0x88, "\x03\xe8bye"), frame(0x88, ""), frame(0x88, "\x03"),
		frame(0x88, "\x03\xed"), frame(0x88, "\x03\xe8\xff"), append(text("a"), frame(0x89, "ping")...), frame(0x8a, "pong"),
		frame(0xc1, "x"), frame(0xa1, "x"), frame(0x83, "x"), frame(0x09, ""), frame(0x89, strings.Repeat("p", 126)), text("\xff"),
		append(append(append(frame(0x01, "\xc3"), frame(0x89, "mid")...), frame(0x00, "")...), frame(0x80, "\xa9")...),
		append(frame(0x01, "a"), text("b")...), frame(0x80, "orphan"), text(long), text(long + long + long + long),
		{0x81, 0xfe, 0, 1, 0, 0, 0, 0, 'x'}, {0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, {0x81, 1, 'x'},
		{0x82, 0xff, 0xff}, {0x82, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0}, {0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 'x'}, {0xff}, {0xff, 0xff},
		bytes.Repeat(text("many"), 30), append(frame(0x02, long), frame(0x80, long)...), append(frame(0x88, "\x03\xe8"), text("late")...),
	} {
		f.Add(b, byte(1))
		f.Add(b, byte(7))
		f.Add(b, byte(200))
	}
	loops := NewLoops(1)
	f.Fuzz(func(t *testing.T, b []byte, step byte) {
		lim := limits
		lim.Rates = Rates{Frames: Rate{25, time.Hour}, Control: Rate{5, time.Hour}, Fragments: Rate{6, time.Hour}}
		network, peer := tcpPair(t)
		want := converse(t, over(network, lim), peer, b, len(b))
		before := seat
		seat = loops.Seat
		defer func() { seat = before }()
		c, peer := bare(t, lim)
		if got := converse(t, c, peer, b, int(step)); got != want {
			t.Errorf("in parts of %d\n%q\nportable\n%q", step, got, want)
		}
		c, peer = bare(t, lim)
		if got := converse(t, c, peer, b, len(b)); got != want {
			t.Errorf("as a whole\n%q\nportable\n%q", got, want)
		}
	})
}

// converse writes b in parts, and gives what came of it in words.
func converse(t *testing.T, c Conn, peer net.Conn, b []byte, step int) string {
	defer peer.Close()
	r := newRecorder()
	messages := ""
	r.onMsg = func(m string) { messages += fmt.Sprintf("%q ", m) }
	c.Start(r)
	answer := make(chan []byte, 1)
	go func() {
		all, _ := io.ReadAll(peer)
		answer <- all
	}()
	_ = peer.SetWriteDeadline(time.Now().Add(patience))
	var err error
	for from := 0; from < len(b) && err == nil; from += max(step, 1) {
		_, err = peer.Write(b[from:min(from+max(step, 1), len(b))])
	}
	_ = peer.(*net.TCPConn).CloseWrite()
	ended := wait(t, r.ended)
	wait(t, r.gone)
	return messages + fmt.Sprint(ended, codes(wait(t, answer)))
}

// codes gives the frames that a server has sent, those that close without their text.
func codes(b []byte) (out []string) {
	for len(b) > 0 {
		h, n := readHeader(b)
		if n == 0 || uint64(len(b)-n) < h.length {
			return append(out, "cut off")
		}
		data := b[n : n+int(h.length)]
		if h.opcode == 8 && len(data) > 2 {
			data = data[:2]
		}
		out = append(out, fmt.Sprintf("%x:%q", h.opcode, data))
		b = b[n+int(h.length):]
	}
	return out
}
