// Package config reads the operator's one file, siogw.yaml, with what the environment and the command
// line change in it. It is strict: every key is known, every value has its form, and every mistake is
// told with its place. [Defaults] is the same as a file.
package config

import (
	"encoding/json"
	"net/netip"
	"net/url"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/shields"
	"github.com/siogw/siogw/plugins/rego/manage"
)

// Config is everything an operator can say. The tag of a field is its key; the key of a field in a
// section is section.field. Defaults that are not the zero value are those of [Default].
type Config struct {
	// Listen is the address that clients reach, host:port or unix:/path. Default 127.0.0.1:8080; port 0
	// takes a free one.
	Listen string `yaml:"listen"`
	// SocketMode are the permissions of Unix sockets that are listened on. Default 0660.
	SocketMode FileMode `yaml:"socket_mode"`
	// Path is where Engine.IO answers. Default /socket.io/; a folder, which begins and ends with a slash.
	Path     string   `yaml:"path"`
	Upstream Upstream `yaml:"upstream"`
	// Upstreams are further servers, by host and path; Upstream serves what matches none of them, and may be
	// absent when there are some. Default none.
	Upstreams []UpstreamPool `yaml:"upstreams"`
	Admin     Admin          `yaml:"admin"`
	TLS       TLS            `yaml:"tls"`
	// TrustedProxies are the addresses and networks whose X-Forwarded-For and -Proto are believed; unix is
	// everybody on a Unix socket. Default none.
	TrustedProxies []Peer `yaml:"trusted_proxies"`
	// TrustedHeader is where trusted proxies tell the client's address: x-forwarded-for, forwarded (RFC 7239),
	// or the name of a header that holds one address, such as cf-connecting-ip. Default x-forwarded-for.
	TrustedHeader HeaderName    `yaml:"trusted_header"`
	ProxyProtocol ProxyProtocol `yaml:"proxy_protocol"`
	// Origins are the exact origins (scheme://host[:port], or null) that browsers may come from.
	// Default none, which admits the same host only.
	Origins []Origin `yaml:"origins"`
	// OriginRequired refuses clients without an Origin, but for pages of the same origin: what is no browser
	// must then send one. Default false.
	OriginRequired bool    `yaml:"origin_required"`
	Session        Session `yaml:"session"`
	// Parser is what clients and upstream both speak: json, the default one of Socket.IO, or msgpack,
	// socket.io-msgpack-parser 3 (Engine.IO 4 only). Default json.
	Parser      string      `yaml:"parser" enum:"json,msgpack"`
	Compression Compression `yaml:"compression"`
	// Transports are polling, websocket or both. Default both.
	Transports []Transport `yaml:"transports"`
	// EventLoop is auto, for event loops that serve WebSockets on Linux where they carry neither TLS nor compression, and
	// read and write for many in one call where the kernel lets them use io_uring; epoll, for such loops without io_uring;
	// or off, for goroutines everywhere. Default auto.
	EventLoop string `yaml:"event_loop" enum:"auto,epoll,off"`
	// EIO3 admits clients of Engine.IO 3, which are those of Socket.IO 1.x and 2.x. Default false.
	EIO3      bool      `yaml:"eio3"`
	Heartbeat Heartbeat `yaml:"heartbeat"`
	Limits    Limits    `yaml:"limits"`
	Identity  Identity  `yaml:"identity"`
	Rooms     Rooms     `yaml:"rooms"`
	Contract  Contract  `yaml:"contract"`
	Policy    Policy    `yaml:"policy"`
	// OPA is the Open Policy Agent's own configuration as it stands, or config_file with the name of its file
	// (docs/opa.md). Default none.
	OPA JSON `yaml:"opa"`
	// Plugins are asked in their order within each phase. Default none; names are unique.
	Plugins []Plugin `yaml:"plugins"`
	Shields Shields  `yaml:"shields"`
	Deny    Deny     `yaml:"deny"`
	// Responses are what happens when refusals add up; each that matches. Default none.
	Responses   []Response  `yaml:"responses"`
	DecisionLog DecisionLog `yaml:"decision_log"`
	// Store keeps what several gateways share: memory, each for itself. redis://… is to come, and refused. Default memory.
	Store  string `yaml:"store"`
	Log    Log    `yaml:"log"`
	Reload Reload `yaml:"reload"`

	File   string         `yaml:"-"` // the file that was read, "" for none
	opa    *manage.Config // OPA, checked; nil for none
	places map[string]place
}

