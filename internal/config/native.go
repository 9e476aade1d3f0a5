package config

import (
	"regexp"
	"strings"
	"time"
)

// Native gives the path of the program when the source is native:PATH.
func (s Source) Native() (path string, ok bool) { return strings.CutPrefix(string(s), "native:") }

// Folder is where a process works. It is not what the process is made of: what changes in it is no reason to reload.
type Folder string

func (f *Folder) parse(text, dir string) error {
	if text != "" {
		text = resolve(text, dir)
	}
	*f = Folder(text)
	return nil
}

// The defaults of a native plugin that others do not have: it may ask a network.
const (
	nativeTimeout = 100 * time.Millisecond
	nativeMemory  = 256 << 20
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Keys of plugins that are for one sort only.
var (
	wasmOnly   = []string{"grant", "lifetime", "sessions", "memo", "kv"}
	nativeOnly = []string{"args", "env", "dir", "max_in_flight", "start_timeout"}
)

// native checks the keys that only native plugins have, or others, and gives a native plugin its own defaults.
func (d *decoder) native(p *Plugin, key string) {
	_, native := p.Source.Native()
	others, sort := nativeOnly, "native plugins"
	if native {
		others, sort = wasmOnly, "WebAssembly plugins"
	}
	for _, k := range others {
		if d.given(key + "." + k) {
			d.fail(key+"."+k, "is for %s only", sort)
		}
	}
	if !native {
		return
	}
	if p.SHA256 == "" && len(d.errsOf(key+".sha256")) == 0 {
		d.fail(key+".sha256", "required for a native plugin: the SHA-256 of the program")
	}
	if !d.given(key + ".timeout") {
		p.Timeout = nativeTimeout
	}
	if !d.given(key + ".memory") {
		p.Memory = nativeMemory
	}
	for name, value := range p.Env {
		if !envName.MatchString(name) || strings.Contains(string(value), "\x00") {
			d.fail(key+".env", "want names of letters, digits and _, and values without NUL, found %q", name)
		}
	}
}

// given reports whether the key, or one in its section, is in a layer.
func (d *decoder) given(key string) bool {
	for at := range d.places {
		if at == key || strings.HasPrefix(at, key+".") {
			return true
		}
	}
	return false
}
