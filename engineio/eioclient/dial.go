// Package eioclient is the upstream end of Engine.IO: one session over WebSocket, which pushes what it reads
// to its [engineio.Handler].
//
// Source: https://socket.io/docs/v4/engine-io-protocol/ (revision 4).
package eioclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/siogw/siogw/engineio"
)

// Options says whom to dial and how. A zero value takes the default named.
type Options struct {
	URL    *url.URL    // http, https, ws or wss, with the path of the Engine.IO server; required
	Header http.Header // sent with the handshake; "Host" sets the host. WebSocket's own headers are dropped
	Query  url.Values  // sent too; Engine.IO's own keys (EIO, transport, sid, t, j, b64) are dropped
	TLS    *tls.Config // for https and wss

	HandshakeTimeout time.Duration // till the open packet is here; default 10 s
	WriteTimeout     time.Duration // for 16 KiB; a peer slower than that closes (SlowReader); default 20 s

	MaxPayload int // bytes of one message received; default 1 MiB
	HighWater  int // bytes waiting to be written at which Send reports false; default 256 KiB
	HardLimit  int // bytes waiting to be written at which the session closes; default HighWater + 4 MaxPayload

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
func Dial(ctx context.Context, opts Options) (*Session, error) { return nil, nil }

// Session is the client's end of a session with the upstream.
type Session struct{}

var _ engineio.Session = (*Session)(nil)

// Start begins to read, and to call h. It is called once; a session that is not started must be closed.
func (s *Session) Start(h engineio.Handler) {}

// Response gives the header of the upstream's 101.
func (s *Session) Response() http.Header { return nil }

// Send, Flush, Pause, Resume and Close: see [engineio.Session].
func (s *Session) Send(p engineio.Packet) bool { return true }
func (s *Session) Flush()                      {}
func (s *Session) Pause()                      {}
func (s *Session) Resume()                     {}
func (s *Session) Close(r engineio.Reason)     {}