// Upstream is the Socket.IO server behind the gateway.
type Upstream struct {
	// URL is http or https; a path, if any, replaces Path at the upstream. Or unix:/path. Required, unless
	// there are upstreams.
	URL URL `yaml:"url"`
	// EIO is the upstream's Engine.IO revision: 3 for servers 1.x and 2.x; or 4. Default 4.
	EIO int `yaml:"eio" min:"3" max:"4"`
	// Translate puts what clients of Engine.IO 3 say into revision 4: for a server of Engine.IO 4 without
	// allowEIO3. Default false.
	Translate bool `yaml:"translate"`
	// Passthrough sends other paths to the upstream as plain HTTP; otherwise they are 404. Default true.
	Passthrough bool `yaml:"passthrough"`
}

// Admin is where health and metrics are served.
type Admin struct {
	// Listen is host:port or unix:/path. Default 127.0.0.1:9090; "" serves none.
	Listen string `yaml:"listen"`
}

// Heartbeat is the client-facing one (Engine.IO 4, heartbeat).
type Heartbeat struct {
	Interval time.Duration `yaml:"interval" min:"1s" max:"10m"` // between two pings; default 25s
	Timeout  time.Duration `yaml:"timeout" min:"1s" max:"10m"`  // for a pong; default 20s
}

// Compression is permessage-deflate (RFC 7692) on WebSockets, with clients that offer it; each message by itself.
type Compression struct {
	Enabled bool `yaml:"enabled"`                     // default false
	MinSize Size `yaml:"min_size" min:"1" max:"1MiB"` // from which on a message to a client is compressed; default 1KiB
	// MaxRatio is how many bytes one byte of a client's message may unfold to, once it has unfolded to 32 KiB.
	// Default 50; the format's own limit is 1032.
	MaxRatio int `yaml:"max_ratio" min:"1" max:"1032"`
}

// Limits bounds what a client may cost.
type Limits struct {
	Payload Size `yaml:"payload" min:"1KiB" max:"256MiB"` // bytes of one message; default 1MiB
	// UpstreamPayload is the same for the server's messages. Default 16MiB; never below Payload.
	UpstreamPayload Size `yaml:"upstream_payload" min:"1KiB" max:"256MiB"`
	// SendBuffer is what may wait for one client; past it the session ends. Default 0: 256KiB and twice UpstreamPayload;
	// else at least 256KiB, from where on the server is not read.
	SendBuffer  Size `yaml:"send_buffer" max:"1GiB"`
	Depth       int  `yaml:"depth" min:"1" max:"512"`        // JSON nesting; default 32
	Attachments int  `yaml:"attachments" min:"1" max:"1024"` // of one packet; default 16
	Namespaces  int  `yaml:"namespaces" min:"1" max:"1024"`  // of one session; default 16
	// Rooms are mapped rooms that a session is in, or has asked to enter, for each namespace. Default 256.
	Rooms      int `yaml:"rooms" min:"1" max:"65536"`
	EventRooms int `yaml:"event_rooms" min:"1" max:"256"` // mapped rooms that one event is about; default 16
	RoomName   int `yaml:"room_name" min:"1" max:"65536"` // bytes of the name of a mapped room; default 256
	// AttachmentBytes bounds all attachments of one packet together. Default 0: as Payload.
	AttachmentBytes Size `yaml:"attachment_bytes" max:"256MiB"`
	// Elements are array elements and object members of one packet, all levels together. Default 65536.
	Elements      int `yaml:"elements" min:"1" max:"16777216"`
	Number        int `yaml:"number" min:"1" max:"4096"`          // bytes of one number; default 128
	EventName     int `yaml:"event_name" min:"1" max:"65536"`     // bytes; default 256
	NamespaceName int `yaml:"namespace_name" min:"1" max:"65536"` // bytes; default 256
	AckID         int `yaml:"ack_id" min:"1" max:"16"`            // digits; default 16, which all implementations keep exactly
	// Acks are events without an answer, of one direction and namespace. Default 1024; after a minute without an
	// answer they make room.
	Acks     int  `yaml:"acks" min:"1" max:"1048576"`
	Connects Rate `yaml:"connects"` // CONNECT packets of one session; default 20/s
	// Memory is what all sessions may hold together, and the soft limit of the Go runtime is set by it. Past it
	// the most expensive sessions end. Default 1GiB, 0 for no limit.
	Memory Size `yaml:"memory"`
	// Broadcasts are the bytes that emits may hold which many sessions get, with what is made of them for all: each is
	// read and checked once. One has a 32nd, its message a quarter of that at most. Default 4MiB; 0 keeps none.
	Broadcasts Size `yaml:"broadcasts" max:"1GiB"`
	// Repeats are the bytes that clients' events and both sides' answers may hold which came before, with what is made of
	// them: each is read and checked once. One has a 512th, its message a quarter of that at most. Default 4MiB; 0 keeps none.
	Repeats Size `yaml:"repeats" max:"1GiB"`
	// SlowDecisions may be under way at a time, of all sessions: those that wait for something, such as a native plugin, or take
	// longer than half a millisecond. Each has a goroutine and a buffer of its own, some 80 KiB. One more that would wait fails.
	// Default 1024.
	SlowDecisions int `yaml:"slow_decisions" min:"1" max:"65536"`

	HTTP        HTTPLimits    `yaml:"http"`
	Sessions    SessionLimits `yaml:"sessions"`
	Traffic     TrafficLimits `yaml:"traffic"`
	Unfinished  Unfinished    `yaml:"unfinished"`
	Connections Connections   `yaml:"connections"`
	Events      Events        `yaml:"events"`
}

