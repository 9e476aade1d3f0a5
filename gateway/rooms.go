package gateway

import (
	"context"
	"errors"
	"slices"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/rooms"
	"github.com/siogw/siogw/internal/strictjson"
)

// Rooms maps events to rooms, which are not on the wire.
type Rooms struct {
	rooms.Rules
	Emits     RoomEmits
	OnRevoked OnRevoked // when a join is judged again and would not be allowed any more
	// Refused are the answers by which a server refuses a join that asked for one: any that holds. Default none.
	Refused []AckRule
}

// RoomRule maps the events of a namespace, by exact names or patterns, to the rooms that Room names: a JSON pointer or a
// template (docs/rooms.md).
type RoomRule = rooms.Rule

// RoomEmits says which emits a client gets of those that a target rule maps. The zero value is EmitsAny.
type RoomEmits string

// What can be said of emits.
const (
	EmitsAny     RoomEmits = "any"
	EmitsMembers RoomEmits = "members" // those about rooms that it is in, or has asked to enter
)

// AckRule holds for an answer by what is at At, a JSON pointer in the array of its arguments ("" is the array): the JSON
// value Equals where there is one, else anything that is true in JavaScript.
type AckRule struct {
	At     string
	Equals []byte
}

// Mapping tells which rooms a packet is about. It may be copied.
type Mapping struct {
	found  *rooms.Map
	limits rooms.Limits
}

// newMapping makes r ready for use.
func newMapping(r *Rooms, lim *Limits) (Mapping, error) {
	found, err := rooms.Compile(r.Rules)
	return Mapping{found, rooms.Limits{Rooms: lim.EventRooms, Name: lim.RoomName}}, err
}

// Mapping makes the rooms of r ready for who decides inputs without a session. It fails as [New] does.
func (r *Rules) Mapping() (Mapping, error) {
	r.Limits.complete()
	return newMapping(&r.Rooms, &r.Limits)
}

// Mapped is what a packet means in rooms. The zero value is nothing.
type Mapped struct {
	Rooms []string    // each once; it is decided about each of them
	Code  engine.Code // why the packet is to be refused; CodeNone for nothing

	match  rooms.Match
	limits rooms.Limits
	target bool      // a target rule matches, whether or not it gives rooms
	told   rooms.Use // Joined or Left: what the server tells by an emit
}

// Apply finds the rooms of an event or emit, and sets its kind and, to the first of them, its room. A join or leave that
// names none must not pass as an ordinary event, which other rules govern.
func (m Mapping) Apply(in *engine.Input) (d Mapped) {
	d.limits = m.limits
	switch in.Kind {
	case engine.Event:
		if d.match = m.found.Event(in.Namespace, in.Event); d.match.Use() != 0 {
			in.Kind = engine.Join
			if d.match.Use() == rooms.Leave {
				in.Kind = engine.Leave
			}
			d.Code = d.take(in)
			return d
		}
	case engine.Emit:
		if told := m.found.Emit(in.Namespace, in.Event); told.Use() != 0 {
			d.match, d.told = told, told.Use()
			d.Code = d.take(in)
			return d
		}
	default:
		return d
	}
	d.match = m.found.Target(in.Namespace, in.Event)
	if d.target = d.match.Use() != 0; d.target {
		if d.Code = d.take(in); d.Code == engine.CodeRoom {
			d.Code = engine.CodeNone // input.room is undefined: the policy's to judge
		}
	}
	return d
}

// Target reports whether a target rule matches, whether or not it gives rooms.
func (d *Mapped) Target() bool { return d.target }

// Tells gives engine.Join or engine.Leave where the server tells by an emit that the client has entered or left the rooms,
// else 0.
func (d *Mapped) Tells() engine.Kind {
	switch d.told {
	case rooms.Joined:
		return engine.Join
	case rooms.Left:
		return engine.Leave
	}
	return 0
}

