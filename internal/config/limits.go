package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/siogw/siogw/engine"
)

// HTTPLimits bound requests. Zero means no limit, except for times.
type HTTPLimits struct {
	Header     Size          `yaml:"header" max:"1MiB"`                 // all names and values; default 32KiB
	Headers    int           `yaml:"headers" min:"0"`                   // default 100
	URL        Size          `yaml:"url" max:"1MiB"`                    // default 8KiB
	Cookie     Size          `yaml:"cookie" max:"1MiB"`                 // all Cookie headers; default 16KiB
	HeaderTime time.Duration `yaml:"header_time" min:"100ms" max:"10m"` // till all headers are here; default 10s
	BodyTime   time.Duration `yaml:"body_time" min:"100ms" max:"10m"`   // for the body of a POST, or a WebSocket message that has begun; default 30s
	PassTime   time.Duration `yaml:"pass_time" min:"100ms" max:"10m"`   // of plain HTTP: for a client to send or to read the next 16 KiB of a body; default 30s
}

// SessionLimits bound the life of a session. Zero means no limit, except for WriteTime.
type SessionLimits struct {
	ConnectTime   time.Duration `yaml:"connect_time" max:"1h"`           // till a namespace is connected; default 20s
	PollTime      time.Duration `yaml:"poll_time" max:"1h"`              // till a polling session is polled; default 15s
	WriteTime     time.Duration `yaml:"write_time" min:"100ms" max:"1h"` // for a client to read 16 KiB, or to poll what waits; default 20s
	Idle          time.Duration `yaml:"idle"`                            // without a message in either direction; default 2h
	Lifetime      time.Duration `yaml:"lifetime"`                        // default 24h
	Upgrades      int           `yaml:"upgrades" min:"0"`                // that one session may begin; default 5
	TotalUpgrades int           `yaml:"total_upgrades" min:"0"`          // under way at a time in all sessions; default 1000
}

// TrafficLimits bound what one client sends, whatever it says. Zero means no limit.
type TrafficLimits struct {
	Frames    Rate     `yaml:"frames"`    // WebSocket frames of any kind, packets of a POST; default 5000/s
	Control   Rate     `yaml:"control"`   // WebSocket pings and pongs; default 20/s
	Fragments Rate     `yaml:"fragments"` // WebSocket frames that are not a whole message; default 500/s
	Bytes     SizeRate `yaml:"bytes"`     // more wait; default 16MiB/s
}

// Unfinished bounds packets whose attachments are not all there. Zero means no limit.
type Unfinished struct {
	Time  time.Duration `yaml:"time" max:"1h"` // till the last attachment; default 30s
	Bytes Size          `yaml:"bytes"`         // of all sessions together; default 64MiB
}

// Session says what a sid is bound to.
type Session struct {
	// Bind is address: of the client; cookie: one that the handshake sets, for clients whose address changes
	// and that keep cookies; or none. Default address.
	Bind string `yaml:"bind" enum:"address,cookie,none"`
	// Cookie names the cookie that tells a polling client's sid, as the option cookie of engine.io does: the upstream
	// cannot set its own, since it sees WebSockets only. Default "", none.
	Cookie CookieName `yaml:"cookie"`
}

// CookieName is a token of RFC 6265 section 4.1.1, or "".
type CookieName string

// Response says what happens when refusals add up.
type Response struct {
	Codes  []Codes       `yaml:"codes"`                                                                      // numbered reasons, 403 or 300-399; default all
	Kinds  []Kind        `yaml:"kinds"`                                                                      // default all
	Count  int           `yaml:"count" min:"1"`                                                              // refusals at which it acts; default 1
	Within time.Duration `yaml:"within" min:"1ms" max:"24h"`                                                 // of each other; default 1m
	By     string        `yaml:"by" enum:"session,address,identity"`                                         // whose; default session
	Action string        `yaml:"action" enum:"log,drop,error,throttle,mute,disconnect_retry,disconnect,ban"` // required
	For    time.Duration `yaml:"for" min:"1ms" max:"720h"`                                                   // throttle, mute and ban; default 1m
}

