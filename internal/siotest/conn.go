package siotest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Conn is a client's Engine.IO session over WebSocket, down to its frames. One goroutine reads, any may write.
type Conn struct {
	Open   Open        // the handshake
	Header http.Header // of the 101
	ws     *websocket.Conn
	mu     sync.Mutex // guards writing
}

// Open is the open packet, section "Handshake" of Engine.IO 4.
type Open struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"` // milliseconds
	PingTimeout  int      `json:"pingTimeout"`  // milliseconds
	MaxPayload   int      `json:"maxPayload"`   // bytes
}

// Refused is a handshake that HTTP answered.
type Refused struct {
	Status int
	Header http.Header
	Body   string
}

// Error gives the status and the body.
func (r *Refused) Error() string { return fmt.Sprintf("handshake refused: %d %s", r.Status, r.Body) }

// Dial opens a session at base ("http://127.0.0.1:1234", path /socket.io/ unless base has one). header may
// be nil. The error is a *Refused when HTTP answered.
func Dial(base string, header http.Header) (*Conn, error) {
	d := websocket.Dialer{HandshakeTimeout: Wait, ReadBufferSize: 1024, WriteBufferSize: 1024}
	ws, resp, err := d.Dial(SocketURL(base, "websocket"), header)
	if err != nil {
		if resp == nil {
			return nil, err
		}
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		resp.Body.Close()
		return nil, &Refused{Status: resp.StatusCode, Header: resp.Header, Body: string(body)}
	}
	c := &Conn{ws: ws, Header: resp.Header}
	f, err := c.ReadBefore(time.Now().Add(Wait))
	if err == nil {
		err = c.open(f)
	}
	if err != nil {
		ws.Close()
		return nil, err
	}
	return c, nil
}

// SocketURL gives the Engine.IO 4 address below base for a transport: ws for websocket, http for polling.
func SocketURL(base, transport string) string {
	if transport == "websocket" {
		base = "ws" + strings.TrimPrefix(base, "http")
	}
	if strings.Count(base, "/") == 2 {
		base += "/socket.io/"
	}
	sep := "?"
	if strings.Contains(base, "?") {
		sep = "&"
	}
	return base + sep + "EIO=4&transport=" + transport
}

func (c *Conn) open(f Frame) error {
	if f.Binary || !strings.HasPrefix(f.Data, "0{") {
		return fmt.Errorf("no open packet but %s", f)
	}
	return json.Unmarshal([]byte(f.Data[1:]), &c.Open)
}

// Write sends one frame.
func (c *Conn) Write(f Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return write(c.ws, f)
}

// Send sends a text frame.
func (c *Conn) Send(text string) error { return c.Write(Frame{Data: text}) }

// Read waits for the next frame, at most Wait, and answers pings itself. After an error the Conn is dead.
func (c *Conn) Read() (Frame, error) { return c.ReadBefore(time.Now().Add(Wait)) }

// ReadBefore is Read with a deadline; the zero time means none.
func (c *Conn) ReadBefore(deadline time.Time) (Frame, error) {
	for {
		if err := c.ws.SetReadDeadline(deadline); err != nil {
			return Frame{}, err
		}
		f, err := read(c.ws)
		if err != nil || f.Binary || f.Data != "2" {
			return f, err
		}
		if err := c.Send("3"); err != nil {
			return Frame{}, err
		}
	}
}

// Connect enters a namespace with an auth payload ("" for none, else a JSON object) and gives the answer.
func (c *Conn) Connect(namespace, auth string) (Message, error) {
	m := Message{Namespace: namespace}
	if err := c.Send("40" + m.prefix() + auth); err != nil {
		return m, err
	}
	f, err := c.Read()
	if err != nil {
		return m, err
	}
	answer, ok := ParseMessage(f)
	if !ok || answer.Type != '0' && answer.Type != '4' {
		return answer, fmt.Errorf("no answer to a CONNECT but %s", f)
	}
	return answer, nil
}

// Close drops the connection without a word.
func (c *Conn) Close() error { return c.ws.Close() }

// CloseCode gives the WebSocket close code in err, 0 for none.
func CloseCode(err error) int {
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return closed.Code
	}
	return 0
}
