package app

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

// TestProxiedWebSocket: behind a proxy that sends a PROXY header, a WebSocket loses nothing on its way to what serves it,
// however the bytes before come in parts.
func TestProxiedWebSocket(t *testing.T) {
	const handshake = "PROXY TCP4 203.0.113.9 192.0.2.1 1234 80\r\nGET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: h\r\n" +
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	for _, loop := range []string{"auto", "epoll", "off"} {
		up := siotest.NewUpstream(t, nil)
		s := serve(t, t.TempDir(), "upstream: { url: '"+up.URL+"' }\nlisten: 127.0.0.1:0\nproxy_protocol: { from: [127.0.0.1] }\nevent_loop: '"+loop+"'\n")
		for _, padding := range []int{0, 200, 5000} { // of the request's header: less and more than what is buffered
			conn, err := net.Dial("tcp", s.clients)
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.SetDeadline(time.Now().Add(siotest.Wait))
			request := strings.Replace(handshake, "Host: h\r\n", "Host: h\r\nX-Padding: "+strings.Repeat("x", padding)+"\r\n", 1)
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(conn)
			if resp, err := http.ReadResponse(r, nil); err != nil || resp.StatusCode != 101 {
				t.Fatalf("%s, %d: %v %v", loop, padding, resp, err)
			}
			if _, err := io.WriteString(conn, "\x81\x82\x00\x00\x00\x0040"); err != nil { // enters the main namespace
				t.Fatal(err)
			}
			for _, want := range []string{"0{", "40{"} {
				if got := serverFrame(t, r); !strings.HasPrefix(got, want) {
					t.Errorf("%s, %d: got %q, want %s", loop, padding, got, want)
				}
			}
			if got := up.Peer(t).Request.Header.Get("X-Forwarded-For"); got != "203.0.113.9" {
				t.Errorf("the upstream sees %q", got)
			}
			conn.Close()
		}
	}
}

// serverFrame reads a text frame of less than 126 bytes.
func serverFrame(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil || head[0] != 0x81 || head[1] > 125 {
		t.Fatal(head, err)
	}
	text := make([]byte, head[1])
	if _, err := io.ReadFull(r, text); err != nil {
		t.Fatal(err)
	}
	return string(text)
}
