package wsconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Dial opens a WebSocket to url (ws or wss) before ctx ends, and reads its first message. When the server
// answered plain HTTP the error is websocket.ErrBadHandshake and the response is not nil.
func Dial(ctx context.Context, url string, header http.Header, o DialOptions) (Conn, []byte, *http.Response, error) {
	if o.Seat != nil && strings.HasPrefix(url, "ws:") {
		return dialLooped(ctx, url, header, o)
	}
	d := &dialer{opt: o.Options, tls: o.TLS, socket: o.Socket, stop: func() bool { return true }}
	wd := websocket.Dialer{
		NetDialContext: d.plain, NetDialTLSContext: d.secure,
		ReadBufferSize: readBuffer, WriteBufferSize: frameBuffer, WriteBufferPool: &frames,
	}
	ws, resp, err := wd.DialContext(ctx, url, header)
	d.stop()
	if err != nil {
		return nil, nil, resp, because(ctx, err)
	}
	c := d.conn
	c.use(ws)

	c.direct = false
	first, err := c.first(ctx)
	if err == nil && resp.Header.Get("Sec-Websocket-Extensions") != "" {
		err = errExtension
	}
	if err != nil {
		_ = c.net.Close()
		return nil, nil, nil, err
	}
	return c, first, resp, nil
}

var (
	errExtension = errors.New("the server answers with an extension that was not offered")
	errBinary    = errors.New("the first message is binary")
)

// DialOptions are what Dial needs beside an address.
type DialOptions struct {
	Options
	TLS    *tls.Config // for wss; nil takes the system's roots
	Socket string      // path of a Unix socket to connect to in place of the host, for ws
}

// first reads one text message, waiting.
func (c *portable) first(ctx context.Context) ([]byte, error) {
	stop := endWith(ctx, c.net)
	defer stop()
	c.ws.SetReadLimit(c.opt.Read.Load())
	op, from, err := c.ws.NextReader()
	if err != nil {
		return nil, because(ctx, err)
	}
	msg, err := io.ReadAll(from)
	if err == nil && op != websocket.TextMessage {
		err = errBinary
	}
	if err == nil && !stop() {
		err = ctx.Err()
	}
	return msg, err
}

// because puts the end of ctx before the error that came of it. The network may see the deadline first.
func because(ctx context.Context, err error) error {
	end := ctx.Err()
	if at, ok := ctx.Deadline(); end == nil && ok && !time.Now().Before(at) && errors.Is(err, os.ErrDeadlineExceeded) {
		end = context.DeadlineExceeded
	}
	if end == nil {
		return err
	}
	return fmt.Errorf("%w: %w", end, err)
}

// endWith makes a network connection fail when ctx ends, until stop is called.
func endWith(ctx context.Context, network net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = network.SetDeadline(time.Unix(1, 0)) })
}

// dialer puts the pipe of a new Conn in the place of the network connection.
type dialer struct {
	opt    Options
	tls    *tls.Config
	socket string
	conn   *portable
	stop   func() bool
}

func (d *dialer) plain(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := dialPlain(ctx, network, addr, d.socket)
	if err != nil {
		return nil, err
	}
	return d.wrap(ctx, c), nil
}

// dialPlain connects to an address, or to the Unix socket that stands for it.
func dialPlain(ctx context.Context, network, addr, socket string) (net.Conn, error) {
	nd := net.Dialer{KeepAlive: -1} // Engine.IO has a heartbeat
	if socket != "" {
		network, addr = "unix", socket
	}
	return nd.DialContext(ctx, network, addr)
}

func (d *dialer) secure(ctx context.Context, network, addr string) (net.Conn, error) {
	td := tls.Dialer{Config: d.tls.Clone()} // Clone of nil is nil
	if td.Config == nil {
		td.Config = &tls.Config{}
	}
	td.Config.NextProtos = []string{"http/1.1"} // a WebSocket of RFC 6455 needs it
	c, err := td.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return d.wrap(ctx, c), nil
}

func (d *dialer) wrap(ctx context.Context, c net.Conn) net.Conn {
	d.conn = newConn(c, d.opt)
	d.conn.direct, d.conn.watch.client = true, true
	d.stop = endWith(ctx, c)
	return pipe{d.conn}
}
