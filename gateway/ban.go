package gateway

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// maxBans bounds the table: past it, the ban that ends first is given up.
const maxBans = 65536

// bans are addresses and identities that are refused for a while.
type bans struct {
	n  atomic.Int32 // entries, so that nobody waits for a lock while there are none
	mu sync.Mutex
	by map[any]time.Time // netip.Prefix or identity (a string) → until when
}

func (b *bans) any() bool { return b.n.Load() > 0 }

func (b *bans) add(key any, until, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by == nil {
		b.by = map[any]time.Time{}
	}
	if _, again := b.by[key]; !again && len(b.by) >= maxBans {
		b.makeRoom(now)
	}
	if until.After(b.by[key]) {
		b.by[key] = until
	}
	b.n.Store(int32(len(b.by)))
}

// makeRoom drops the bans that are over, or else the one that ends first. b.mu is held.
func (b *bans) makeRoom(now time.Time) {
	var first any
	for key, until := range b.by {
		if !until.After(now) {
			delete(b.by, key)
		} else if first == nil || until.Before(b.by[first]) {
			first = key
		}
	}
	if len(b.by) >= maxBans {
		delete(b.by, first)
	}
}

func (b *bans) address(p netip.Prefix, now time.Time) (until time.Time, banned bool) {
	return b.find(p, now)
}

func (b *bans) identity(name string, now time.Time) bool {
	if name == "" || !b.any() {
		return false
	}
	_, banned := b.find(name, now)
	return banned
}

func (b *bans) find(key any, now time.Time) (until time.Time, banned bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	until, found := b.by[key]
	if found && !until.After(now) {
		delete(b.by, key)
		b.n.Store(int32(len(b.by)))
		return time.Time{}, false
	}
	return until, found
}
