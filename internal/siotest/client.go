package siotest

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// Client is a Conn for tests: what goes wrong ends the test. It reads in the background from the start.
type Client struct {
	*Conn
	tb     testing.TB
	frames chan Frame
	ended  chan struct{} // closed when reading has ended
	err    error         // why; valid after ended
	once   sync.Once
}

// NewClient dials base and closes at the end of the test. header may be nil.
func NewClient(tb testing.TB, base string, header http.Header) *Client {
	tb.Helper()
	conn, err := Dial(base, header)
	if err != nil {
		tb.Fatalf("dial: %v", err)
	}
	c := &Client{Conn: conn, tb: tb, frames: make(chan Frame, 4096), ended: make(chan struct{})}
	go c.pump()
	tb.Cleanup(c.Stop)
	return c
}

func (c *Client) pump() {
	defer close(c.ended)
	for {
		f, err := c.ReadBefore(time.Time{})
		if err != nil {
			c.err = err
			c.once.Do(func() { c.Close() }) // as clients do, whom the gateway waits for
			return
		}
		c.frames <- f
	}
}

// Stop drops the connection and waits until reading has ended.
func (c *Client) Stop() {
	c.once.Do(func() { c.Close() })
	for {
		select {
		case <-c.frames: // a full buffer must not hold pump
		case <-c.ended:
			return
		}
	}
}

// Put sends text frames.
func (c *Client) Put(texts ...string) {
	c.tb.Helper()
	for _, text := range texts {
		if err := c.Send(text); err != nil {
			c.tb.Fatalf("send %s: %v", text, err)
		}
	}
}

// PutBinary sends binary frames.
func (c *Client) PutBinary(data ...string) {
	c.tb.Helper()
	for _, d := range data {
		if err := c.Write(Frame{Binary: true, Data: d}); err != nil {
			c.tb.Fatalf("send binary: %v", err)
		}
	}
}

// Next gives the next frame but pings.
func (c *Client) Next() Frame {
	c.tb.Helper()
	select {
	case f := <-c.frames:
		return f
	default:
	}
	select {
	case f := <-c.frames:
		return f
	case <-c.ended:
		select {
		case f := <-c.frames: // it came before the end
			return f
		default:
		}
		c.tb.Fatalf("the connection ended: %v", c.err)
	case <-time.After(Wait):
		c.tb.Fatalf("nothing came in %v", Wait)
	}
	return Frame{}
}

// Poll gives the next frame but pings; open is false once the connection has ended and all was given.
func (c *Client) Poll() (f Frame, open bool) {
	c.tb.Helper()
	select {
	case f = <-c.frames:
		return f, true
	case <-c.ended:
		select {
		case f = <-c.frames:
			return f, true
		default:
			return Frame{}, false
		}
	case <-time.After(Wait):
		c.tb.Fatalf("nothing came in %v", Wait)
	}
	return Frame{}, false
}

// Want checks that the next frames read like texts (see Frame.String).
func (c *Client) Want(texts ...string) {
	c.tb.Helper()
	for _, text := range texts {
		if f := c.Next(); f.String() != text {
			c.tb.Fatalf("got  %s\nwant %s", f, text)
		}
	}
}

// Join enters a namespace and gives the sid of the answer's message. It ends the test when refused.
func (c *Client) Join(namespace, auth string) Message {
	c.tb.Helper()
	m := Message{Namespace: namespace}
	c.Put("40" + m.prefix() + auth)
	f := c.Next()
	answer, ok := ParseMessage(f)
	if !ok || answer.Type != '0' {
		c.tb.Fatalf("CONNECT to %s was answered %s", namespace, f)
	}
	return answer
}

// WantNone checks that nothing comes for as long as Quiet.
func (c *Client) WantNone() {
	c.tb.Helper()
	select {
	case f := <-c.frames:
		c.tb.Fatalf("got %s, want nothing", f)
	case <-c.ended:
		c.tb.Fatalf("the connection ended: %v", c.err)
	case <-time.After(Quiet):
	}
}

// WantEnd checks that the connection ends, with no frame before, and gives why.
func (c *Client) WantEnd() error {
	c.tb.Helper()
	select {
	case f := <-c.frames:
		c.tb.Fatalf("got %s, want the end", f)
	case <-c.ended:
		if len(c.frames) > 0 {
			c.tb.Fatalf("got %s, want the end", <-c.frames)
		}
	case <-time.After(Wait):
		c.tb.Fatalf("no end in %v", Wait)
	}
	return c.err
}
