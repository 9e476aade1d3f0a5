package config

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Every key has an effect, and every effect is of a key.
func TestEffects(t *testing.T) {
	below := func(key, section string) bool { return key == section || strings.HasPrefix(key, section+".") }
	all, listed := keys(), []string{}
	for _, e := range effects {
		for _, k := range e.keys {
			if slices.Contains(listed, k) {
				t.Errorf("%s has two effects", k)
			}
			if !slices.ContainsFunc(all, func(key string) bool { return below(key, k) }) {
				t.Errorf("%s is no key", k)
			}
			listed = append(listed, k)
		}
	}
	for _, key := range all {
		if !slices.ContainsFunc(listed, func(k string) bool { return below(key, k) }) {
			t.Errorf("%s: nobody said when a change of it takes effect", key)
		}
	}
	for key, want := range map[string]Effect{"policy.paths": AtOnce, "plugins": AtOnce, "limits.depth": AtOnce, "limits.traffic.bytes": AtOnce,
		"limits.payload": ForNew, "limits.sessions.connect_time": ForNew, "limits.sessions.idle": AtOnce, "listen": ByRestart,
		"limits.connections.ipv6_prefix": ByRestart, "upstream.url": ByRestart, "upstreams": ByRestart, "compression.enabled": ForNew,
		"compression.min_size": AtOnce, "nothing": ByRestart} {
		if got := EffectOf(key); got != want || Live(key) != (want != ByRestart) {
			t.Errorf("%s takes effect %s", key, got)
		}
	}
}

// The table of the documentation is the list.
func TestEffectsAreDocumented(t *testing.T) {
	var want strings.Builder
	want.WriteString("| a change of | takes effect |\n|---|---|\n")
	for _, e := range effects {
		fmt.Fprintf(&want, "| `%s` | %s |\n", strings.Join(e.keys, "`, `"), e.effect)
	}
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), want.String()) {
		t.Errorf("docs/configuration.md does not have this:\n%s", want.String())
	}
}

func TestChanged(t *testing.T) {
	base := "upstream: { url: 'http://a' }\n"
	for yaml, want := range map[string][]string{
		base:                          nil,
		"# else\n" + base:             nil,
		base + "limits: { depth: 9 }": {"limits.depth"},
		"upstream: { url: 'http://b', eio: 4 }\nplugins: [{ name: a, source: std:secrets }]": {"upstream.url", "plugins"},
		base + "identity: { jwt: { secret: x } }\nrooms: { join: [{ event: a }] }":           {"identity.jwt.secret", "rooms.join"},
	} {
		a, errA := Parse("f", "", []byte(base))
		b, errB := Parse("f", "", []byte(yaml))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := Changed(a, b); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", yaml, got, want)
		}
	}
}

func TestLiveFiles(t *testing.T) {
	c, err := Parse("f", "/etc", []byte(`
upstream: { url: 'http://a' }
tls: { cert_file: c.pem, key_file: k.pem }
identity: { jwt: { public_key_file: key.pem } }
policy: { paths: [policies, /data.json] }
contract: { files: [c.yaml] }
plugins: [{ name: a, source: std:secrets }, { name: b, source: b.wasm }]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"identity": {"/etc/key.pem"}, "policy": {"/etc/policies", "/data.json"}, "contract": {"/etc/c.yaml"}, "plugins": {"/etc/b.wasm"}}
	if got := c.LiveFiles(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
