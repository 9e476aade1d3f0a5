// Package eioserver is the client-facing end of Engine.IO: sessions over polling, over WebSocket, and the
// upgrade between them, as an http.Handler. Sessions push what they read to their [engineio.Handler].
//
// Source: https://socket.io/docs/v4/engine-io-protocol/ (revision 4).
package eioserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/internal/wsconn"
)

// Options says how a Server works. A zero value takes the default named. [Server.Use] changes them while sessions live,
// for which these stay as they were at the handshake: Transports, EIO3, PingInterval, PingTimeout, PollTimeout, MaxPayload,
// Origins, OriginRequired, Address, AnyAddress and Cookie.
type Options struct {
	Path       string   // where Engine.IO answers, exactly; default "/socket.io/"
	Transports []string // any of polling, websocket; default both
	EIO3       bool     // admits clients of revision 3; they send exactly EIO=3

	PingInterval   time.Duration // from a pong to the next ping; default 25 s
	PingTimeout    time.Duration // from when a ping was due to its pong; default 20 s
	UpgradeTimeout time.Duration // from the WebSocket of an upgrade to its end; default 10 s
	BodyTimeout    time.Duration // for the whole body of a POST, or a message of a WebSocket that has begun; default 30 s
	PollTimeout    time.Duration // from the handshake of a polling session to its first poll; default none
	Idle           time.Duration // without a message in either direction, looked at with each ping; default no limit
	Lifetime       time.Duration // of a session, looked at with each ping; default no limit
	// WriteTimeout is the deadline of a slow reader: for 16 KiB of a WebSocket, for one answer to a poll,
	// and for what waits for a poll; default 20 s.
	WriteTimeout time.Duration

	MaxPayload int // bytes of one message and of one POST; default 1 MiB
	HighWater  int // bytes waiting to be written at which Send reports false; default 256 KiB
	// HardLimit is the number of bytes waiting to be written at which the session closes (SlowReader);
	// default HighWater + 4 MaxPayload. Give it room above HighWater for the largest unit that is sent at once.
	HardLimit      int
	MaxPollPackets int // packets in one answer to a poll; default 16, where python-engineio gives up

	Rates    Rates   // of what one client sends; a packet of a POST counts as a frame
	Slowed   func()  // called each time Rates.Bytes makes a client wait; may be nil
	Unasked  func()  // called for each pong of revision 4 that answers no ping; may be nil
	Upgrades int     // that one session may begin; default no limit
	Deflate  Deflate // permessage-deflate on WebSockets; default off
	Loops    *Loops  // serve WebSockets without TLS and Deflate, see NewLoops; nil for a goroutine each
	// TotalUpgrades may be under way at a time in all sessions together; default no limit.
	TotalUpgrades int

	// Origins are the origins that browsers may come from, compared exactly; empty admits the host of the
	// Host header only, and turns CORS off.
	Origins []string
	// OriginRequired refuses requests without an Origin header, unless a browser says that they come from the
	// same origin (Fetch Metadata): some send none then.
	OriginRequired bool
	// Address gives the client's address, and whether it came by TLS; default the connection's.
	Address func(*http.Request) (addr netip.Addr, secure bool)
	// AnyAddress honours a sid from another address than the one that opened it.
	AnyAddress bool
	// Cookie, when not "", names a cookie that the handshake sets and that later requests must bring: a sid
	// without it is unknown.
	Cookie string

	// Accept judges a handshake before it is answered; required. It may wait, e.g. to dial the upstream,
	// and should give up when the request's context ends. An *engineio.Error is the answer to the client;
	// any other error is a 500 without detail.
	Accept func(*Opening) (engineio.Handler, error)
	// Refused, when not nil, is told of each request that Accept is not asked about, whose POST is not read, or
	// whose WebSocket cannot be taken, for its *engineio.Error; it does not wait.
	Refused func(*http.Request, error)

	Logger *slog.Logger // default: nothing is logged
}

