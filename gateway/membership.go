package gateway

import (
	"slices"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/rooms"
)

// What the gateway knows of rooms follows what the server knows: a join without an ack counts when it is sent, one with
// an ack when the answer does not refuse it, and what the server tells by an emit counts as soon as it says so.

// admitRooms finds the rooms of a client's event and holds them against the limits.
func (s *session) admitRooms(j *job) engine.Code {
	j.applyRooms()
	switch {
	case j.mapped.Code != engine.CodeNone:
		return j.mapped.Code
	case !s.roomsLeft(j):
		return engine.CodeRooms
	case !s.keepsJoin(j):
		return engine.CodeKept
	}
	return engine.CodeNone
}

// applyRooms finds the rooms of an event or emit, and of which kind it is.
func (j *job) applyRooms() {
	if j.same != nil {
		j.mapped = j.same.apply(j.in)
	} else {
		j.mapped = j.from.s.gen.rooms.Apply(j.in)
	}
}

// roomsLeft reports whether a join stays within Limits.Rooms.
func (s *session) roomsLeft(j *job) bool {
	return j.in.Kind != engine.Join || j.n.fits(j.mapped.Rooms, s.gen.Limits.Rooms)
}

// fits reports whether the client may be in more rooms, with those that it has asked to enter.
func (n *namespace) fits(more []string, limit int) bool {
	total := len(n.rooms) + len(n.revoked)
	for room := range n.toServer.joins() {
		if !n.inside(room) {
			total++
		}
	}
	for _, room := range more {
		if !n.inside(room) && n.toServer.joins()[room] == 0 {
			total++
		}
	}
	return total <= limit
}

func (n *namespace) inside(room string) bool {
	_, found := slices.BinarySearch(n.rooms, room)
	return found
}

// admitRoomsOut finds the rooms of a server's event: those that it tells the client is in, or those that it is about.
func (s *session) admitRoomsOut(j *job) engine.Code {
	j.applyRooms()
	if j.mapped.Code != engine.CodeNone {
		return j.mapped.Code
	}
	switch j.mapped.told {
	case rooms.Joined:
		if !j.n.fits(j.mapped.Rooms, s.gen.Limits.Rooms) {
			return engine.CodeRooms
		}
		s.enterRooms(j.n, j.mapped.Rooms, nil)
		j.in.Session = s.view(j.n)
	case rooms.Left:
		s.exit(j.n, j.mapped.Rooms)
		j.in.Session = s.view(j.n)
	default:
		if j.mapped.target && !s.hears(j.n, j.mapped.Rooms) {
			return engine.CodeNotMember
		}
	}
	return engine.CodeNone
}

// hears reports whether emits about all these rooms are for the client: it is in them, or has asked to be and the
// server may have let it in. What names no room is not.
func (s *session) hears(n *namespace, about []string) bool {
	if slices.ContainsFunc(about, func(room string) bool { return n.revoked[room] }) {
		return false
	}
	if s.gen.Rooms.Emits != EmitsMembers {
		return true
	}
	for _, room := range about {
		if !n.inside(room) && n.toServer.joins()[room] == 0 {
			return false
		}
	}
	return len(about) > 0
}

// noteEvent keeps what a forwarded event leads to.
func (s *session) noteEvent(j *job) {
	w := waiting{event: j.in.Event}
	switch j.in.Kind {
	case engine.Join:
		if w.rooms, w.entry = j.mapped.Rooms, s.entryOf(j); !j.pkt.HasID {
			s.enterRooms(j.n, w.rooms, w.entry)
		}
	case engine.Leave:
		s.exit(j.n, j.mapped.Rooms)
	}
	if j.pkt.HasID {
		j.n.asked(j.from.dir).add(j.pkt.ID, w, s.gen.Limits.Acks, j.read)
		if w.entry != nil {
			s.recount(j.n)
		}
	}
}

// settleJoin takes the server's answer to a join, whatever becomes of the answer on its way to the client.
func (s *session) settleJoin(j *job, asked waiting) {
	switch {
	case asked.entry == nil && len(asked.rooms) == 0: // no join
	case s.gen.Rooms.refuses(j.pkt.Data):
		s.recount(j.n)
	default:
		s.enterRooms(j.n, asked.rooms, asked.entry)
	}
}

// enterRooms and exit change the rooms that the client is in. A join that is still to be answered does not bring it back
// to what it has left. What the server says by itself, which has no entry, leaves how a room was entered as it is.
func (s *session) enterRooms(n *namespace, more []string, by *entry) {
	if n.entries == nil {
		n.entries = map[string]*entry{}
	}
	for _, room := range more {
		n.rooms = addRoom(n.rooms, room)
		if delete(n.revoked, room); by != nil {
			n.entries[room] = by
		}
	}
	n.seen = nil
	s.recount(n)
}

func (s *session) exit(n *namespace, less []string) {
	for _, room := range less {
		n.rooms = removeRoom(n.rooms, room)
		n.toServer.giveUp(room)
		delete(n.entries, room)
		delete(n.revoked, room)
	}
	n.seen = nil
	s.recount(n)
}
