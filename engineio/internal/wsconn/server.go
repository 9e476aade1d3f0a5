package wsconn

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

// readBuffer holds what one read of the network gives; it is all that an idle connection keeps.
const readBuffer = 1 << 10

var errNotWebSocket = errors.New("not a WebSocket handshake of version 13")

// ErrNotTaken says that Upgrade failed before it took the connection: the request can still be answered.
var ErrNotTaken = errors.New("the connection cannot become a WebSocket")

// Upgrade makes the connection of r a WebSocket (RFC 6455, 4.2), without subprotocols, and with
// no extension but Limits.Deflate. header
// is added to the 101, which goes out with the first Flush. On an error nothing is answered; frames that
// come with the handshake are one, engineio.ErrEarly.
func Upgrade(w http.ResponseWriter, r *http.Request, header http.Header, lim Limits) (*Conn, error) {
	h := &hijacker{ResponseWriter: w, lim: lim}
	up := websocket.Upgrader{
		ReadBufferSize: readBuffer, WriteBufferSize: frameBuffer, WriteBufferPool: &frames,
		CheckOrigin: func(*http.Request) bool { return true }, // the server's, before

		EnableCompression: lim.Deflate.On && offered(r.Header),
		Error:             func(http.ResponseWriter, *http.Request, int, error) {},
	}
	ws, err := up.Upgrade(h, r, header)
	if h.conn == nil {
		return nil, fmt.Errorf("%w: %w", ErrNotTaken, err)
	}
	if err != nil {
		if h.early {
			err = engineio.ErrEarly
		}
		return nil, err
	}
	h.conn.deflate = up.EnableCompression
	h.conn.watch.deflate = h.conn.deflate
	h.conn.use(ws)
	return h.conn, nil
}

// Check tells, before anything is spent on it, whether Upgrade would take r.
func Check(r *http.Request) error {
	// An Upgrader judges the request before it asks for the connection, which it does not get here.
	refused := errNotWebSocket
	up := websocket.Upgrader{
		CheckOrigin: func(*http.Request) bool { return true },
		Error:       func(_ http.ResponseWriter, _ *http.Request, _ int, err error) { refused = err },
	}
	probe := &noConn{}
	_, _ = up.Upgrade(probe, r, nil)
	if probe.asked {
		return nil
	}
	return refused
}

type noConn struct {
	http.ResponseWriter
	asked bool
}

func (n *noConn) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	n.asked = true
	return nil, nil, errNotWebSocket
}

// hijacker puts the pipe of a new Conn in the place of the network connection.
type hijacker struct {
	http.ResponseWriter
	lim  Limits
	conn *Conn

	early bool // frames came with the handshake
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	network, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = newConn(network, h.lim)
	h.early = rw.Reader.Buffered() > 0
	return pipe{h.conn}, rw, nil
}
