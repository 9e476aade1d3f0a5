package app

import (
	"context"
	"errors"
	"slices"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/shields"
)

// Offline decides packets as the gateway of a configuration would, without a network: it maps rooms, asks the
// shields and then the engine. Limits and the protocol's state machine are not part of it.
type Offline struct {
	*Judge

	mapping gateway.Mapping
	shields *shields.Set
	rooms   int // the most of one session
	emits   gateway.RoomEmits
	require bool // an identity, of each CONNECT
	others  bool // something beside the policy is asked
}

// NewOffline loads what [NewJudge] loads, and the shields.
func NewOffline(ctx context.Context, cfg *config.Config, o JudgeOptions) (*Offline, error) {
	set, err := newShields(cfg, nil)
	if err != nil {
		return nil, err
	}
	j, err := NewJudge(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	opt := options(cfg)
	mapping, err := opt.Rules.Mapping()
	if err != nil {
		return nil, errors.Join(err, j.Close(ctx))
	}
	return &Offline{Judge: j, mapping: mapping, shields: set, rooms: opt.Limits.Rooms, emits: opt.Rooms.Emits, require: opt.Require,
		others: len(cfg.Plugins)+len(cfg.Contract.Files) > 0}, nil
}

// Map sets kind and room of an event or emit as rooms of the configuration say, and gives all its rooms.
func (o *Offline) Map(in *engine.Input) *gateway.Mapped {
	m := o.mapping.Apply(in)
	return &m
}

// limit gives why the session may not be in the rooms that in asks for, or not be told of them.
func (o *Offline) limit(in *engine.Input, m *gateway.Mapped) engine.Code {
	var inside []string
	if in.Session != nil {
		inside = in.Session.Rooms
	}
	is := func(room string) bool { return slices.Contains(inside, room) }
	total := len(inside)
	for _, room := range m.Rooms {
		if !is(room) {
			total++
		}
	}
	switch {
	case in.Kind == engine.Join && o.rooms > 0 && total > o.rooms:
		return engine.CodeRooms
	case o.emits == gateway.EmitsMembers && m.Target() && in.Kind == engine.Emit &&
		(len(m.Rooms) == 0 || slices.ContainsFunc(m.Rooms, func(room string) bool { return !is(room) })):
		return engine.CodeNotMember
	}
	return engine.CodeNone
}

// Decide judges in, which [Offline.Map] has mapped to m, about each of its rooms. Where the rooms of a join are changed
// by a transform, m has those that are really sent.
func (o *Offline) Decide(ctx context.Context, in *engine.Input, m *gateway.Mapped) engine.Decision {
	code := m.Code
	if code == engine.CodeNone {
		code = o.limit(in, m)
	}
	if o.require && in.Kind == engine.Connect && (in.Identity == nil || !in.Identity.Authenticated) {
		code = engine.CodeUnauthenticated
	}
	if code != engine.CodeNone {
		return engine.Refuse(code, "")
	}
	if stopped, _ := o.shields.Check(in); stopped != nil {
		return engine.Refuse(engine.CodeShield, "")
	}
	d := m.Decide(ctx, o.Engine, in, func(*engine.Decision) {})
	if d.Effect == engine.Allow {
		if code := m.Follow(in, d.Args); code != engine.CodeNone {
			steps := d.Steps
			d = engine.Refuse(code, "")
			d.Steps = steps
		}
	}
	return d
}

// ReadsArgs reports whether anything that is asked may look at args, and ReadsAuth whether at auth. They may say too
// much, never too little.
func (o *Offline) ReadsArgs() bool { return o.others || o.Policy.ReadsArgs() }

// ReadsAuth is described at [Offline.ReadsArgs].
func (o *Offline) ReadsAuth() bool { return o.others || o.Policy.ReadsAuth() }

// Enter gives rooms, sorted, as they are after a packet of this kind about some was allowed.
func Enter(rooms []string, kind engine.Kind, about ...string) []string {
	for _, room := range about {
		i, found := slices.BinarySearch(rooms, room)
		switch {
		case kind == engine.Join && !found:
			rooms = slices.Insert(slices.Clone(rooms), i, room)
		case kind == engine.Leave && found:
			rooms = slices.Delete(slices.Clone(rooms), i, i+1)
		}
	}
	return rooms
}
