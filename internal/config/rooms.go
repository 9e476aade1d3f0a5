package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/siogw/siogw/internal/rooms"
)

// Rooms maps events to rooms, which are not on the wire (docs/rooms.md). Of join and leave rules, of target rules, and of
// joined and left rules one counts for an event: the exact one, else the first pattern that matches. Default none.
type Rooms struct {
	Join   []RoomRule `yaml:"join"`   // events that are decided as kind join
	Leave  []RoomRule `yaml:"leave"`  // events that are decided as kind leave
	Target []RoomRule `yaml:"target"` // events of either side whose rooms are input.room
	Joined []RoomRule `yaml:"joined"` // emits by which the server tells that the client is in rooms
	Left   []RoomRule `yaml:"left"`   // emits by which it tells that the client is in rooms no longer
	// Emits are those that a client gets of what target maps: any, or members, those about rooms that it is in or has
	// asked to enter. Default any.
	Emits string `yaml:"emits" enum:"any,members"`
	// OnRevoked is what happens when a join is judged again (policy.reauthorize) and not allowed any more: disconnect from the
	// namespace, leave by an event that a leave rule maps, or deny_emits about the room. Default disconnect.
	OnRevoked string `yaml:"on_revoked" enum:"disconnect,leave,deny_emits"`
	// RefusedAck are the answers by which the server refuses a join that asked for one: any that holds. Default an answer
	// that is false, or has error, or ok or success false, or the status error.
	RefusedAck []AckRule `yaml:"refused_ack"`
}

// RoomRule finds the rooms that the packets of an event are about.
type RoomRule struct {
	Namespace string `yaml:"namespace"` // exact, or a pattern with * and {name}; default /
	Event     string `yaml:"event"`     // the same; required
	// Room is a JSON pointer (RFC 6901) that begins with /args/, or a template with {name} and {/args/0} in it. Default
	// /args/0.
	Room string `yaml:"room"`
}

// AckRule holds for the answers that have something in a place.
type AckRule struct {
	At     Pointer `yaml:"at"`     // JSON pointer (RFC 6901) that begins with /args/; default /args/0
	Equals JSON    `yaml:"equals"` // what is there; default anything that is true in JavaScript
}

func (r *RoomRule) setDefaults() { *r = RoomRule{Namespace: "/", Room: "/args/0"} }

func (r *AckRule) setDefaults() { *r = AckRule{At: "/args/0"} }

func defaultRefusedAck() []AckRule {
	return []AckRule{{"/args/0", JSON("false")}, {"/args/0/error", nil}, {"/args/0/ok", JSON("false")},
		{"/args/0/success", JSON("false")}, {"/args/0/status", JSON(`"error"`)}}
}

// Rules gives the rules that map rooms.
func (r *Rooms) Rules() rooms.Rules {
	list := func(in []RoomRule) []rooms.Rule {
		out := make([]rooms.Rule, len(in))
		for i, one := range in {
			out[i] = rooms.Rule(one)
		}
		return out
	}
	return rooms.Rules{Join: list(r.Join), Leave: list(r.Leave), Target: list(r.Target), Joined: list(r.Joined), Left: list(r.Left)}
}

// maxAckRules bounds refused_ack: all are tried.
const maxAckRules = 64

func (d *decoder) rooms() {
	c := &d.cfg.Rooms
	_, err := rooms.Compile(c.Rules())
	for _, e := range roomErrors(err) {
		key := fmt.Sprintf("rooms.%s.%d", e.Use, e.Index)
		if e.Field != "" {
			key = join(key, e.Field)
		}
		d.fail(key, "%v", e.Err)
	}
	d.reachable("rooms.join", c.Join)
	d.reachable("rooms.leave", c.Leave)
	d.reachable("rooms.target", c.Target)
	d.reachable("rooms.joined", c.Joined)
	d.reachable("rooms.left", c.Left)
	if len(c.RefusedAck) > maxAckRules {
		d.fail("rooms.refused_ack", "want at most %d", maxAckRules)
	}
	if c.Emits == "members" && len(c.Target) == 0 {
		d.fail("rooms.emits", "members needs rooms.target, which tells what emits are about")
	}
}

// reachable tells of exact names that no packet has which passes the limits.
func (d *decoder) reachable(section string, rules []RoomRule) {
	l := &d.cfg.Limits
	for i, r := range rules {
		key := join(section, strconv.Itoa(i))
		switch {
		case strings.ContainsAny(r.Event+r.Namespace, `*{\`):
		case len(r.Event) > l.EventName:
			d.fail(key+".event", "can never match: longer than limits.event_name, %d", l.EventName)
		case len(r.Namespace) > l.NamespaceName:
			d.fail(key+".namespace", "can never match: longer than limits.namespace_name, %d", l.NamespaceName)
		case reservedEvents[r.Event]:
			d.fail(key+".event", "can never match: %q is the protocol's own and no event", r.Event)
		}
	}
}

// reservedEvents are refused as malformed before rooms are looked for.
var reservedEvents = map[string]bool{"connect": true, "connect_error": true, "disconnect": true, "disconnecting": true,
	"newListener": true, "removeListener": true}

// roomErrors gives the mistakes in err.
func roomErrors(err error) (out []*rooms.Error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			out = append(out, roomErrors(one)...)
		}
		return out
	}
	var e *rooms.Error
	if errors.As(err, &e) {
		out = append(out, e)
	}
	return out
}
