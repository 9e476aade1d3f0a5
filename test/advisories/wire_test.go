package advisories

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Waits for a peer. They are long because a machine may be busy; what is fine does not wait.
const (
	answerWait = 20 * time.Second
	writeWait  = 5 * time.Second // a gateway that reads no more has done its part
)

// conn is one TCP connection of a client that may break every rule.
type conn struct {
	net.Conn
	r    *bufio.Reader
	in   chan string // messages that came; full means that nobody cares
	deaf atomic.Bool
}

// dial connects to host from the local address, such as 127.0.0.2.
func dial(host, local string) (*conn, error) {
	d := net.Dialer{Timeout: answerWait, LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}}
	c, err := d.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, r: bufio.NewReader(c), in: make(chan string, 64)}, nil
}

const handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// upgrade opens a WebSocket and gives the head of the answer; from then on messages are read in the background.
func (c *conn) upgrade(query, header string) (string, error) {
	if err := c.write(fmt.Appendf(nil, "GET /socket.io/?%s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n", query, c.RemoteAddr(), handshake, header)); err != nil {
		return "", err
	}
	head, err := c.answer(http.MethodGet)
	if err == nil && !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		err = errors.New("no WebSocket: " + head)
	}
	if err != nil {
		close(c.in)
		return head, err
	}
	go c.pump()
	return head, nil
}

// answer reads the answer to one request.
func (c *conn) answer(method string) (string, error) {
	c.SetReadDeadline(time.Now().Add(answerWait))
	defer c.SetReadDeadline(time.Time{})
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\r\n", resp.Proto, resp.Status)
	resp.Header.Write(&b)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		io.Copy(&b, io.LimitReader(resp.Body, 64<<10))
	}
	return b.String(), nil
}

// pump reads messages until the connection ends.
func (c *conn) pump() {
	defer close(c.in)
	for !c.deaf.Load() {
		var head [2]byte
		if _, err := io.ReadFull(c.r, head[:]); err != nil {
			return
		}
		n := uint64(head[1] & 0x7f)
		var long [8]byte
		switch n {
		case 126:
			io.ReadFull(c.r, long[6:])
			n = binary.BigEndian.Uint64(long[:])
		case 127:
			io.ReadFull(c.r, long[:])
			n = binary.BigEndian.Uint64(long[:])
		}
		data, err := io.ReadAll(io.LimitReader(c.r, int64(min(n, 16<<20))))
		if err != nil || head[0]&0x0f > 2 {
			continue // control frames are nothing to a script
		}
		if string(data) == "2" { // a heartbeat of revision 4
			go c.write(frame(0x81, "3"))
			continue
		}
		select {
		case c.in <- string(data):
		default:
		}
	}
}

// next gives the next message that begins with one of the prefixes.
func (c *conn) next(prefixes ...string) (string, error) {
	late := time.NewTimer(answerWait)
	defer late.Stop()
	for {
		select {
		case text, open := <-c.in:
			if !open {
				return "", io.ErrUnexpectedEOF
			}
			for _, p := range prefixes {
				if strings.HasPrefix(text, p) {
					return text, nil
				}
			}
		case <-late.C:
			return "", fmt.Errorf("nothing like %q in %v", prefixes, answerWait)
		}
	}
}

// connect enters the main namespace; a server of revision 3 lets everybody in unasked.
func (c *conn) connect(eio string) error {
	if eio == "4" {
		if err := c.write(frame(0x81, "40")); err != nil {
			return err
		}
	}
	text, err := c.next("40", "44")
	if err == nil && strings.HasPrefix(text, "44") {
		err = errors.New("refused: " + text)
	}
	return err
}

func (c *conn) write(b []byte) error {
	for len(b) > 0 {
		c.SetWriteDeadline(time.Now().Add(writeWait))
		n, err := c.Conn.Write(b[:min(len(b), 1<<16)])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// frame makes a frame with its first byte and, masked by zeros, its payload.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

// reset closes with RST.
func (c *conn) reset() error {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	return c.Close()
}
