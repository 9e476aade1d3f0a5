package config

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// UpstreamPool is one of several upstreams: servers that are alike, any of which may serve a session.
type UpstreamPool struct {
	// Name is for metrics and messages: letters, digits, - and _. Default its number, from 0.
	Name  string        `yaml:"name"`
	Match UpstreamMatch `yaml:"match"`
	// URLs are the servers, http, https or unix:/path, without paths of HTTP; 1 to 64. Required.
	URLs []URL `yaml:"urls"`
	// Path is where Engine.IO answers there. Default that of Match.
	Path        string `yaml:"path"`
	EIO         int    `yaml:"eio" min:"3" max:"4"` // as that of Upstream; default 4
	Translate   bool   `yaml:"translate"`           // the same; default false
	Passthrough bool   `yaml:"passthrough"`         // other paths of the same hosts go there as plain HTTP; default true
	// Sticky sends handshakes with the same value to the same server, as long as it is up. Default none:
	// to the server with the fewest sessions.
	Sticky Sticky `yaml:"sticky"`
	Health Health `yaml:"health"`
}

// UpstreamMatch says whose handshakes an upstream takes. An exact host goes before *.domain, that before any.
type UpstreamMatch struct {
	Host string `yaml:"host"` // exact or *.domain, without a port; default any
	Path string `yaml:"path"` // a folder; default Config.Path
}

// Health says how a server's state is known.
type Health struct {
	Check    string        `yaml:"check" enum:"handshake,http,none"` // default handshake, of Engine.IO
	Path     string        `yaml:"path"`                             // of check http, which wants a status below 400; default /
	Interval time.Duration `yaml:"interval" min:"100ms" max:"1h"`    // between checks, give or take a fifth; default 10s
	Timeout  time.Duration `yaml:"timeout" min:"100ms" max:"1m"`     // of one; default 3s
	// Failures is how many in a row, of checks and of handshakes, keep sessions away. Default 2.
	Failures int `yaml:"failures" min:"1" max:"100"`
}

// maxPools and maxTargets bound what is checked and counted one by one.
const (
	maxPools   = 64
	maxTargets = 64
)

func (p *UpstreamPool) setDefaults() {
	*p = UpstreamPool{EIO: 4, Passthrough: true,
		Health: Health{Check: "handshake", Path: "/", Interval: 10 * time.Second, Timeout: 3 * time.Second, Failures: 2}}
}

// Set reports whether there is an upstream.url.
func (u *Upstream) Set() bool { return u.URL != (URL{}) }

// Addresses gives the servers in the standard library's form.
func (p *UpstreamPool) Addresses() []*url.URL {
	out := make([]*url.URL, len(p.URLs))
	for i := range p.URLs {
		u := url.URL(p.URLs[i])
		out[i] = &u
	}
	return out
}

// Servers gives the addresses of all upstreams, as people write them.
func (c *Config) Servers() []string {
	var out []string
	add := func(u URL) {
		if u.Scheme == "unix" {
			out = append(out, "unix:"+u.Path)
			return
		}
		address := url.URL(u)
		out = append(out, address.String())
	}
	for i := range c.Upstreams {
		for _, u := range c.Upstreams[i].URLs {
			add(u)
		}
	}
	if c.Upstream.Set() {
		add(c.Upstream.URL)
	}
	return out
}

// folder checks a path of Engine.IO.
func (d *decoder) folder(key, path string) {
	if !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/") || strings.ContainsAny(path, "?#") || path == "/" {
		d.fail(key, "want a folder that begins and ends with a slash, found %q", path)
	}
}

func (d *decoder) upstreams() {
	pools := d.cfg.Upstreams
	if len(pools) > maxPools {
		d.fail("upstreams", "want at most %d", maxPools)
	}
	names, matches := map[string]int{"upstream": -1}, map[UpstreamMatch]int{}
	for i := range pools {
		p, key := &pools[i], join("upstreams", strconv.Itoa(i))
		if p.Name == "" {
			p.Name = strconv.Itoa(i)
		} else if !pluginName.MatchString(p.Name) {
			d.fail(key+".name", "want letters, digits, - and _, at most 64, found %q", p.Name)
		}
		if _, twice := names[p.Name]; twice {
			d.fail(key+".name", "%q is taken", p.Name)
		}
		names[p.Name] = i
		d.pool(key, p)
		if j, twice := matches[p.Match]; twice {
			d.fail(key+".match", "the same as that of upstreams.%d", j)
		}
		matches[p.Match] = i
	}
	if all := (UpstreamMatch{Path: d.cfg.Path}); d.cfg.Upstream.Set() {
		if i, twice := matches[all]; twice {
			d.fail(join("upstreams", strconv.Itoa(i))+".match", "takes all that upstream.url is for: want a host or a path, or no upstream.url")
		}
	}
}

// pool checks one upstream, and fills in what it takes from elsewhere.
func (d *decoder) pool(key string, p *UpstreamPool) {
	m := &p.Match
	if m.Path == "" {
		m.Path = d.cfg.Path
	}
	d.folder(key+".match.path", m.Path)
	if p.Path == "" {
		p.Path = m.Path
	} else {
		d.folder(key+".path", p.Path)
	}
	m.Host = strings.ToLower(m.Host)
	if name := strings.TrimPrefix(m.Host, "*."); m.Host != "" && (name == "" || strings.ContainsAny(name, "*/ :")) {
		d.fail(key+".match.host", "want a host without a port, or *.domain, found %q", m.Host)
	}
	if len(p.URLs) == 0 || len(p.URLs) > maxTargets {
		d.fail(key+".urls", "want 1 to %d addresses of the server, such as http://10.0.0.1:3000", maxTargets)
	}
	for i, u := range p.URLs {
		at := join(key+".urls", strconv.Itoa(i))
		if u.Scheme != "unix" && u.Path != "" && u.Path != "/" {
			d.fail(at, "want no path here, but in %s.path", key)
		}
		if slices.Contains(p.URLs[:i], u) {
			d.fail(at, "given twice")
		}
	}
	d.revision(key, p.EIO, p.Translate)
	if !strings.HasPrefix(p.Health.Path, "/") {
		d.fail(key+".health.path", "want a path that begins with a slash, found %q", p.Health.Path)
	}
}

func (s *Sticky) parse(text, _ string) error {
	*s = Sticky(text)
	place, name, _ := strings.Cut(text, ".")
	if text == "" || text == "ip" || name != "" && slices.Contains([]string{"cookie", "header", "query"}, place) {
		return nil
	}
	return errors.New("want ip, cookie.NAME, header.NAME, query.NAME, or nothing")
}