// Opening is a handshake being judged.
type Opening struct {
	Request *http.Request
	Session *Session // to be written to by the handler's owner; it buffers until the handshake is answered
	ID      string   // the sid
	// SID, when Accept sets it, is the sid in the place of ID: to clients of revision 3 it is socket.id as well,
	// which their server knows them by. It must be as hard to guess; one that is in use refuses the handshake.
	SID       string
	EIO       int    // revision of the protocol: 3 or 4
	Transport string // polling or websocket
	Addr      netip.Addr
	Secure    bool
	Seat      *Seat // the session's place on Options.Loops, for the connection behind it; nil for none
	// Header is added to the answer; e.g. the upstream's Set-Cookie.
	Header http.Header
	// MaxPayload is what the handshake announces and the session enforces; Accept may lower it.
	MaxPayload int
	// Account, when Accept sets it, hears of each change of the memory that the session holds beside what an
	// idle one does, in bytes. It does not wait and takes no locks.
	Account func(delta int)
}

// Rate and Rates are those of a WebSocket; they hold for polling too. Deflate is a WebSocket's alone.
type (
	Rate    = wsconn.Rate
	Rates   = wsconn.Rates
	Deflate = wsconn.Deflate
)

// Loops are event loops, which serve the WebSockets of sessions. A Seat is the place of a session on one of them.
type (
	Loops = wsconn.Loops
	Seat  = wsconn.Seat
)

// NewLoops makes n event loops; nil on systems other than Linux. They run while they have connections, and need not be
// closed.
func NewLoops(n int) *Loops { return wsconn.NewLoops(n) }

// Complete sets the defaults, and fails on options that contradict each other.
func (o *Options) Complete() error {
	def(&o.Path, "/socket.io/")
	def(&o.PingInterval, 25*time.Second)
	def(&o.PingTimeout, 20*time.Second)
	def(&o.UpgradeTimeout, 10*time.Second)
	def(&o.BodyTimeout, 30*time.Second)
	def(&o.WriteTimeout, 20*time.Second)
	def(&o.MaxPayload, 1<<20)
	def(&o.HighWater, 256<<10)
	def(&o.HardLimit, o.HighWater+4*o.MaxPayload)
	def(&o.MaxPollPackets, 16)
	def(&o.Logger, slog.New(slog.DiscardHandler))
	if len(o.Transports) == 0 {
		o.Transports = []string{"polling", "websocket"}
	}
	if o.Address == nil {
		o.Address = remoteAddr
	}
	return o.check()
}

func (o *Options) check() error {
	switch {
	case o.Accept == nil:
		return errors.New("eioserver: Accept is nil")
	case !strings.HasPrefix(o.Path, "/"):
		return fmt.Errorf("eioserver: path %q does not begin with /", o.Path)
	case min(o.PingInterval, o.PingTimeout, o.UpgradeTimeout, o.BodyTimeout, o.WriteTimeout, o.PollTimeout, o.Idle, o.Lifetime) < 0:
		return errors.New("eioserver: a negative duration")
	case min(o.MaxPayload, o.HighWater, o.MaxPollPackets) < 1, min(o.Deflate.MinSize, o.Deflate.MaxRatio) < 0:
		return errors.New("eioserver: a limit below 1")
	case o.HardLimit < o.HighWater:
		return fmt.Errorf("eioserver: hard limit %d below high water %d", o.HardLimit, o.HighWater)
	}
	for _, t := range o.Transports {
		if t != "polling" && t != "websocket" {
			return fmt.Errorf("eioserver: transport %q is none", t)
		}
	}
	return nil
}

// def puts a default in the place of a zero value.
func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func remoteAddr(r *http.Request) (netip.Addr, bool) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	addr, _ := netip.ParseAddr(host) // the zero Addr equals only itself
	return addr.Unmap(), r.TLS != nil
}
