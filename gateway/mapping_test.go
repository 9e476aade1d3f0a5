package gateway

import (
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/rooms"
)

func TestMapping(t *testing.T) {
	r := Rules{Rooms: Rooms{Rules: rooms.Rules{Join: []RoomRule{{Namespace: "/", Event: "join", Room: "/args/0"}}, Leave: []RoomRule{{Namespace: "/", Event: "leave", Room: "/args/0"}},
		Target: []RoomRule{{Namespace: "/", Event: "message", Room: "/args/0/room"}}}}}
	m, err := r.Mapping()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind        engine.Kind
		event, args string
		want        engine.Kind
		room        string
		code        engine.Code
	}{
		{engine.Event, "join", `["a"]`, engine.Join, "a", 0},
		{engine.Event, "leave", `["a"]`, engine.Leave, "a", 0},
		{engine.Event, "join", `[1]`, engine.Join, "", engine.CodeRoom},
		{engine.Event, "message", `[{"room":"a"}]`, engine.Event, "a", 0},
		{engine.Event, "message", `[{}]`, engine.Event, "", 0},
		{engine.Emit, "join", `["a"]`, engine.Emit, "", 0},
		{engine.Emit, "message", `[{"room":"a"}]`, engine.Emit, "a", 0},
		{engine.Ack, "message", `[{"room":"a"}]`, engine.Ack, "", 0},
	} {
		in := &engine.Input{Kind: c.kind, Namespace: "/", Event: c.event, Args: []byte(c.args)}
		if code := m.Apply(in).Code; code != c.code || in.Kind != c.want || in.Room != c.room {
			t.Errorf("%+v: %v, %v, room %q", c, code, in.Kind, in.Room)
		}
	}
	in := &engine.Input{Kind: engine.Event, Namespace: "/", Event: "join", Args: []byte(`["a"]`)}
	d := m.Apply(in)
	if code := d.Follow(in, nil); code != 0 || in.Room != "a" {
		t.Errorf("unchanged: %v, %q", code, in.Room)
	}
	if code := d.Follow(in, []byte(`["b"]`)); code != 0 || in.Room != "b" {
		t.Errorf("changed: %v, %q", code, in.Room)
	}
	if code := d.Follow(in, []byte(`[]`)); code != engine.CodeTransform {
		t.Errorf("gone: %v", code)
	}
}
