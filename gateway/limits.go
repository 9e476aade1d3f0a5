package gateway

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/siogw/siogw/socketio"
)

// HTTPLimits bound the requests of clients, before anything is done for them. Zero means no limit.
type HTTPLimits struct {
	Header   int           // bytes of all names and values
	Headers  int           // of them
	URL      int           // bytes of the request target
	Cookie   int           // bytes of all Cookie headers
	BodyTime time.Duration // for the body of a POST, or a WebSocket message that has begun; default 30 s
	PassTime time.Duration // of plain HTTP: for a client to send or to read the next 16 KiB of a body; default 30 s
}

// SessionLimits bound the life of a session. Zero means no limit, except where a default is named.
type SessionLimits struct {
	ConnectTime   time.Duration // till a namespace is connected
	PollTime      time.Duration // till the first poll of a polling session
	WriteTime     time.Duration // for a client to read 16 KiB, or to poll what waits; default 20 s
	Idle          time.Duration // without a message in either direction
	Lifetime      time.Duration // at most
	Upgrades      int           // begun by one session
	TotalUpgrades int           // under way at a time in all sessions together
}

// TrafficLimits bound what one client sends, whatever it says. Zero means no limit.
type TrafficLimits struct {
	Frames    Rate // WebSocket frames of any kind, packets of a POST
	Control   Rate // WebSocket pings and pongs
	Fragments Rate // WebSocket frames that are not a whole message
	Bytes     Rate // more wait
}

// UnfinishedLimits bound packets whose attachments are not all there. Zero means no limit.
type UnfinishedLimits struct {
	Time  time.Duration // till the last attachment
	Bytes int           // held by all sessions together
}

// complete sets the defaults.
func (l *Limits) complete() {
	for _, d := range []struct {
		field *int
		value int
	}{{&l.Payload, 1 << 20}, {&l.UpstreamPayload, 16 << 20}, {&l.Depth, 32}, {&l.Attachments, 16}, {&l.Namespaces, 16},
		{&l.Rooms, 256}, {&l.EventRooms, 16}, {&l.RoomName, 256}, {&l.AckID, 16}, {&l.Acks, 1024}, {&l.SlowDecisions, 1024}, {&l.IPv6Prefix, 64}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	l.UpstreamPayload = max(l.UpstreamPayload, l.Payload)
	if l.SendBuffer <= 0 {
		l.SendBuffer = highWater + 2*l.UpstreamPayload
	}
	l.SendBuffer = max(l.SendBuffer, highWater)
	l.HTTP.BodyTime = cmp.Or(l.HTTP.BodyTime, 30*time.Second)
	l.HTTP.PassTime = cmp.Or(l.HTTP.PassTime, 30*time.Second)
	l.Sessions.WriteTime = cmp.Or(l.Sessions.WriteTime, 20*time.Second)
}

// attachments gives the limit of a session's attachments, whose messages have a limit of payload.
func (l *Limits) attachments(payload int) int { return cmp.Or(l.AttachmentBytes, payload) }

// packets gives the limits that decoders keep, of clients' packets and of servers', in a session whose client was told
// payload.
func (l *Limits) packets(payload int) (client, server socketio.Limits) {
	client = socketio.Limits{Depth: l.Depth, Elements: l.Elements, Number: l.Number, Attachments: l.Attachments,
		EventName: l.EventName, Namespace: l.NamespaceName, AttachmentBytes: l.attachments(payload)}
	server = client
	server.AttachmentBytes = l.UpstreamPayload
	return client, server
}

// Bind says what a sid is bound to, beside the protocol's revision.
type Bind string

// What a sid can be bound to.
const (
	BindAddress Bind = "address" // of the client that opened the session; also the zero value
	BindCookie  Bind = "cookie"  // that the handshake set
	BindNone    Bind = "none"
)

// sessionCookie is the cookie of BindCookie. The upstream does not see it.
const sessionCookie = "siogw"

// hideCookie gives Cookie headers without our own cookie, nil where that changes nothing.
func hideCookie(headers []string) []string {
	if !slices.ContainsFunc(headers, func(h string) bool { return strings.Contains(h, sessionCookie+"=") }) {
		return nil
	}
	kept := []string{}
	for _, h := range headers {
		parts := slices.DeleteFunc(strings.Split(h, ";"), func(c string) bool {
			return strings.HasPrefix(strings.TrimSpace(c), sessionCookie+"=")
		})
		if rest := strings.TrimSpace(strings.Join(parts, ";")); rest != "" {
			kept = append(kept, rest)
		}
	}
	return kept
}
