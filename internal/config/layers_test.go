package config

import (
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestVariablesAreUnambiguous(t *testing.T) {
	shape := regexp.MustCompile(`^SIOGW_[A-Z0-9_]+$`)
	seen := map[string]string{}
	for _, key := range keys() {
		name := Variable(key)
		if other, ok := seen[name]; ok {
			t.Errorf("%s and %s are both %s", key, other, name)
		}
		seen[name] = key
		if !shape.MatchString(name) || foreign.MatchString(name) {
			t.Errorf("%s: %s", key, name)
		}
	}
	for _, name := range []string{"SIOGW_LISTEN", "SIOGW_UPSTREAM_URL", "SIOGW_LIMITS_CONNECTIONS_PER_IP", "SIOGW_EIO3"} {
		if seen[name] == "" {
			t.Errorf("no key has %s", name)
		}
	}
}

// TestEveryKeyIsReached sets each key by variable and by --set to a value that only it refuses.
func TestEveryKeyIsReached(t *testing.T) {
	for _, key := range keys() {
		for _, layer := range []string{Variable(key), "--set " + key} {
			d := &decoder{cfg: Default(), layer: source(layer)}
			reached := false
			d.reach(reflect.ValueOf(d.cfg).Elem(), "", key, func(reflect.Value, reflect.StructTag) { reached = true })
			if !reached || len(d.errs) > 0 {
				t.Errorf("%s does not reach %s: %v", layer, key, d.errs)
			}
		}
	}
}

func source(name string) layer { return layer{source: name} }

func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "siogw.yaml")
	write(t, filepath.Dir(file), "siogw.yaml", up+"listen: 127.0.0.1:1\nadmin: { listen: '127.0.0.1:11' }\nlimits: { depth: 5 }\n")
	env := []string{"SIOGW_LISTEN=127.0.0.1:2", "SIOGW_ADMIN_LISTEN=127.0.0.1:12", "HOME=/root", "SIOGW_CONFIG=" + file}
	c, err := Load("", []string{"listen=127.0.0.1:3"}, env)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.Admin.Listen != "127.0.0.1:12" || c.Limits.Depth != 5 || c.Limits.Namespaces != 16 {
		t.Errorf("listen %s, admin %s, depth %d", c.Listen, c.Admin.Listen, c.Limits.Depth)
	}
}

