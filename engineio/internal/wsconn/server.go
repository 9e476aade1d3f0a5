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
func Upgrade(w http.ResponseWriter, r *http.Request, header http.Header, opt Options) (Conn, error) {
	deflate := opt.Live.Load().Deflate.On && offered(r.Header)
	h := &hijacker{ResponseWriter: w, opt: opt, loop: opt.Seat != nil && !deflate}
	up := websocket.Upgrader{
		ReadBufferSize: readBuffer, WriteBufferSize: frameBuffer, WriteBufferPool: &frames,
		CheckOrigin: func(*http.Request) bool { return true }, // the server's, before

		EnableCompression: deflate,
		Error:             func(http.ResponseWriter, *http.Request, int, error) {},
	}
	h.size = &up.ReadBufferSize
	ws, err := up.Upgrade(h, r, header)
	switch {
	case h.network == nil:
		return nil, fmt.Errorf("%w: %w", ErrNotTaken, err)
	case err != nil && h.early:
		return nil, engineio.ErrEarly
	case err != nil:
		return nil, err
	case h.loop:
		return loopedServer(h.network, h.answer, opt)
	}
	h.conn.watch.deflate = deflate
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

// hijacker puts something of ours in the place of the network connection: the pipe of a new portable connection, or
// what keeps the answer for a loop to write.
type hijacker struct {
	http.ResponseWriter
	opt     Options
	loop    bool
	network net.Conn
	size    *int      // of the Upgrader's reader, which it makes once it has the connection
	conn    *portable // when not loop
	answer  []byte    // when loop
	early   bool      // frames came with the handshake
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	network, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.network, h.early = network, rw.Reader.Buffered() > 0
	if h.loop = h.loop && takable(network) != nil; h.loop {
		*h.size = 1 // the least there is: nobody reads by it
		return answering{network, h}, rw, nil
	}
	h.conn = newConn(network, h.opt)
	return pipe{h.conn}, rw, nil
}

// answering is a network connection that is not written to.
type answering struct {
	net.Conn
	h *hijacker
}

func (a answering) Write(b []byte) (int, error) {
	a.h.answer = append(a.h.answer, b...)
	return len(b), nil
}
