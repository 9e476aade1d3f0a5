// Package gateway is the enforcement point: it joins a client's Engine.IO session to one at the upstream
// and puts every packet between them before the engine.
package gateway

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/socketio"
)

// Options says how a Gateway works. Fields without a stated zero value are required.
type Options struct {
	Fixed
	Rules
}

// Fixed is what stays as it is while a gateway runs.
type Fixed struct {
	Path        string   // where Engine.IO answers, "/socket.io/"
	Upstream    *url.URL // http, https or unix:/path; a path of HTTP, if any, replaces Path at the upstream
	Passthrough bool     // other paths go to Upstream as plain HTTP; otherwise they are 404
	// Upstreams take the handshakes of their hosts and paths; Upstream, which may be nil then, takes the others.
	Upstreams []Upstream

	Parser socketio.Parser // what both sides speak; default JSON

	Translate   bool // puts packets of clients of Engine.IO 3 into those of Socket.IO 5, for an upstream without Engine.IO 3
	UpstreamEIO int  // the upstream's own revision: 4, or 3 for servers 1.x and 2.x, which take no others; default 4

	// Portable serves each connection by goroutines of its own, as is done for TLS and outside Linux; otherwise event
	// loops serve it, one for each core.
	Portable bool
	// OneByOne has event loops make their calls of the kernel one by one, without io_uring. Default false.
	OneByOne bool

	Log    Log // nil: decisions are not logged
	Logger *slog.Logger
}

// Front is how clients are let in. When it changes, open sessions go on by what they were let in by.
type Front struct {
	Transports   []string      // any of polling, websocket
	EIO3         bool          // admits clients of Engine.IO 3, whose packets are those of Socket.IO 4
	PingInterval time.Duration // of the downstream heartbeat
	PingTimeout  time.Duration
	Compression  Compression // of WebSockets with clients; default off
	Origins      []string    // exact; empty admits the same host only
	// OriginRequired refuses clients without an Origin, but for pages of the same origin. Browsers send one.
	OriginRequired bool
	Cookie         string         // names the cookie that tells a polling client its sid; "" for none
	Bind           Bind           // what a sid is bound to; default BindAddress
	Trusted        []netip.Prefix // proxies whose word on the client's address is believed; the zero prefix is Unix sockets
	// TrustedHeader is where they tell it, in lower case: x-forwarded-for (the default), forwarded, or the name
	// of a header that holds one address.
	TrustedHeader string
}

// Limits bounds what a client may cost. Zero means no limit, except where a default is named.
type Limits struct {
	Payload int // bytes of one message of a client, and of its attachments together; default 1 MiB
	// UpstreamPayload is the same for the server's messages; default 16 MiB, never below Payload.
	UpstreamPayload int
	// SendBuffer is what may wait for one client, in bytes: the upstream is not read from 256 KiB on, but one packet
	// may be larger. Default 256 KiB and twice UpstreamPayload, for a packet with its attachments; never below 256 KiB.
	SendBuffer  int
	Depth       int // JSON nesting; default 32
	Attachments int // binary attachments of one packet; default 16
	Namespaces  int // namespaces of one session; default 16
	Rooms       int // mapped rooms that a session is in, or has asked to enter, for each namespace; default 256
	EventRooms  int // mapped rooms that one event is about; default 16
	RoomName    int // bytes of the name of a mapped room; default 256

	AttachmentBytes int // all attachments of one packet of a client; 0 is Payload
	Elements        int // array elements and object members of one packet, all levels together; default 65536
	Number          int // bytes of one number's text; default 128
	EventName       int // bytes; default 256
	NamespaceName   int // bytes, and those of a revision 4 query; default 256, and 8 KiB for the query
	AckID           int // decimal digits of a client's; default 16, which all implementations keep exactly
	Acks            int // events without an answer, of one direction and namespace; default 1024

	// Broadcasts are the bytes that emits may hold which many sessions get, with what is made of them for all; 0 keeps none.
	Broadcasts int
	// Repeats are the bytes that other packets may hold which came before, with what is made of them, see docs/limits.md;
	// 0 keeps none.
	Repeats int

	HTTP       HTTPLimits
	Sessions   SessionLimits
	Traffic    TrafficLimits
	Unfinished UnfinishedLimits

	Memory int64 // bytes that all sessions may hold together; past it the most expensive end

	ConnectionsTotal       int
	ConnectRateTotal       Rate
	ConnectionsPerIP       int
	ConnectRatePerIP       Rate
	ConnectionsPerIdentity int  // of those that a token proves
	ConnectRatePerIdentity Rate // the same
	// SocketsPerIP are open connections of one address, whatever is said on them, see [Gateway.Guard].
	SocketsPerIP int
	IPv6Prefix   int  // bits of an IPv6 address that count as one client; default 64; fixed
	Connects     Rate // CONNECT packets of one session

	EventsPerSession  Rate
	EventsPerName     map[string]Rate // by event name, for each session
	EventsPerIdentity Rate            // in all its sessions together
	EventBytes        Rate            // of one session; one packet of any size may always come first
	DecisionTime      time.Duration   // of each second that one session's packets may take to decide
	SlowDecisions     int             // of all sessions, that may take long at a time, each in a goroutine of its own; default 1024
}

// Compression is permessage-deflate (RFC 7692) with clients that offer it, each message by itself.
type Compression struct {
	Enabled  bool
	MinSize  int // bytes from which on a message is sent compressed
	MaxRatio int // bytes that one byte may unfold to, in a message that unfolds to more than 32 KiB; 0 for no limit
}

// Rate is a number of times in a period; the zero value is no limit. A full period's worth may come at once.
type Rate struct {
	Count int
	Per   time.Duration
}

// Deny says how a refused client is told.
type Deny struct {
	NoAck        bool   // do not answer a refused event that asked for an ack
	Event        string // the event that tells of other refusals; "" sends none
	MaxPerMinute int    // denials of one session in a minute before it is disconnected; 0 for no limit
}

// Credentials are where a token may be found.
type Credentials struct {
	Request *http.Request // the handshake; nil where only what is given beside it counts
	Auth    []byte        // the CONNECT payload, a JSON object; nil at the handshake
	Token   string        // a token itself, which then is the only one looked at; "" for none

	Addr      netip.Addr       // of the client; not valid on a Unix socket
	Namespace string           // of the CONNECT, "" at the handshake
	Again     bool             // verify what was proved before, by Before, once more
	Turn      engine.Turn      // of who asks, during the call; nil for one that may wait
	Before    *engine.Identity // what Request proved at the handshake, nil for nobody: what is used up then still counts
}

// Verifier turns credentials into an identity.
type Verifier interface {
	// Verify gives the identity that the token in c proves; nil, nil when c holds none; a denial
	// (CodeTokenInvalid, CodeTokenExpired) when a token is there and does not hold.
	Verify(c Credentials) (*engine.Identity, *engine.Denial)
}

// Log receives every decision, and the end of every session as an input of kind Disconnect. It does not
// keep in or d after it returns, and does not wait.
type Log interface {
	Decision(in *engine.Input, d *engine.Decision)
}

// Timing is a Log that tells whether it looks at what each plugin took, and at the ids of what is allowed. For others there
// are both always.
type Timing interface {
	Times() bool
}
