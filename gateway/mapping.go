package gateway

import "github.com/siogw/siogw/engine"

// Mapping tells which room a packet is about, for who decides inputs without a session.
type Mapping struct{ rooms roomMap }

// Mapping makes r ready for use.
func (r Rooms) Mapping() Mapping { return Mapping{newRoomMap(r)} }

// Apply sets kind and room of an event or emit. It gives CodeRoom for a join or leave whose room is no string.
func (m Mapping) Apply(in *engine.Input) engine.Code {
	if (in.Kind == engine.Event || in.Kind == engine.Emit) && !m.rooms.apply(in) {
		return engine.CodeRoom
	}
	return engine.CodeNone
}

// Follow takes the room of a join or leave from the arguments that a decision put in the place of the client's.
// It gives CodeTransform when there is none.
func (m Mapping) Follow(in *engine.Input, args []byte) engine.Code {
	if args != nil && !m.rooms.follow(in, args) {
		return engine.CodeTransform
	}
	return engine.CodeNone
}
