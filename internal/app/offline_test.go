package app

import (
	"slices"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
)

func offline(t *testing.T, rego, yaml string) *Offline {
	t.Helper()
	dir := folder(t, map[string]string{"p.rego": "package siogw.authz\n\n" + rego})
	o, err := NewOffline(t.Context(), parse(t, dir, least+"policy: { paths: [p.rego] }\n"+yaml), JudgeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

const joinRooms = "rooms: { join: [{ event: join, room: /args/0 }] }\n"

// TestOffline decides what the gateway decides before and beside the engine.
func TestOffline(t *testing.T) {
	for name, c := range map[string]struct {
		rego, yaml, args string
		in               []string // rooms
		code             engine.Code
		room             string
	}{
		"joins":           {"allow if input.kind == \"join\"", joinRooms, `["a"]`, nil, 0, "a"},
		"no room":         {"allow if input.kind", joinRooms, `[1]`, nil, engine.CodeRoom, ""},
		"last room":       {"allow if input.kind", joinRooms + "limits: { rooms: 2 }", `["a"]`, []string{"x"}, 0, "a"},
		"too many rooms":  {"allow if input.kind", joinRooms + "limits: { rooms: 2 }", `["a"]`, []string{"x", "y"}, engine.CodeRooms, "a"},
		"moved elsewhere": {"allow if input.kind\ntransform := [{\"op\": \"replace\", \"path\": \"/args/0\", \"value\": \"b\"}]", joinRooms, `["a"]`, nil, 0, "b"},
		"moved nowhere":   {"allow if input.kind\ntransform := [{\"op\": \"replace\", \"path\": \"/args/0\", \"value\": 1}]", joinRooms, `["a"]`, nil, engine.CodeTransform, ""},
		"denied":          {"allow if input.kind == \"event\"", joinRooms, `["a"]`, nil, engine.CodePolicyUndefined, "a"},
	} {
		o := offline(t, c.rego, c.yaml)
		in := &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/", Event: "join", Args: []byte(c.args), Session: &engine.Session{Rooms: c.in}}
		d := o.Decide(t.Context(), in, o.Map(in))
		if d.Code != c.code || (d.Effect == engine.Allow) != (c.code == 0) || c.room != "" && in.Room != c.room {
			t.Errorf("%s: %+v, room %q", name, d, in.Room)
		}
	}
}

// TestOfflineShields: an attack with a shield is refused before the policy is asked.
func TestOfflineShields(t *testing.T) {
	o := offline(t, "allow if input.kind", "")
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/", Event: "error", Args: []byte(`[]`), Session: &engine.Session{EIO: 3}}
	stopped, _ := o.shields.Check(in)
	d := o.Decide(t.Context(), in, &gateway.Mapped{})
	if stopped == nil || d.Code != engine.CodeShield || len(d.Steps) != 0 {
		t.Errorf("%v: %+v", stopped, d)
	}
}

func TestEnter(t *testing.T) {
	for _, c := range []struct {
		kind        engine.Kind
		room        string
		rooms, want []string
	}{
		{engine.Join, "b", []string{"a", "c"}, []string{"a", "b", "c"}},
		{engine.Join, "a", []string{"a"}, []string{"a"}},
		{engine.Leave, "a", []string{"a", "c"}, []string{"c"}},
		{engine.Leave, "b", []string{"a"}, []string{"a"}},
		{engine.Event, "b", []string{"a"}, []string{"a"}},
	} {
		if got := Enter(c.rooms, c.kind, c.room); !slices.Equal(got, c.want) {
			t.Errorf("%v %s: %v", c.kind, c.room, got)
		}
	}
}

// TestOfflineRequired: where an identity is required, nobody connects without.
func TestOfflineRequired(t *testing.T) {
	o := offline(t, "allow if input.kind", "identity: { required: true, jwt: { secret: \"01234567890123456789012345678901\" } }")
	for _, c := range []struct {
		kind engine.Kind
		id   *engine.Identity
		code engine.Code
	}{
		{engine.Connect, nil, engine.CodeUnauthenticated}, {engine.Connect, &engine.Identity{}, engine.CodeUnauthenticated},
		{engine.Connect, &engine.Identity{Authenticated: true}, 0}, {engine.Handshake, nil, 0},
	} {
		in := &engine.Input{Kind: c.kind, Direction: engine.In, Namespace: "/", Identity: c.id}
		if d := o.Decide(t.Context(), in, &gateway.Mapped{}); d.Code != c.code {
			t.Errorf("%v of %+v: %+v", c.kind, c.id, d)
		}
	}
}
