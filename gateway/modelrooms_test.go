package gateway

import (
	"encoding/json"
	"slices"

	"github.com/siogw/siogw/internal/rooms"
	"github.com/siogw/siogw/socketio"
)

// roomsOfModel are the rules that modelRooms knows.
var roomsOfModel = func() Rooms {
	on := func(event string) []RoomRule { return []RoomRule{{Namespace: "/*", Event: event, Room: "/args/0"}} }
	return Rooms{Rules: rooms.Rules{Join: on("join"), Leave: on("leave"), Target: on("about"), Joined: on("joined"), Left: on("left")},
		Emits: EmitsMembers, Refused: []AckRule{{At: "/0", Equals: []byte("false")}, {At: "/0/error"}}}
}()

// modelRooms is what the server knows of a client's rooms in a namespace, written as the reference would have it: from
// the packets that reached it, and those that it sent.
type modelRooms struct {
	in      map[string]bool
	waiting map[uint64][]string // joins that it has not answered; nil for an id that two events had
}

func newModelRooms() *modelRooms { return &modelRooms{map[string]bool{}, map[uint64][]string{}} }

// eventOf takes an event apart.
func eventOf(p *socketio.Packet) (name string, about []string) {
	var parts []json.RawMessage
	if json.Unmarshal(p.Data, &parts) != nil || len(parts) == 0 {
		return "", nil
	}
	_ = json.Unmarshal(parts[0], &name)
	var one string
	if len(parts) > 1 && json.Unmarshal(parts[1], &one) == nil {
		return name, []string{one}
	}
	if len(parts) > 1 {
		_ = json.Unmarshal(parts[1], &about)
	}
	return name, about
}

// hear takes an event that came to the server, and reports whether it is one of rooms.
func (m *modelRooms) hear(p *socketio.Packet) bool {
	if m == nil {
		return false
	}
	name, about := eventOf(p)
	if p.HasID {
		_, twice := m.waiting[p.ID]
		m.waiting[p.ID] = nil
		if name == "join" && !twice {
			m.waiting[p.ID] = about
		}
	}
	switch {
	case name == "join" && !p.HasID:
		m.enter(about)
	case name == "leave":
		m.exit(about)
	}
	return name == "join" || name == "leave"
}

// say takes what the server says, and reports whether it is about rooms.
func (m *modelRooms) say(p *socketio.Packet) bool {
	if m == nil {
		return false
	}
	if p.IsAck() {
		about := m.waiting[p.ID]
		delete(m.waiting, p.ID)
		var args []any
		_ = json.Unmarshal(p.Data, &args)
		if len(args) > 0 {
			answer, _ := args[0].(map[string]any)
			if args[0] == false || answer["error"] != nil {
				return true
			}
		}
		m.enter(about)
		return true
	}
	name, about := eventOf(p)
	switch {
	case !p.IsEvent():
	case name == "joined":
		m.enter(about)
	case name == "left":
		m.exit(about)
	}
	return false
}

func (m *modelRooms) enter(about []string) {
	for _, room := range about {
		m.in[room] = true
	}
}

func (m *modelRooms) exit(about []string) {
	for _, room := range about {
		delete(m.in, room)
		for id, waits := range m.waiting {
			m.waiting[id] = slices.DeleteFunc(slices.Clone(waits), func(one string) bool { return one == room })
		}
	}
}

// client looks at what reaches the client: nothing about rooms that it is not in and has not asked to enter.
func (m *model) client(p *socketio.Packet) {
	in := m.rooms[p.Namespace]
	if in == nil || !p.IsEvent() {
		return
	}
	name, about := eventOf(p)
	for _, room := range about {
		asked := false
		for _, waits := range in.waiting {
			asked = asked || slices.Contains(waits, room)
		}
		if name == "about" && !in.in[room] && !asked {
			m.t.Fatalf("%s reached the client", p.Data)
		}
	}
}

// compare holds the gateway's idea of rooms against the server's.
func (m *model) compare(s *session) {
	if s.closed {
		return
	}
	for _, n := range s.namespaces {
		name := n.name
		var want []string
		if m.policy.strict && n.state == connected && n.proof.epoch == s.judged.Load() && (name == "/a" || n.inside("r3") && n.entries["r3"] != nil) {
			m.t.Fatalf("%s and its rooms %v were kept", name, n.rooms)
		}
		if in := m.rooms[name]; in != nil && n.state != gone {
			for room := range in.in {
				want = append(want, room)
			}
		}
		slices.Sort(want)
		if !slices.Equal(n.rooms, want) || !slices.Equal(s.view(n).Rooms, want) {
			m.t.Fatalf("in %s the session is in %v and sees %v, at the server in %v", name, n.rooms, s.view(n).Rooms, want)
		}
		left := 0
		for _, q := range n.toServer.all() {
			left += len(q.rooms)
		}
		for _, count := range n.toServer.joins() {
			left -= count
		}
		if left != 0 {
			m.t.Fatalf("rooms that wait for an answer are miscounted: %+v", n.toServer)
		}
	}
}