// take sets the rooms that the arguments of in name.
func (d *Mapped) take(in *engine.Input) engine.Code {
	var err error
	d.Rooms, err = d.match.Rooms(in.Args, d.limits)
	if in.Room = ""; len(d.Rooms) > 0 {
		in.Room = d.Rooms[0]
	}
	return roomCode(err)
}

func roomCode(err error) engine.Code {
	switch {
	case err == nil:
		return engine.CodeNone
	case errors.Is(err, rooms.ErrMany):
		return engine.CodeEventRooms
	case errors.Is(err, rooms.ErrLong):
		return engine.CodeRoomName
	}
	return engine.CodeRoom
}

// Follow takes the rooms of a join or leave from the arguments that a decision put in the place of the client's, nil for
// none. It gives CodeTransform when these name no rooms that could be used.
func (d *Mapped) Follow(in *engine.Input, args []byte) engine.Code {
	if args == nil || in.Kind != engine.Join && in.Kind != engine.Leave {
		return engine.CodeNone
	}
	in.Args = args
	if d.take(in) != engine.CodeNone {
		return engine.CodeTransform
	}
	return engine.CodeNone
}

// Decide asks e about in, for each room in turn: the first denial is the decision, else the last one is, with what all
// have changed; each sees what those before it changed. told hears every decision but the one that is given.
func (d *Mapped) Decide(ctx context.Context, e *engine.Engine, in *engine.Input, told func(*engine.Decision)) engine.Decision {
	if len(d.Rooms) <= 1 {
		return e.Decide(ctx, in)
	}
	var whole engine.Decision
	for i, room := range d.Rooms {
		in.Room = room
		work := *in
		if i > 0 {
			work.Begun = 0
		}
		if whole.Args != nil {
			work.Args = whole.Args
		}
		if whole.Attachments != nil {
			work.Attachments = whole.Attachments
		}
		if whole.Transformed() {
			work.Shared = whole.Shared
		}
		one := e.Decide(ctx, &work)
		one.Made = nil
		one.Took += whole.Took
		if one.Effect != engine.Allow {
			return one
		}
		if !one.Transformed() {
			one.Shared = whole.Shared
		}
		if one.Args == nil {
			one.Args = whole.Args
		}
		if one.Attachments == nil {
			one.Attachments = whole.Attachments
		}
		if whole = one; i < len(d.Rooms)-1 {
			told(&one)
		}
	}
	return whole
}

// refuses reports whether args, those of a server's answer, refuse what was asked.
func (r *Rooms) refuses(args []byte) bool {
	return slices.ContainsFunc(r.Refused, func(rule AckRule) bool { return rule.holds(args) })
}

func (r *AckRule) holds(args []byte) bool {
	raw, ok := strictjson.Pointer(args, r.At)
	switch {
	case !ok:
		return false
	case r.Equals == nil:
		return !falsy(raw)
	case strictjson.KindOf(raw) == strictjson.Text && strictjson.KindOf(r.Equals) == strictjson.Text:
		return strictjson.String(raw) == strictjson.String(r.Equals)
	}
	return string(raw) == string(r.Equals)
}

// check names what cannot work.
func (r *Rooms) check() error {
	for _, rule := range r.Refused {
		if rule.At != "" && rule.At[0] != '/' {
			return errors.New("gateway: " + rule.At + " is no JSON pointer")
		}
	}
	return nil
}

// addRoom and removeRoom keep a sorted set; they make a new slice, since views of the old one are shared.
func addRoom(rooms []string, room string) []string {
	i, found := slices.BinarySearch(rooms, room)
	if found {
		return rooms
	}
	return slices.Insert(slices.Clone(rooms), i, room)
}

func removeRoom(rooms []string, room string) []string {
	i, found := slices.BinarySearch(rooms, room)
	if !found {
		return rooms
	}
	return slices.Delete(slices.Clone(rooms), i, i+1)
}
