package app

import (
	"sync"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/kv"
	"github.com/siogw/siogw/plugins/native"
	"github.com/siogw/siogw/plugins/wasm"
)

// Keep holds what plugins of a name keep while configurations come and go: their stores and what they counted; and
// what the policy's shadow counted. The zero value is empty. Safe for concurrent use.
type Keep struct {
	natives native.Set // the processes of native plugins
	stores  kv.Set
	lasting lasting
	shadow  shadowCounts

	mu      sync.Mutex
	tallies map[string]*wasm.Tally
}

// store gives the store of a plugin that may have one, else nil.
func (k *Keep) store(c *config.Plugin) hostabi.Store {
	if c.Granted()&hostabi.KV == 0 {
		return nil
	}
	return k.stores.Store(c.Name, storeLimits(c))
}

func storeLimits(c *config.Plugin) kv.Limits {
	return kv.Limits{Entries: c.KV.Entries, Bytes: int64(c.KV.Bytes), TTL: c.KV.TTL}
}

func (k *Keep) tally(plugin string) *wasm.Tally {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tallies == nil {
		k.tallies = map[string]*wasm.Tally{}
	}
	if k.tallies[plugin] == nil {
		k.tallies[plugin] = &wasm.Tally{}
	}
	return k.tallies[plugin]
}

// only drops what plugins keep that cfg does not have any more, and holds the others to its limits. cfg is in force: one
// that is refused changes nothing.
func (k *Keep) only(cfg *config.Config) {
	k.lasting.limit(cfg)
	var stored []string
	named := map[string]bool{}
	for i := range cfg.Plugins {
		p := &cfg.Plugins[i]
		named[p.Name] = true
		if p.Granted()&hostabi.KV != 0 {
			stored = append(stored, p.Name)
			k.stores.Limit(p.Name, storeLimits(p))
		}
	}
	k.stores.Keep(stored...)
	k.mu.Lock()
	defer k.mu.Unlock()
	for name := range k.tallies {
		if !named[name] {
			delete(k.tallies, name)
		}
	}
}
