// Package eioclient is the upstream end of Engine.IO: one session over WebSocket, which pushes what it reads
// to its [engineio.Handler].
//
// Source: https://socket.io/docs/v4/engine-io-protocol/ (revision 4).
package eioclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

// Options says whom to dial and how. A zero value takes the default named.
type Options struct {
	URL    *url.URL    // http, https, ws or wss, with the path of the Engine.IO server; required
	Header http.Header // sent with the handshake; "Host" sets the host. WebSocket's own headers are dropped
	Query  url.Values  // sent too; Engine.IO's own keys (EIO, transport, sid, t, j, b64) are dropped
	TLS    *tls.Config // for https and wss
	Socket string      // path of a Unix socket to connect to in place of URL's host, which is http then
	EIO    int         // revision to speak, 3 or 4; default 4

	HandshakeTimeout time.Duration // till the open packet is here; default 10 s
	WriteTimeout     time.Duration // for 16 KiB; a peer slower than that closes (SlowReader); default 20 s

	// Payload is bytes of one message received. It is looked at with each, so that it may change. Default MaxPayload.
	Payload    *atomic.Int64
	MaxPayload int // default 1 MiB
	HighWater  int // bytes waiting to be written at which Send reports false; default 256 KiB
	HardLimit  int // bytes waiting to be written at which the session closes; default HighWater + 4 MaxPayload

	Account func(delta int) // hears of each change of the memory held; does not wait and takes no locks; may be nil

	Seat *wsconn.Seat // the place on an event loop, where the scheme is http; nil for goroutines

	Logger *slog.Logger // default: nothing is logged
}

// Refused says that the upstream answered the handshake with plain HTTP.
type Refused struct {
	Status  int         // HTTP status
	Message string      // the body, at most 1 KiB of it
	Header  http.Header // of the answer
}

// Error gives status and message.
func (e *Refused) Error() string {
	return fmt.Sprintf("upstream refused the handshake: %d %s: %q", e.Status, http.StatusText(e.Status), e.Message)
}

// Dial opens a session: the WebSocket, and the open packet. It gives a *Refused when the upstream answers
// plain HTTP; other errors wrap that of the network. Nothing is read after the open packet until Start.
func Dial(ctx context.Context, opts Options) (*Session, error) {
	opts.complete()
	ctx, cancel := context.WithTimeout(ctx, opts.HandshakeTimeout)
	defer cancel()
	target, err := opts.target()
	if err != nil {
		return nil, err
	}
	conn, first, resp, err := wsconn.Dial(ctx, target, opts.header(), wsconn.DialOptions{
		Options: wsconn.Options{Seat: opts.Seat, Read: opts.Payload, Live: opts.limits(), Account: opts.Account},
		TLS:     opts.TLS,
		Socket:  opts.Socket,
	})
	if errors.Is(err, websocket.ErrBadHandshake) && resp != nil {
		return nil, refused(resp)
	}
	if err != nil {
		return nil, fmt.Errorf("dial upstream: %w", err)
	}
	h, err := decodeOpen(first)
	if err != nil {
		conn.Close(0)
		return nil, fmt.Errorf("upstream's first packet: %w", err)
	}
	conn.SetForm(form(opts.EIO))
	return &Session{conn: conn, eio: opts.EIO, interval: h.PingInterval, timeout: h.PingTimeout, answer: &answer{h, resp.Header}}, nil
}

func refused(resp *http.Response) *Refused {
	body, _ := io.ReadAll(resp.Body) // in memory, at most 1 KiB
	return &Refused{Status: resp.StatusCode, Message: string(body), Header: resp.Header}
}

func decodeOpen(text []byte) (engineio.Handshake, error) {
	p, err := engineio.DecodePacket(text)
	if err != nil {
		return engineio.Handshake{}, err
	}
	if p.Type != engineio.Open {
		return engineio.Handshake{}, fmt.Errorf("type %d is not open", p.Type)
	}
	return engineio.DecodeHandshake(p.Data)
}

func (o *Options) complete() {
	def(&o.EIO, 4)
	def(&o.HandshakeTimeout, 10*time.Second)
	def(&o.WriteTimeout, 20*time.Second)
	def(&o.MaxPayload, 1<<20)
	if o.Payload == nil {
		o.Payload = new(atomic.Int64)
		o.Payload.Store(int64(o.MaxPayload))
	}
	def(&o.HighWater, 256<<10)
	def(&o.HardLimit, o.HighWater+4*o.MaxPayload)
	def(&o.Logger, slog.New(slog.DiscardHandler))
}

// def puts a default in the place of a zero value.
func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// target gives the URL to dial.
func (o *Options) target() (string, error) {
	if o.URL == nil {
		return "", errors.New("eioclient: URL is nil")
	}
	if o.EIO != 3 && o.EIO != 4 {
		return "", fmt.Errorf("eioclient: revision %d is neither 3 nor 4", o.EIO)
	}
	scheme, ok := map[string]string{"http": "ws", "ws": "ws", "https": "wss", "wss": "wss"}[o.URL.Scheme]
	if !ok {
		return "", fmt.Errorf("eioclient: scheme %q is none of http, https, ws, wss", o.URL.Scheme)
	}
	q := url.Values{}
	maps.Copy(q, o.Query)
	for _, own := range []string{"EIO", "transport", "sid", "t", "j", "b64"} {
		q.Del(own)
	}
	q.Set("EIO", strconv.Itoa(o.EIO))
	q.Set("transport", "websocket")
	u := url.URL{Scheme: scheme, Host: o.URL.Host, Path: o.URL.Path, RawPath: o.URL.RawPath, RawQuery: q.Encode()}
	return u.String(), nil
}

// header gives the header without what the WebSocket handshake says itself (RFC 6455, 4.1).
func (o *Options) header() http.Header {
	h := http.Header{}
	for k, v := range o.Header {
		k = http.CanonicalHeaderKey(k)
		switch k {
		case "Upgrade", "Connection", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions",
			"Sec-Websocket-Protocol", "Sec-Websocket-Accept":
		default:
			h[k] = v
		}
	}
	return h
}
