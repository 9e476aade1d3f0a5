package config

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// validate checks what one value alone does not show.
func (d *decoder) validate() {
	c := d.cfg
	d.listen("listen", c.Listen)
	if c.Admin.Listen != "" {
		d.listen("admin.listen", c.Admin.Listen)
		if c.Admin.Listen == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
			d.fail("admin.listen", "the same address as listen")
		}
	}
	if !c.Upstream.Set() && len(c.Upstreams) == 0 && len(d.errsOf("upstream.url"))+len(d.errsOf("upstreams")) == 0 {
		d.fail("upstream.url", "required: the address of the Socket.IO server, such as http://127.0.0.1:3000")
	}
	d.folder("path", c.Path)
	d.upstreams()
	d.tls()
	if c.Parser == "msgpack" && (c.EIO3 || c.Upstream.EIO == 3) {
		d.fail("parser", "msgpack needs Engine.IO 4 on both sides")
	}
	d.revision("upstream", c.Upstream.EIO, c.Upstream.Translate)
	if len(c.Transports) == 0 {
		d.fail("transports", "want polling, websocket or both")
	}
	d.store(c.Store)
	d.identity()
	d.rooms()
	d.plugins()
	d.openPolicyAgent()
	d.shields()
	d.limits()
}

func (d *decoder) errsOf(key string) (out Errors) {
	for _, e := range d.errs {
		if e.Key == key || e.Key == "" {
			out = append(out, e)
		}
	}
	return out
}

var pluginName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// reserved are names that the decision log gives to others.
var reserved = map[string]bool{"policy": true, "baseline": true, "gateway": true, "contract": true}

func (d *decoder) plugins() {
	first := map[string]int{}
	for i, p := range d.cfg.Plugins {
		key := fmt.Sprintf("plugins.%d", i)
		j, twice := first[p.Name]
		switch {
		case p.Name == "":
			d.fail(key+".name", "required")
		case !pluginName.MatchString(p.Name):
			d.fail(key+".name", "want letters, digits, - and _, at most 64, found %q", p.Name)
		case reserved[p.Name]:
			d.fail(key+".name", "%q is reserved", p.Name)
		case twice:
			d.fail(key+".name", "%q is the name of plugins.%d too", p.Name, j)
		}
		first[p.Name] = i
		d.pluginRanges(&p, key)
		_, std := p.Source.Std()
		if _, native := p.Source.Native(); p.Source == "" {
			d.fail(key+".source", "required: std:NAME, the path of a .wasm or .js file, or native:PATH")
		} else if !std && !native && !p.Source.loadable() {
			d.fail(key+".source", "want std:NAME, the path of a .wasm or .js file, or native:PATH, found %q", string(p.Source))
		}
		d.native(&d.cfg.Plugins[i], key)
	}
}

// Given reports whether somebody has set the key, or whether it has its default.
func (c *Config) Given(key string) bool {
	_, given := c.places[key]
	return given
}

// Error makes the error of a key that fails only when it is put to use: it names the place where the key
// was set.
func (c *Config) Error(key string, err error) *Error {
	d := decoder{places: c.places, home: place{source: cmp.Or(c.File, DefaultFile)}}
	d.fail(key, "%v", err)
	d.errs[0].Err = err
	return d.errs[0]
}

// store refuses what is to come, without telling its password.
func (d *decoder) store(s string) {
	switch {
	case strings.HasPrefix(s, "redis"):
		d.fail("store", "redis is not supported yet: each gateway counts and remembers by itself (store: memory); a list that "+
			"several gateways share, such as of revoked tokens, is a native plugin: see examples/revocation")
	case s != "memory":
		d.fail("store", "want memory, found %q", s)
	}
}