func (r *Response) setDefaults() {
	*r = Response{Count: 1, Within: time.Minute, By: "session", For: time.Minute}
}

// Codes is a range of numbered reasons.
type Codes struct{ From, To engine.Code }

func (c *Codes) parse(text, _ string) error {
	from, to, ranged := strings.Cut(text, "-")
	if !ranged {
		to = from
	}
	a, err := strconv.ParseUint(from, 10, 16)
	b, err2 := strconv.ParseUint(to, 10, 16)
	if err != nil || err2 != nil || a > b {
		return errors.New("want a code such as 403, or a range such as 300-399")
	}
	*c = Codes{engine.Code(a), engine.Code(b)}
	return nil
}

// SizeRate is a number of bytes in a period: 4MiB/s, 64KiB/10s; 0 is no limit.
type SizeRate Rate

func (r *SizeRate) parse(text, dir string) error {
	bad := errors.New("want a rate such as 4MiB/s, or 0 for no limit")
	if text == "0" {
		*r = SizeRate{}
		return nil
	}
	size, period, _ := strings.Cut(text, "/")
	var n Size
	var per Rate
	if n.parse(size, dir) != nil || n < 1 || n > 1<<31-1 || per.parse("1/"+period, dir) != nil {
		return bad
	}
	*r = SizeRate{int(n), per.Per}
	return nil
}

// minMemory is what a budget must have, for the largest message of a few clients.
const minMemory = 16 << 20

// minSendBuffer is where the server of a client that does not read is not read.
const minSendBuffer = 256 << 10

// limits checks what one value alone does not show.
func (d *decoder) limits() {
	l := &d.cfg.Limits
	if l.Memory != 0 && l.Memory < minMemory {
		d.fail("limits.memory", "want at least 16MiB, or 0 for no limit")
	}
	if l.SendBuffer != 0 && l.SendBuffer < minSendBuffer {
		d.fail("limits.send_buffer", "want at least 256KiB, or 0 for room for the largest packet")
	}
	for i, r := range d.cfg.Responses {
		key := fmt.Sprintf("responses.%d", i)
		if r.Action == "" {
			d.fail(key+".action", "required: log, drop, error, throttle, mute, disconnect_retry, disconnect or ban")
		}
	}
}

func defaultLimits() Limits {
	return Limits{
		Payload: 1 << 20, UpstreamPayload: 16 << 20, Depth: 32, Attachments: 16, Namespaces: 16, Rooms: 256, EventRooms: 16, RoomName: 256,
		Elements: 65536, Number: 128, EventName: 256, NamespaceName: 256, AckID: 16, Acks: 1024,
		Connects: Rate{20, time.Second}, Memory: 1 << 30, Broadcasts: 4 << 20, Repeats: 4 << 20, SlowDecisions: 1024,
		Connections: Connections{Total: 10000, Rate: Rate{1000, time.Second}, PerIP: 100, RatePerIP: Rate{100, time.Second},
			PerIdentity: 100, RatePerIdentity: Rate{100, time.Second}, IPv6Prefix: 64, SocketsPerIP: 512},
		Events: Events{PerSession: Rate{1000, time.Second}, PerIdentity: Rate{2000, time.Second},
			Bytes: SizeRate{16 << 20, time.Second}, DecisionTime: 500 * time.Millisecond},
		HTTP: HTTPLimits{Header: 32 << 10, Headers: 100, URL: 8 << 10, Cookie: 16 << 10, HeaderTime: 10 * time.Second,
			BodyTime: 30 * time.Second, PassTime: 30 * time.Second},
		Sessions: SessionLimits{ConnectTime: 20 * time.Second, PollTime: 15 * time.Second, WriteTime: 20 * time.Second,
			Idle: 2 * time.Hour, Lifetime: 24 * time.Hour, Upgrades: 5, TotalUpgrades: 1000},
		Traffic: TrafficLimits{Frames: Rate{5000, time.Second}, Control: Rate{20, time.Second},
			Fragments: Rate{500, time.Second}, Bytes: SizeRate{16 << 20, time.Second}},
		Unfinished: Unfinished{Time: 30 * time.Second, Bytes: 64 << 20},
	}
}