// Connections bounds sessions. Zero means no limit.
type Connections struct {
	Total     int  `yaml:"total" min:"0"`  // at one time; default 10000
	Rate      Rate `yaml:"rate"`           // new ones; default 1000/s
	PerIP     int  `yaml:"per_ip" min:"0"` // at one time from one address; default 100
	RatePerIP Rate `yaml:"rate_per_ip"`    // new ones from one address; default 100/s

	PerIdentity     int  `yaml:"per_identity" min:"0"` // at one time of one identity that a token proves; default 100
	RatePerIdentity Rate `yaml:"rate_per_identity"`    // new ones of one identity; default 100/s
	// IPv6Prefix is how many bits of an IPv6 address count as one client. Default 64.
	IPv6Prefix int `yaml:"ipv6_prefix" min:"16" max:"128"`
	// SocketsPerIP are TCP connections from one address, whatever is said on them; not of trusted_proxies, and not
	// with proxy_protocol. Default 512.
	SocketsPerIP int `yaml:"sockets_per_ip" min:"0"`
}

// Events bounds the packets of one session. A zero rate means no limit.
type Events struct {
	PerSession Rate            `yaml:"per_session"` // default 1000/s
	PerEvent   map[string]Rate `yaml:"per_event"`   // by event name; default none
	// PerIdentity is for all sessions of one identity together. Default 2000/s.
	PerIdentity  Rate          `yaml:"per_identity"`
	Bytes        SizeRate      `yaml:"bytes"`                  // of one session's events; default 16MiB/s
	DecisionTime time.Duration `yaml:"decision_time" max:"1s"` // of each second, to decide one session's packets; default 500ms
}

// Contract holds events, their arguments and answers to documents that describe them (docs/contracts.md).
type Contract struct {
	Files []Path `yaml:"files"` // AsyncAPI 2.x or 3.x, or plain contracts; default none
	// UnknownEvents is what becomes of events and namespaces that no file describes. Default deny.
	UnknownEvents string `yaml:"unknown_events" enum:"deny,allow"`
	Mode          Mode   `yaml:"mode"` // enforce, monitor or off; default enforce
	// Recovery says that the server has connectionStateRecovery, which adds an offset to its emits. Default false.
	Recovery bool `yaml:"recovery"`
}

// Policy is the Rego part.
type Policy struct {
	// Paths are .rego, .json and .yaml files and folders of them. Default none: the baseline decides.
	Paths []Path `yaml:"paths"`
	// Mode is enforce, monitor or off; off leaves the decision to the baseline. Default enforce.
	Mode Mode `yaml:"mode"`
	// Timeout is for one evaluation, which then denies. Default 250ms.
	Timeout     time.Duration `yaml:"timeout" min:"1ms" max:"10s"`
	Reauthorize Reauthorize   `yaml:"reauthorize"`
	Memo        Memo          `yaml:"memo"`
	// Evaluator is auto or topdown: OPA's own evaluator, also where the policy could be compiled. Default auto.
	Evaluator string `yaml:"evaluator" enum:"auto,topdown"`
	Shadow    Shadow `yaml:"shadow"`
}

// Plugin is one plugin in its place.
type Plugin struct {
	Name    string        `yaml:"name"`   // input.plugins.NAME and the log; required; letters, digits, - and _
	Source  Source        `yaml:"source"` // std:NAME, the path of a .wasm or .js file, or native:PATH of a program; required
	Match   Match         `yaml:"match"`
	Config  JSON          `yaml:"config"`                                  // what the plugin is configured with; default {}
	Memory  Size          `yaml:"memory" min:"64KiB" max:"4GiB"`           // cap on its memory; default 16MiB
	Timeout time.Duration `yaml:"timeout" min:"100us" max:"10s"`           // for one verdict; default 5ms
	OnError string        `yaml:"on_error" enum:"deny,allow"`              // what its failure counts as; default deny
	Mode    Mode          `yaml:"mode"`                                    // default enforce
	Phase   string        `yaml:"phase" enum:"before_policy,after_policy"` // default after_policy
	SHA256  Checksum      `yaml:"sha256"`                                  // of the module, 64 hex digits; "" checks nothing

	Grant []Capability `yaml:"grant"` // what the plugin may have of what its manifest asks for; default none
	// Lifetime is of what the plugin keeps in its memory: shared, session or call. Default "": as its manifest says.
	Lifetime Lifetime `yaml:"lifetime"`
	Sessions int      `yaml:"sessions" min:"1" max:"65536"` // with an instance, where lifetime is session; default 1000
	Memo     Size     `yaml:"memo" max:"4GiB"`              // of verdicts kept, where the plugin is pure; default 1MiB, 0 keeps none
	KV       KV       `yaml:"kv"`
	Backoff  Backoff  `yaml:"backoff"`

	// Of native plugins: Memory is 256MiB and Timeout 100ms by default, SHA256 is required, and the rest below goes with them alone.
	Args         []string          `yaml:"args"`                                // of the program's command line; default none
	Env          map[string]Secret `yaml:"env"`                                 // all that is in its environment; default none
	Dir          Folder            `yaml:"dir"`                                 // where it works; default "": the program's folder
	MaxInFlight  int               `yaml:"max_in_flight" min:"1" max:"65536"`   // questions that it has at one time; default 256
	StartTimeout time.Duration     `yaml:"start_timeout" min:"100ms" max:"10m"` // till it serves; default 10s
}

