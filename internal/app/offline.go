package app

import (
	"context"
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
	rooms   int  // the most of one session
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
	return &Offline{Judge: j, mapping: opt.Rooms.Mapping(), shields: set, rooms: opt.Limits.Rooms, require: opt.Require,
		others: len(cfg.Plugins)+len(cfg.Contract.Files) > 0}, nil
}

// Map sets kind and room of an event or emit as rooms of the configuration say.
func (o *Offline) Map(in *engine.Input) engine.Code { return o.mapping.Apply(in) }

// Decide judges in, which went through [Offline.Map] with this code. Where a join's room is changed by a
// transform, in.Room becomes the one that is really sent.
func (o *Offline) Decide(ctx context.Context, in *engine.Input, code engine.Code) engine.Decision {
	if code == engine.CodeNone && in.Kind == engine.Join && o.rooms > 0 && in.Session != nil && len(in.Session.Rooms) >= o.rooms {
		code = engine.CodeRooms
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
	d := o.Engine.Decide(ctx, in)
	if d.Effect == engine.Allow {
		if code := o.mapping.Follow(in, d.Args); code != engine.CodeNone {
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

// Enter gives rooms, sorted, as they are after in was allowed.
func Enter(rooms []string, in *engine.Input) []string {
	i, found := slices.BinarySearch(rooms, in.Room)
	switch {
	case in.Kind == engine.Join && !found:
		return slices.Insert(slices.Clone(rooms), i, in.Room)
	case in.Kind == engine.Leave && found:
		return slices.Delete(slices.Clone(rooms), i, i+1)
	}
	return rooms
}
