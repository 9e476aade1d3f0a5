package app

import (
	"net/netip"
	"time"

	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/shields"
	"github.com/siogw/siogw/socketio"
)

// newShields makes the virtual patches in their configured states, with the counts of before; nil for none.
func newShields(c *config.Config, before *shields.Set) (*shields.Set, error) {
	load := shields.New
	if before != nil {
		load = before.With
	}
	s, err := load(c.Shields.Options())
	if err != nil {
		return nil, c.Error("shields.overrides", err)
	}
	return s, nil
}

// options gives what the configuration says of the gateway itself.
func options(c *config.Config) gateway.Options {
	o := gateway.Options{Fixed: gateway.Fixed{
		Path:        c.Path,
		Upstreams:   upstreams(c.Upstreams),
		Passthrough: c.Upstream.Passthrough,
		Portable:    c.EventLoop == "off",
		OneByOne:    c.EventLoop == "epoll",
		Translate:   c.Upstream.Translate,
		UpstreamEIO: c.Upstream.EIO,
	}, Rules: gatewayRules(c)}
	if c.Parser == "msgpack" {
		o.Parser = socketio.Msgpack
	}
	if c.Upstream.Set() {
		o.Upstream = c.Upstream.Address()
	}
	return o
}

// frontOf gives what the configuration says of how clients are let in.
func frontOf(c *config.Config) gateway.Front {
	f := gateway.Front{
		EIO3:           c.EIO3,
		PingInterval:   c.Heartbeat.Interval,
		PingTimeout:    c.Heartbeat.Timeout,
		Compression:    gateway.Compression{Enabled: c.Compression.Enabled, MinSize: int(c.Compression.MinSize), MaxRatio: c.Compression.MaxRatio},
		OriginRequired: c.OriginRequired,
		Bind:           gateway.Bind(c.Session.Bind),
		Cookie:         string(c.Session.Cookie),
		Trusted:        peers(c.TrustedProxies),
		TrustedHeader:  string(c.TrustedHeader),
	}
	for _, t := range c.Transports {
		f.Transports = append(f.Transports, string(t))
	}
	for _, origin := range c.Origins {
		f.Origins = append(f.Origins, string(origin))
	}
	return f
}

// gatewayRules gives what the configuration says of the gateway and may change while it runs, but for the parts
// that are loaded.
func gatewayRules(c *config.Config) gateway.Rules {
	return gateway.Rules{
		Front:  frontOf(c),
		Limits: limits(&c.Limits),
		Rooms:  roomRules(&c.Rooms),

		Reauthorize: reauthorize(&c.Policy.Reauthorize),
		Deny:        gateway.Deny{NoAck: !c.Deny.Ack, Event: c.Deny.Event, MaxPerMinute: c.Deny.MaxPerMinute},
		Require:     c.Identity.Required,
		OnExpiry:    gateway.OnExpiry(c.Identity.OnExpiry), RefreshEvent: c.Identity.RefreshEvent, TellEvent: c.Identity.Upstream.Event,
		Responses: responses(c.Responses),
	}
}

func limits(l *config.Limits) gateway.Limits {
	out := gateway.Limits{
		Payload: int(l.Payload), UpstreamPayload: int(l.UpstreamPayload), Depth: l.Depth, Attachments: l.Attachments,
		Namespaces: l.Namespaces, Rooms: l.Rooms, EventRooms: l.EventRooms, RoomName: l.RoomName,
		ConnectionsTotal: l.Connections.Total, ConnectionsPerIP: l.Connections.PerIP,
		ConnectRatePerIP: gateway.Rate(l.Connections.RatePerIP), EventsPerSession: gateway.Rate(l.Events.PerSession),
		EventsPerName: map[string]gateway.Rate{},
	}
	costs(&out, l)
	for name, r := range l.Events.PerEvent {
		out.EventsPerName[name] = gateway.Rate(r)
	}
	return out
}

func upstreams(in []config.UpstreamPool) []gateway.Upstream {
	out := make([]gateway.Upstream, len(in))
	for i := range in {
		p := &in[i]
		h := gateway.Health{Check: p.Health.Check, Path: p.Health.Path, Interval: p.Health.Interval,
			Timeout: p.Health.Timeout, Failures: p.Health.Failures}
		if h.Check == "none" {
			h.Check = ""
		}
		out[i] = gateway.Upstream{Name: p.Name, Host: p.Match.Host, ClientPath: p.Match.Path, Path: p.Path,
			EIO: p.EIO, Translate: p.Translate, URLs: p.Addresses(), Passthrough: p.Passthrough, Sticky: string(p.Sticky), Health: h}
	}
	return out
}

func peers(in []config.Peer) []netip.Prefix {
	out := make([]netip.Prefix, len(in))
	for i, p := range in {
		out[i] = netip.Prefix(p)
	}
	return out
}

// Timeouts of the HTTP servers. Bodies and long polls have deadlines of their own in eioserver.
const (
	idleTimeout  = 75 * time.Second
	maxHeader    = 64 << 10 // bytes; more is read where limits.http allows more
	maxStreams   = 100      // of one HTTP/2 connection: a session polls with two at most
	writeTimeout = 20 * time.Second
	drainTimeout = 10 * time.Second
)