// Match says which inputs a plugin is asked about. An empty list matches all.
type Match struct {
	Kinds      []Kind      `yaml:"kinds"`
	Directions []Direction `yaml:"directions"`
	Namespaces []string    `yaml:"namespaces"`
	Events     []string    `yaml:"events"`
}

// Shields are the virtual patches for published attacks; siogw shields list has them.
type Shields struct {
	// Default is the state of every shield that can be switched, but for those to opt in to. Default enforce.
	Default Mode `yaml:"default"`
	// Overrides are states by the id of a shield that can be switched. Default none.
	Overrides map[string]Mode `yaml:"overrides"`
}

// Options gives the shields in the registry's form.
func (s *Shields) Options() shields.Options {
	o := shields.Options{Default: engine.Mode(s.Default), Overrides: map[string]engine.Mode{}}
	for id, mode := range s.Overrides {
		o.Overrides[id] = engine.Mode(mode)
	}
	return o
}

// Deny says how a refused client is told.
type Deny struct {
	Ack          bool   `yaml:"ack"`                    // answer refused events that asked for an ack; default true
	Event        string `yaml:"event"`                  // the event that tells of others; default siogw:denied, "" for none
	MaxPerMinute int    `yaml:"max_per_minute" min:"0"` // before the session is closed; default 60, 0 for no limit
}

// DecisionLog is one JSON line for each decision.
type DecisionLog struct {
	Output Output `yaml:"output"` // stdout, stderr, none, or a file; default stdout
	// Mask hides auth, args, or what a JSON pointer below them names, such as /auth/token. Default both.
	Mask []MaskPath `yaml:"mask"`
}

// Log is what the gateway says of itself, on stderr.
type Log struct {
	Format string `yaml:"format" enum:"text,json"`            // default text
	Level  string `yaml:"level" enum:"debug,info,warn,error"` // default info
}

// Values with a form of their own. Each is a scalar in the file.
type (
	Path        string      // of a file; relative to the folder of the configuration file
	Location    string      // a file as Path, or an http or https URL
	Source      string      // std:NAME, or a file as Path, also native:FILE
	Output      string      // stdout, stderr, none, or a file as Path
	Secret      string      // never printed
	URL         url.URL     // http or https, without user, query and fragment; or unix:/path
	Size        int64       // bytes: 4096, 64KiB, 1MiB, 1GiB, 1MB
	Origin      string      // scheme://host[:port] or null
	Transport   string      // polling or websocket
	TokenSource string      // auth.X, header.X, cookie.X, query.X
	Algorithm   string      // of a JWS (RFC 7518 section 3.1, RFC 8037); never none
	Pointer     string      // JSON pointer that begins with /args/
	MaskPath    string      // auth, args, or a JSON pointer below them
	Checksum    string      // SHA-256 in lower-case hex
	Mode        engine.Mode // enforce, monitor, off
	Kind        engine.Kind
	Direction   engine.Direction
	Network     netip.Prefix // a network, or an address as the network of it alone
	Peer        netip.Prefix // a Network, or unix: the peers of a Unix socket, the zero value
	FileMode    uint32       // permissions in octal: 0660
	HeaderName  string       // of HTTP, in lower case
	Sticky      string       // ip, cookie.X, header.X, query.X, or "" for none
	JSON        json.RawMessage
)

// Rate is a number of times in a period: 20/s, 100/m, 5/h, 10/30s; 0 is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// String never gives the secret.
func (Secret) String() string { return "***" }

// MarshalText never gives the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// GoString never gives the secret.
func (Secret) GoString() string { return `"***"` }

// Address gives the upstream's address in the standard library's form.
func (u *Upstream) Address() *url.URL { v := url.URL(u.URL); return &v }