func TestValues(t *testing.T) {
	t.Chdir(t.TempDir())
	tests := []struct {
		name      string
		sets, env []string
		get       func(*Config) any
		want      any
	}{
		{"list with commas", nil, []string{"SIOGW_ORIGINS=https://a, https://b"},
			func(c *Config) any { return c.Origins }, []Origin{"https://a", "https://b"}},
		{"list as flow", []string{"origins=[https://a]"}, nil,
			func(c *Config) any { return c.Origins }, []Origin{"https://a"}},
		{"empty list", nil, []string{"SIOGW_DECISION_LOG_MASK="},
			func(c *Config) any { return len(c.DecisionLog.Mask) }, 0},
		{"list by index", []string{"identity.jwt.from.0=cookie.s", "identity.jwt.from.2=query.t"}, nil,
			func(c *Config) any { return c.Identity.JWT.From },
			[]TokenSource{"cookie.s", "header.authorization", "query.t"}},
		{"list of sections by index", []string{"plugins.0.name=a", "plugins.0.source=std:b", "plugins.0.memory=1MiB"}, nil,
			func(c *Config) any { return c.Plugins[0].Memory }, Size(1 << 20)},
		{"entry of a new section keeps defaults", []string{"rooms.join.0.event=join"}, nil,
			func(c *Config) any { return c.Rooms.Join }, []RoomRule{{"/", "join", "/args/0"}}},
		{"whole entry", []string{"rooms.join.0={event: join, room: /args/1}"}, nil,
			func(c *Config) any { return c.Rooms.Join }, []RoomRule{{"/", "join", "/args/1"}}},
		{"section", []string{"heartbeat={interval: 3s}"}, nil,
			func(c *Config) any { return c.Heartbeat }, Heartbeat{3 * time.Second, 20 * time.Second}},
		{"map", nil, []string{"SIOGW_LIMITS_EVENTS_PER_EVENT={message: 10/s, a.b: 1/m}"},
			func(c *Config) any { return c.Limits.Events.PerEvent },
			map[string]Rate{"message": {10, time.Second}, "a.b": {1, time.Minute}}},
		{"map entry, dots and all", []string{"limits.events.per_event.a.b=7/h"}, nil,
			func(c *Config) any { return c.Limits.Events.PerEvent }, map[string]Rate{"a.b": {7, time.Hour}}},
		{"secret verbatim", nil, []string{`SIOGW_IDENTITY_JWT_SECRET=12345: ${NO} "x" [, #`},
			func(c *Config) any { return string(c.Identity.JWT.Secret) }, `12345: ${NO} "x" [, #`},
		{"free", []string{"plugins.0={name: a, source: std:b, config: {z: 1, a: [true, null, 1.5, x]}}"}, nil,
			func(c *Config) any { return string(c.Plugins[0].Config) }, `{"z":1,"a":[true,null,1.5,"x"]}`},
		{"free by set", []string{"plugins.0={name: a, source: std:b}", "plugins.0.config={fields: [text]}"}, nil,
			func(c *Config) any { return string(c.Plugins[0].Config) }, `{"fields":["text"]}`},
		{"no rate", []string{"limits.events.per_session=0"}, nil,
			func(c *Config) any { return c.Limits.Events.PerSession }, Rate{}},
		{"odd period", []string{"limits.events.per_session=3/10s"}, nil,
			func(c *Config) any { return c.Limits.Events.PerSession }, Rate{3, 10 * time.Second}},
		{"relative to the working directory", []string{"policy.paths=a,b"}, nil,
			func(c *Config) any { return c.Policy.Paths }, []Path{"a", "b"}},
		{"kubernetes and tests", nil, []string{"SIOGW_SERVICE_HOST=1.2.3.4", "SIOGW_SERVICE_PORT_HTTP=80", "SIOGW_PORT=tcp://1.2.3.4:80",
			"SIOGW_PORT_80_TCP_ADDR=1.2.3.4", "SIOGW_REQUIRE_INTEROP=1"},
			func(c *Config) any { return c.Listen }, "127.0.0.1:8080"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Load("", tt.sets, append(tt.env, "SIOGW_UPSTREAM_URL=http://127.0.0.1:3000"))
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.get(c); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestLayerErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	tests := []struct {
		sets, env []string
		want      string
	}{
		{nil, []string{"SIOGW_LISTN=x"}, "SIOGW_LISTN: unknown variable, did you mean SIOGW_LISTEN?"},
		{nil, []string{"SIOGW_XYZZY_QUUX_PLUGH=x"}, "SIOGW_XYZZY_QUUX_PLUGH: unknown variable"},
		{nil, []string{"SIOGW_LIMITS_DEPTH=x"}, `SIOGW_LIMITS_DEPTH: limits.depth: want a whole number, found "x"`},
		{nil, []string{"SIOGW_LIMITS_DEPTH="}, `SIOGW_LIMITS_DEPTH: limits.depth: want a whole number, found ""`},
		{nil, []string{"SIOGW_STORE=redis://h"}, "SIOGW_STORE: store: redis is not supported yet: each gateway counts and remembers by itself (store: memory); a list that " +
			"several gateways share, such as of revoked tokens, is a native plugin: see examples/revocation"},
		{nil, []string{"SIOGW_PLUGINS=[{name"}, `SIOGW_PLUGINS: plugins: not YAML, such as {key: value} or [a, b]`},
		{nil, []string{"SIOGW_ORIGINS=https://a,b"}, `SIOGW_ORIGINS: origins.1: want an exact origin such as https://app.example.com, without a path, found "b"`},
		{[]string{"listen"}, nil, "--set listen: want section.key=value"},
		{[]string{"limits.detph=3"}, nil, "--set limits.detph: limits.detph: unknown key, did you mean limits.depth?"},
		{[]string{"listen.x=3"}, nil, "--set listen.x: listen.x: unknown key: listen has none below it"},
		{[]string{"origins.1=https://a"}, nil, "--set origins.1: origins.1: want an index from 0 to 0"},
		{[]string{"origins.x=https://a"}, nil, "--set origins.x: origins.x: want an index from 0 to 0"},
		{[]string{"origins.-1=https://a"}, nil, "--set origins.-1: origins.-1: want an index from 0 to 0"},
		{[]string{"transports.0.x=a"}, nil, "--set transports.0.x: transports.0.x: unknown key: transports.0 has none below it"},
		{[]string{"plugins.0.nme=a"}, nil, "--set plugins.0.nme: plugins.0.nme: unknown key, did you mean plugins.0.name?\n" +
			"siogw.yaml: plugins.0.name: required\nsiogw.yaml: plugins.0.source: required: std:NAME, the path of a .wasm or .js file, or native:PATH"},
		{[]string{"limits=3"}, nil, "--set limits: limits: want a section (key: value), found the number 3"},
	}
	for _, tt := range tests {
		_, err := Load("", tt.sets, append(tt.env, "SIOGW_UPSTREAM_URL=http://127.0.0.1:3000"))
		if err == nil || sortLines(err.Error()) != sortLines(tt.want) {
			t.Errorf("%v %v:\ngot  %v\nwant %s", tt.sets, tt.env, err, tt.want)
		}
	}
}

func sortLines(s string) string {
	var file, rest []string
	for line := range strings.SplitSeq(s, "\n") {
		if strings.HasPrefix(line, "siogw.yaml") {
			file = append(file, line)
		} else {
			rest = append(rest, line)
		}
	}
	return strings.Join(append(file, rest...), "\n")
}

func TestReferences(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "c.yaml", `
listen: ${HOST}:${PORT}
upstream: { url: "http://${HOST}:3000" }
limits: { depth: "${DEPTH}" }
identity: { jwt: { secret: "${SECRET}" } }
plugins:
  - { name: a, source: std:b, config: { literal: "$${x}", key: "${SECRET}" } }
`)
	env := []string{"HOST=127.0.0.1", "PORT=81", "DEPTH=7", "SECRET=a${b}"}
	c, err := Load(filepath.Join(dir, "c.yaml"), nil, env)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:81" || c.Upstream.Address().String() != "http://127.0.0.1:3000" || c.Limits.Depth != 7 ||
		c.Identity.JWT.Secret != "a${b}" || string(c.Plugins[0].Config) != `{"literal":"${x}","key":"a${b}"}` {
		t.Errorf("read as %+v", c)
	}
}
