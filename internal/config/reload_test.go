package config

import (
	"reflect"
	"slices"
	"testing"
)

func TestFixedKeysAreKeys(t *testing.T) {
	all := keys()
	for _, key := range slices.Concat(live, fixed) {
		if !slices.ContainsFunc(all, func(k string) bool { return k == key || len(k) > len(key) && k[:len(key)+1] == key+"." }) {
			t.Errorf("%s is no key", key)
		}
	}
	for key, want := range map[string]bool{"policy.paths": true, "plugins": true, "limits.depth": true, "limits.traffic.bytes": false,
		"limits.payload": false, "limits.sessions.connect_time": true, "listen": false, "upstream.url": false, "reload.watch": false} {
		if Live(key) != want {
			t.Errorf("Live(%s) is %v", key, !want)
		}
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
