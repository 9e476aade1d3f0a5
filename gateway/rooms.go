package gateway

import (
	"errors"
	"slices"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// roomKey is what a room rule is found by.
type roomKey struct{ namespace, event string }

// roomMap answers which room a packet is about. Rooms are not on the wire: the configuration maps them.
type roomMap struct {
	join, leave, target map[roomKey]string // to the JSON pointer after /args
}

func newRoomMap(r Rooms) roomMap {
	index := func(rules []RoomRule) map[roomKey]string {
		m := make(map[roomKey]string, len(rules))
		for _, rule := range rules {
			m[roomKey{rule.Namespace, rule.Event}] = rule.Room
		}
		return m
	}
	return roomMap{join: index(r.Join), leave: index(r.Leave), target: index(r.Target)}
}

// apply sets kind and room of an event or emit. It reports false for a join or leave whose room is no
// string: it must not pass as an ordinary event, which other rules govern.
func (m *roomMap) apply(in *engine.Input) bool {
	key := roomKey{in.Namespace, in.Event}
	if in.Kind == engine.Event {
		if ptr, ok := m.join[key]; ok {
			in.Kind = engine.Join
			return setRoom(in, ptr)
		}
		if ptr, ok := m.leave[key]; ok {
			in.Kind = engine.Leave
			return setRoom(in, ptr)
		}
	}
	if ptr, ok := m.target[key]; ok {
		setRoom(in, ptr) // a target that is absent leaves input.room undefined: the policy's to judge
	}
	return true
}

// follow takes the room of a join or leave from the arguments that are really sent. It reports false
// when there is none.
func (m *roomMap) follow(in *engine.Input, args []byte) bool {
	key := roomKey{in.Namespace, in.Event}
	ptr, ok := m.join[key]
	if in.Kind == engine.Leave {
		ptr, ok = m.leave[key]
	}
	if !ok || in.Kind != engine.Join && in.Kind != engine.Leave {
		return true
	}
	in.Args = args
	return setRoom(in, ptr)
}

func setRoom(in *engine.Input, ptr string) bool {
	raw, ok := strictjson.Pointer(in.Args, ptr[len("/args"):])
	if !ok || len(raw) == 0 || raw[0] != '"' {
		return false
	}
	in.Room = strictjson.String(raw)
	return in.Room != ""
}

// check names the first rule that cannot work.
func (r *Rooms) check() error {
	for _, rules := range [][]RoomRule{r.Join, r.Leave, r.Target} {
		for _, one := range rules {
			if !strings.HasPrefix(one.Room, "/args/") {
				return errors.New("gateway: room pointer " + one.Room + " does not begin with /args/")
			}
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
