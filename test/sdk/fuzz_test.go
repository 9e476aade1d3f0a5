package sdk_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/pluginkit"
	"github.com/siogw/siogw/internal/strictjson"
)

// fuzzConfigs are the configurations that FuzzSame has guests of: every limit tight, words that need care, and roles.
var fuzzConfigs = []string{
	``,
	`{"max_length":40,"words":["darn","é\"\\😀","STOP"],"max_number":1000,"max_depth":5,"max_attachment":10}`,
	`{"roles":{"":"none","message":"member","darn":"nobody","é":"\ud83d\ude00"},"max_length":0,"max_depth":1000000000,"max_number":0}`,
}

var fuzzKinds = []struct {
	kind      engine.Kind
	direction engine.Direction
}{{engine.Event, engine.In}, {engine.Emit, engine.Out}, {engine.Ack, engine.In}, {engine.Connect, engine.In}}

// fuzzed makes a packet; nil is one that no gateway asks about. shape chooses its kind and its attachments.
func fuzzed(args, auth, event, role string, shape uint8) *engine.Input {
	if !utf8.ValidString(event) || !utf8.ValidString(role) {
		return nil
	}
	var attachments [][]byte
	for i := range int(shape / 4 % 4) {
		attachments = append(attachments, []byte(strings.Repeat("x", 9+i)))
	}
	in, err := pluginkit.Message([]byte(args), attachments...)
	if err != nil {
		return nil
	}
	k := fuzzKinds[shape%4]
	in.Kind, in.Direction, in.Event = k.kind, k.direction, event
	in.Identity = &engine.Identity{Authenticated: true, Sub: event, Roles: []string{"guest", role}}
	if in.Kind == engine.Connect {
		if strictjson.KindOf([]byte(auth)) != strictjson.Object || strictjson.Scan([]byte(auth), strictjson.Limits{}) != nil {
			return nil
		}
		in.Event, in.Args, in.Attachments, in.Auth = "", nil, nil, []byte(auth)
	}
	return in
}

// FuzzSame: whatever the packet and the configuration, every language answers the same.
func FuzzSame(f *testing.F) {
	for i, c := range vectors(f) {
		if c.Input.Args != nil {
			f.Add(string(c.Input.Args), `{"token":"darn 4111111111111111","n":[1e4]}`, c.Input.Event, "member", uint8(i))
		}
		if c.Input.Auth != nil {
			f.Add("[]", string(c.Input.Auth), "darn", "é", uint8(4*i+3))
		}
	}
	type guest struct {
		name string
		of   []*pluginkit.Guest // by configuration
	}
	var guests []guest
	for i := range languages {
		m, err := languages[i].build["guard"]()
		if err != nil {
			continue
		}
		g := guest{name: languages[i].name}
		for _, config := range fuzzConfigs {
			g.of = append(g.of, load(f, m, options([]byte(config))))
		}
		guests = append(guests, g)
	}
	if len(guests) < 2 {
		f.Skip("there is one language here, and nothing to compare")
	}
	f.Fuzz(func(t *testing.T, args, auth, event, role string, shape uint8) {
		in := fuzzed(args, auth, event, role, shape)
		if in == nil {
			t.Skip()
		}
		config := int(shape/16) % len(fuzzConfigs)
		want := verdict(t, guests[0].of[config], in)
		for _, g := range guests[1:] {
			if g.name == "js" && !(keepsOrder(in.Args) && keepsOrder(in.Auth)) {
				continue
			}
			if got := verdict(t, g.of[config], in); got != want {
				t.Errorf("%s %q of %q, args %q, auth %q, configuration %d: %s says %s, %s says %s", in.Kind, event, role, in.Args, in.Auth, config, guests[0].name, want, g.name, got)
			}
		}
	})
}
