//go:build linux

package abuse

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

// attacker sends raw bytes from an address of its own. What goes wrong is what the gateway does about it, and no
// failure of the test.
type attacker struct {
	target string // host:port
	sent   atomic.Int64
	ended  atomic.Int64 // connections that the gateway closed or refused

	mu    sync.Mutex
	conns []net.Conn
}

const attackersAddress = "127.0.0.66"

// dial opens a connection, which counts what it sends.
func (a *attacker) dial() (net.Conn, *bufio.Reader, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(attackersAddress)}, Timeout: siotest.Wait}
	conn, err := d.Dial("tcp", a.target)
	if err != nil {
		return nil, nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(2 * siotest.Wait))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.conns = append(a.conns, conn)
	return counting{conn, a}, bufio.NewReader(conn), nil
}

type counting struct {
	net.Conn
	a *attacker
}

func (c counting) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.a.sent.Add(int64(n))
	return n, err
}

func (a *attacker) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.conns {
		c.Close()
	}
}

// request sends a request and gives the status and the body of its answer, 0 when there is none.
func (a *attacker) request(head, body string) (status int, answer string) {
	conn, r, err := a.dial()
	if err != nil {
		a.ended.Add(1)
		return 0, ""
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, head+fmt.Sprintf("Host: x\r\nContent-Length: %d\r\n\r\n", len(body))+body); err != nil {
		a.ended.Add(1)
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		a.ended.Add(1)
	}
	return resp.StatusCode, string(text)
}

const polling = "/socket.io/?EIO=4&transport=polling"

// poll opens a polling session and gives its sid, "" when it is refused.
func (a *attacker) poll() string {
	_, body := a.request("GET "+polling+" HTTP/1.1\r\n", "")
	_, rest, _ := strings.Cut(body, `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	return sid
}

// socket opens a WebSocket: of a new session, or of the one that sid names.
func (a *attacker) socket(sid string) (net.Conn, *bufio.Reader, bool) {
	conn, r, err := a.dial()
	if err != nil {
		a.ended.Add(1)
		return nil, nil, false
	}
	query := "EIO=4&transport=websocket"
	if sid != "" {
		query += "&sid=" + sid
	}
	_, _ = io.WriteString(conn, "GET /socket.io/?"+query+" HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		a.ended.Add(1)
		conn.Close()
		return nil, nil, false
	}
	return conn, r, true
}

// joined is a WebSocket of a session in the main namespace, whose answers are read and thrown away.
func (a *attacker) joined() (net.Conn, bool) {
	conn, r, ok := a.socket("")
	if !ok {
		return nil, false
	}
	_, _ = conn.Write(text("40"))
	for seen := ""; !strings.Contains(seen, `40{"sid"`); {
		b, err := r.ReadByte()
		if err != nil {
			a.ended.Add(1)
			conn.Close()
			return nil, false
		}
		seen += string(b)
	}
	go func() {
		_, _ = io.Copy(io.Discard, r)
		a.ended.Add(1)
		conn.Close()
	}()
	return conn, true
}

// repeat writes b until the gateway ends the connection, at most n times, in writes of some size.
func repeat(conn net.Conn, b []byte, n int) {
	per := max(1, 4096/len(b))
	many := []byte(strings.Repeat(string(b), per))
	for range (n + per - 1) / per {
		if _, err := conn.Write(many); err != nil {
			return
		}
	}
}

// frame makes a masked frame, of a mask of zeros.
func frame(first byte, data string) []byte {
	b := []byte{first}
	switch n := len(data); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 65536:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), data...)
}

func text(data string) []byte { return frame(0x81, data) }
