package listen

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const patience = 10 * time.Second // of tests, for what must come

// serveAddr answers with the address that the server sees.
func serveAddr(t *testing.T, from string, timeout time.Duration) *Proxied {
	t.Helper()
	l, err := Open("127.0.0.1:0", 0)
	if err != nil {
		t.Fatal(err)
	}
	p := Proxy(l, []netip.Prefix{netip.MustParsePrefix(from)}, timeout)
	s := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.RemoteAddr)
	})}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(p) }()
	t.Cleanup(func() {
		s.Close()
		<-ended
	})
	return p
}

// say sends text and gives the status and body of the answer; 0 when the connection is closed without one.
func say(t *testing.T, p *Proxied, text string) (status int, body string) {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Fatalf("%q: neither an answer nor the end", text)
		}
		return 0, ""
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// v2 writes a header of version 2: version and command, family and protocol, what follows.
func v2(command, family byte, rest []byte) string {
	h := []byte("\r\n\r\n\x00\r\nQUIT\n")
	h = append(h, command, family)
	h = binary.BigEndian.AppendUint16(h, uint16(len(rest)))
	return string(append(h, rest...))
}

// addresses are 192.0.2.1:258 and 192.0.2.2:259 as version 2 has them, with n bytes of a TLV.
func addresses(n int) []byte {
	b := []byte{192, 0, 2, 1, 192, 0, 2, 2, 1, 2, 1, 3}
	if n > 0 {
		b = append(b, 0x04) // PP2_TYPE_NOOP
		b = binary.BigEndian.AppendUint16(b, uint16(n-3))
		b = append(b, make([]byte, n-3)...)
	}
	return b
}

const request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

func TestProxyProtocol(t *testing.T) {
	p := serveAddr(t, "127.0.0.0/8", patience)
	refused := uint64(0)
	for name, c := range map[string]struct{ header, want string }{
		"v1":             {"PROXY TCP4 192.0.2.1 192.0.2.2 258 80\r\n", "192.0.2.1:258"},
		"v1 IPv6":        {"PROXY TCP6 2001:db8::1 2001:db8::2 258 80\r\n", "[2001:db8::1]:258"},
		"v1 unknown":     {"PROXY UNKNOWN\r\n", "127.0.0.1:"},
		"v2":             {v2(0x21, 0x11, addresses(0)), "192.0.2.1:258"},
		"v2 with a TLV":  {v2(0x21, 0x11, addresses(100)), "192.0.2.1:258"},
		"v2 local":       {v2(0x20, 0x00, nil), "127.0.0.1:"},
		"v2 largest":     {v2(0x21, 0x11, addresses(4096-12)), "192.0.2.1:258"},
		"v2 too large":   {v2(0x21, 0x11, addresses(4097-12)), ""},
		"v2 too short":   {v2(0x21, 0x11, addresses(0)[:11]), ""},
		"v2 version 3":   {v2(0x31, 0x11, addresses(0)), ""},
		"v2 command 2":   {v2(0x22, 0x11, addresses(0)), ""},
		"v2 family":      {v2(0x21, 0x13, addresses(0)), ""},
		"v1 no address":  {"PROXY TCP4 192.0.2 192.0.2.2 258 80\r\n", ""},
		"v1 leading 0":   {"PROXY TCP4 192.0.2.01 192.0.2.2 258 80\r\n", ""},
		"v1 other kind":  {"PROXY TCP4 2001:db8::1 2001:db8::2 258 80\r\n", ""},
		"v1 port":        {"PROXY TCP4 192.0.2.1 192.0.2.2 65536 80\r\n", ""},
		"v1 too long":    {"PROXY UNKNOWN " + strings.Repeat("x", 107-16+1) + "\r\n", ""},
		"v1 lower case":  {"proxy TCP4 192.0.2.1 192.0.2.2 258 80\r\n", ""},
		"none":           {"", ""},
		"after a blank":  {" PROXY TCP4 192.0.2.1 192.0.2.2 258 80\r\n", ""},
		"begin of a sig": {"\r\n\r\n\x00\r\nQUIX\n", ""},
	} {
		status, body := say(t, p, c.header+request)
		switch {
		case c.want == "":
			refused++
			if status != 0 {
				t.Errorf("%s: got %d %q", name, status, body)
			}
		case status != 200 || !strings.HasPrefix(body, c.want):
			t.Errorf("%s: got %d %q, want %s", name, status, body, c.want)
		}
	}
	if n := p.Refused(); n != refused {
		t.Errorf("counted %d, want %d", n, refused)
	}
}

// TestProxyHeaderOnce leaves a second header to the client that wrote it.
func TestProxyHeaderOnce(t *testing.T) {
	p := serveAddr(t, "127.0.0.0/8", patience)
	if status, _ := say(t, p, strings.Repeat("PROXY TCP4 192.0.2.1 192.0.2.2 258 80\r\n", 2)+request); status != 400 {
		t.Errorf("got %d", status)
	}
}

func TestProxyHeaderOfOthers(t *testing.T) {
	p := serveAddr(t, "192.0.2.0/24", patience)
	if status, body := say(t, p, request); status != 200 || !strings.HasPrefix(body, "127.0.0.1:") {
		t.Errorf("without one: %d %s", status, body)
	}
	for _, header := range []string{"PROXY TCP4 192.0.2.1 192.0.2.2 258 80\r\n", "PROXY UNKNOWN\r\n", v2(0x21, 0x11, addresses(0))} {
		if status, body := say(t, p, header+request); status == 200 {
			t.Errorf("%q is taken: %s", header, body)
		}
	}
	if p.Refused() != 0 {
		t.Errorf("counted %d", p.Refused())
	}
}

// TestProxySlow has a peer send a header byte by byte and never end, while others are served.
func TestProxySlow(t *testing.T) {
	p := serveAddr(t, "127.0.0.0/8", 100*time.Millisecond)
	for _, begin := range []string{"", "PROXY TC", v2(0x21, 0x11, addresses(0))[:20]} {
		slow, err := net.Dial("tcp", p.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer slow.Close()
		if _, err := io.WriteString(slow, begin); err != nil {
			t.Fatal(err)
		}
		if status, body := say(t, p, "PROXY TCP4 192.0.2.1 192.0.2.2 258 80\r\n"+request); status != 200 || body != "192.0.2.1:258" {
			t.Errorf("another: %d %s", status, body)
		}
		_ = slow.SetReadDeadline(time.Now().Add(patience))
		if n, err := slow.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("after %q it was answered", begin)
		} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Errorf("after %q it was left open", begin)
		}
	}
}
