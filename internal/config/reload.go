package config

import (
	"reflect"
	"strings"
)

// Reload says when the configuration is read again while the gateway runs, beside SIGHUP.
type Reload struct {
	// Watch reloads whenever the configuration file changes, or a file or folder that it names where that may
	// change while running. Default false.
	Watch bool `yaml:"watch"`
}

// Effect is when a key counts that was changed in a running gateway.
type Effect string

// The effects. What clients were told, and let in by, stays as it was for those that are connected.
const (
	AtOnce    Effect = "at once, for open connections too"
	ForNew    Effect = "for new connections"
	ByRestart Effect = "needs a restart"
)

// effects has every key or a section that it is in; of several that fit the longest counts. docs/configuration.md has it as
// a table.
var effects = []struct {
	effect Effect
	keys   []string
}{
	{AtOnce, []string{"limits", "identity", "rooms", "contract", "policy", "plugins", "shields", "deny", "responses",
		"compression.min_size", "compression.max_ratio", "decision_log.mask"}},
	{ForNew, []string{"heartbeat", "transports", "eio3", "origins", "origin_required", "session", "compression.enabled",
		"trusted_proxies", "trusted_header", "limits.payload", "limits.http.header_time", "limits.sessions.connect_time",
		"limits.sessions.poll_time"}},
	{ByRestart, []string{"listen", "socket_mode", "path", "upstream", "upstreams", "admin", "tls", "proxy_protocol", "parser",
		"event_loop", "limits.connections.ipv6_prefix", "opa", "decision_log.output", "store", "log", "reload"}},
}

// EffectOf gives the effect of a key, as section.key.
func EffectOf(key string) Effect {
	effect, length := ByRestart, 0
	for _, e := range effects {
		for _, k := range e.keys {
			if len(k) > length && (key == k || strings.HasPrefix(key, k+".")) {
				effect, length = e.effect, len(k)
			}
		}
	}
	return effect
}

// Live reports whether the key may change while the gateway runs.
func Live(key string) bool { return EffectOf(key) != ByRestart }

// Changed gives the keys whose values differ, as section.key; lists and maps as one.
func Changed(a, b *Config) []string {
	var out []string
	va, vb := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for _, key := range keys() {
		if !reflect.DeepEqual(at(va, key), at(vb, key)) {
			out = append(out, key)
		}
	}
	return out
}

// at gives the value of a key that keys lists.
func at(v reflect.Value, key string) any {
	for name := range strings.SplitSeq(key, ".") {
		v, _, _ = field(v, name)
	}
	return v.Interface()
}

// LiveFiles gives the files and folders that the sections name which may change while the gateway runs, by section.
func (c *Config) LiveFiles() map[string][]string {
	out := map[string][]string{}
	all := reflect.ValueOf(c).Elem()
	for _, section := range names(all.Type()) {
		if !Live(section) {
			continue
		}
		v, _, _ := field(all, section)
		if files := files(v); len(files) > 0 {
			out[section] = files
		}
	}
	return out
}

// files gives the paths in v.
func files(v reflect.Value) (out []string) {
	switch x := v.Interface().(type) {
	case Path:
		return some(string(x), x != "")
	case Location:
		return some(string(x), x != "" && !x.IsURL())
	case Source:
		if path, native := x.Native(); native {
			return []string{path, path + ".manifest.json"}
		}
		_, std := x.Std()
		return some(string(x), x != "" && !std)
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out = append(out, files(v.Field(i))...)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			out = append(out, files(v.Index(i))...)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			out = append(out, files(v.MapIndex(k))...)
		}
	}
	return out
}

func some(path string, is bool) []string {
	if !is {
		return nil
	}
	return []string{path}
}
