package config

import (
	"fmt"
	"time"

	"github.com/siogw/siogw/hostabi"
)

// Lifetime is of what a plugin keeps in its memory; "" leaves it to the plugin's manifest.
type Lifetime string

func (l *Lifetime) parse(text, _ string) error {
	if _, err := hostabi.ParseLifetime(text); err != nil {
		return fmt.Errorf("want shared, session or call")
	}
	*l = Lifetime(text)
	return nil
}

// Capability is what a plugin may have beyond its view: kv, clock or random.
type Capability hostabi.Capability

func (c *Capability) parse(text, _ string) error {
	v, err := hostabi.ParseCapability(text)
	if err != nil {
		return fmt.Errorf("want kv, clock or random")
	}
	*c = Capability(v)
	return nil
}

// Granted is all of what is granted.
func (p *Plugin) Granted() (all hostabi.Capability) {
	for _, c := range p.Grant {
		all |= hostabi.Capability(c)
	}
	return all
}

// KV bounds what a plugin with the capability kv stores. A full store refuses, and drops nothing.
type KV struct {
	Entries int           `yaml:"entries" min:"1" max:"10000000"` // default 10000
	Bytes   Size          `yaml:"bytes" min:"4KiB" max:"4GiB"`    // of keys and values, with 96 for each entry; default 4MiB
	TTL     time.Duration `yaml:"max_ttl" min:"1s" max:"8760h"`   // the longest that an entry lives; default 24h
}

// Backoff says when a plugin that keeps failing is not asked for a while; on_error then decides.
type Backoff struct {
	// Failures is how many in a row, with no success between them, end the service. Default 10; 0 never does.
	Failures int           `yaml:"failures" min:"0" max:"1000000"`
	Window   time.Duration `yaml:"window" min:"100ms" max:"1h"`   // within which they have to come; default 10s
	Pause    time.Duration `yaml:"pause" min:"10ms" max:"1h"`     // until one input tries it again; doubles when that fails; default 1s
	MaxPause time.Duration `yaml:"max_pause" min:"10ms" max:"1h"` // at most; default 1m
}

// pluginLimits gives the defaults of what bounds a plugin.
func (p *Plugin) pluginLimits() {
	p.Sessions, p.Memo = hostabi.MaxSessions, 1<<20
	p.MaxInFlight, p.StartTimeout = 256, 10*time.Second
	p.KV = KV{Entries: 10_000, Bytes: 4 << 20, TTL: 24 * time.Hour}
	p.Backoff = Backoff{Failures: 10, Window: 10 * time.Second, Pause: time.Second, MaxPause: time.Minute}
}

// pluginRanges checks what depends on two keys.
func (d *decoder) pluginRanges(p *Plugin, key string) {
	if p.Backoff.MaxPause < p.Backoff.Pause {
		d.fail(key+".backoff.max_pause", "%v is less than pause, %v", p.Backoff.MaxPause, p.Backoff.Pause)
	}
}
