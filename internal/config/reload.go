package config

import (
	"reflect"
	"slices"
	"strings"
)

// Reload says when the configuration is read again while the gateway runs, beside SIGHUP.
type Reload struct {
	// Watch reloads whenever the configuration file changes, or a file or folder that it names where that may
	// change while running. Default false.
	Watch bool `yaml:"watch"`
}

// live are the sections that may change while the gateway runs.
var live = []string{"limits", "identity", "rooms", "contract", "policy", "plugins", "shields", "deny", "responses"}

// fixed are the keys and sections in them that may not: clients are known by one; the others are kept by the listener
// and by Engine.IO, which have them from the start.
var fixed = []string{
	"limits.connections.ipv6_prefix", "limits.connections.sockets_per_ip", "limits.http.header", "limits.http.url",
	"limits.http.header_time", "limits.http.body_time", "limits.payload", "limits.send_buffer", "limits.traffic",
	"limits.sessions.poll_time", "limits.sessions.write_time", "limits.sessions.idle", "limits.sessions.lifetime",
	"limits.sessions.upgrades", "limits.sessions.total_upgrades",
}

// Live reports whether the key may change while the gateway runs.
func Live(key string) bool {
	below := func(section string) bool { return key == section || strings.HasPrefix(key, section+".") }
	return slices.ContainsFunc(live, below) && !slices.ContainsFunc(fixed, below)
}

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
	for _, section := range live {
		v, _, _ := field(reflect.ValueOf(c).Elem(), section)
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
