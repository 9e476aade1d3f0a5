package rego

import (
	"testing"

	"github.com/siogw/siogw/engine"
)

// The policy of testdata, on each kind of input.
func TestChat(t *testing.T) {
	p := chat(t)
	for name, c := range map[string]struct {
		change func(*engine.Input)
		code   engine.Code // 0 for allowed
		args   string      // changed to
	}{
		"message":             {func(in *engine.Input) {}, 0, ""},
		"gets its sender":     {func(in *engine.Input) { in.Args = []byte(`[{"text":"x"}]`) }, 0, `[{"text":"x","from":"u1"}]`},
		"forged sender":       {func(in *engine.Input) { in.Args = []byte(`[{"text":"x","from":"u2"}]`) }, engine.CodePolicyDenied, ""},
		"other room":          {func(in *engine.Input) { in.Room = "vip" }, engine.CodePolicyUndefined, ""},
		"no argument":         {func(in *engine.Input) { in.Args = []byte(`[]`) }, engine.CodeTransform, ""},
		"expired":             {func(in *engine.Input) { in.Identity = expired }, engine.CodePolicyDenied, ""},
		"nobody":              {func(in *engine.Input) { in.Identity = nil }, engine.CodePolicyDenied, ""},
		"unknown event":       {func(in *engine.Input) { in.Event = "drop" }, engine.CodePolicyUndefined, ""},
		"known event":         {func(in *engine.Input) { in.Event = "typing" }, 0, ""},
		"admin event, member": {func(in *engine.Input) { in.Event = "admin:kick" }, engine.CodePolicyUndefined, ""},
		"admin event, admin":  {func(in *engine.Input) { in.Event, in.Identity = "admin:kick", admin }, 0, ""},
		"join":                {func(in *engine.Input) { in.Kind = engine.Join }, 0, ""},
		"join elsewhere":      {func(in *engine.Input) { in.Kind, in.Room = engine.Join, "vip" }, engine.CodePolicyUndefined, ""},
		"leave":               {func(in *engine.Input) { in.Kind = engine.Leave }, 0, ""},
		"emit":                {func(in *engine.Input) { in.Kind, in.Direction = engine.Emit, engine.Out }, 0, ""},
		"ack":                 {func(in *engine.Input) { in.Kind = engine.Ack }, 0, ""},
		"handshake":           {func(in *engine.Input) { *in = *of(engine.Handshake, engine.In) }, 0, ""},
		"connect":             {func(in *engine.Input) { *in = *of(engine.Connect, engine.In) }, 0, ""},
		"connect elsewhere":   {func(in *engine.Input) { *in = *of(engine.Connect, engine.In); in.Namespace = "/x" }, engine.CodePolicyUndefined, ""},
		"connect admin, admin": {func(in *engine.Input) {
			*in = *of(engine.Connect, engine.In)
			in.Namespace, in.Identity = "/admin", admin
		}, 0, ""},
		"plain handshake": {func(in *engine.Input) {
			*in = *of(engine.Handshake, engine.In)
			in.Session = &engine.Session{}
		}, engine.CodePolicyUndefined, ""},
	} {
		in := post()
		c.change(in)
		v := decide(t, p, in)
		if v.Code != c.code || (v.Effect == engine.Allow) != (c.code == 0) || string(v.Args) != c.args {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

var (
	admin   = &engine.Identity{Authenticated: true, Sub: "u1", Roles: []string{"admin"}}
	expired = &engine.Identity{Authenticated: true, Sub: "u1", Roles: []string{"member"}, ExpiresAt: at.Unix() - 1}
)
