package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a client's session, cheap enough not to be what is measured: frames are read where they lie, and
// written by one call. It believes the other side. One goroutine reads, one writes.
type conn struct {
	net.Conn
	in  *bufio.Reader
	mu  sync.Mutex // guards out: heartbeats are answered by who reads
	out []byte
}

// key masks what clients send, RFC 6455, section 5.3. Any will do, as nothing on the way needs to be confused.
var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

const handshake = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n" +
	"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// auth is what every client enters "/" with.
var auth = `{"token":"` + token + `"}`

// dial opens a session at p and enters "/", within a minute.
func dial(ctx context.Context, p *process) (*conn, error) {
	address := strings.TrimPrefix(p.address, "http://")
	tcp, err := (&net.Dialer{Timeout: time.Minute}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: tcp, in: bufio.NewReaderSize(tcp, 2048)}
	defer context.AfterFunc(ctx, func() { tcp.Close() })()
	if err := c.open(address); err != nil {
		tcp.Close()
		return nil, err
	}
	return c, nil
}

func (c *conn) open(address string) error {
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c, handshake, address); err != nil {
		return err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 200))
		return fmt.Errorf("handshake: %s %s", answer.Status, body)
	}
	if _, err := c.expect("0{"); err != nil {
		return err
	}
	if err := c.send([]byte("40" + auth)); err != nil {
		return err
	}
	_, err = c.expect("40{")
	return err
}

// expect reads a packet that begins so.
func (c *conn) expect(begin string) ([]byte, error) {
	p, err := c.next()
	if err == nil && !bytes.HasPrefix(p, []byte(begin)) {
		err = fmt.Errorf("no %s… but %.100s", begin, p)
	}
	return p, err
}

// send writes a packet as one text frame.
func (c *conn) send(packet []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = appendFrame(c.out[:0], packet)
	_, err := c.Write(c.out)
	return err
}

// appendFrame appends packet as a masked text frame, RFC 6455, section 5.2.
func appendFrame(b, packet []byte) []byte {
	if n := len(packet); n < 126 {
		b = append(b, 0x81, 0x80|byte(n))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, 0x81, 0x80|126), uint16(n)) // no load of ours is larger
	}
	b = append(b, key[:]...)
	for i, x := range packet {
		b = append(b, x^key[i&3])
	}
	return b
}

// next gives the next packet but pings, which it answers; it is good until the next call.
func (c *conn) next() ([]byte, error) {
	for {
		p, err := c.frame()
		if err != nil || len(p) != 1 || p[0] != '2' {
			return p, err
		}
		if err := c.send([]byte{'3'}); err != nil {
			return nil, err
		}
	}
}

// frame reads a whole, unmasked text frame.
func (c *conn) frame() ([]byte, error) {
	head, err := c.in.Peek(2)
	if err != nil {
		return nil, err
	}
	size, n := 2, int(head[1])
	if n == 126 {
		if head, err = c.in.Peek(4); err != nil {
			return nil, err
		}
		size, n = 4, int(binary.BigEndian.Uint16(head[2:]))
	}
	if head[0] != 0x81 || n > c.in.Size()-size {
		return nil, fmt.Errorf("a frame that begins % x: no packet of this load", head)
	}
	whole, err := c.in.Peek(size + n)
	if err != nil {
		return nil, err
	}
	c.in.Discard(size + n)
	return whole[size:], nil
}

// beat answers heartbeats until the session ends, and counts the other packets that come.
func (c *conn) beat(count *atomic.Int64) {
	c.SetDeadline(time.Time{})
	for {
		if _, err := c.next(); err != nil {
			return
		}
		count.Add(1)
	}
}

// dialAll opens n sessions, four at a time. They end with ctx, or by closeAll.
func dialAll(ctx context.Context, p *process, n int) ([]*conn, error) {
	var mu sync.Mutex // guards conns
	var conns []*conn
	errs := make([]error, min(n, 4))
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += len(errs) {
				c, err := dial(ctx, p)
				if err != nil {
					errs[w] = fmt.Errorf("session %d: %w", i, err)
					return
				}
				mu.Lock()
				conns = append(conns, c)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	context.AfterFunc(ctx, func() { closeAll(conns) })
	if err := errors.Join(errs...); err != nil {
		closeAll(conns)
		return nil, err
	}
	return conns, nil
}

func closeAll[C io.Closer](conns []C) {
	for _, c := range conns {
		c.Close()
	}
}
