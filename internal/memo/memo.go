// Package memo keeps answers by the exact bytes that they depend on: whole keys are compared, a table is bounded in
// bytes, and a hit allocates nothing.
package memo

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

const (
	shards   = 8
	overhead = 64 // bytes that an entry takes beside its key and value, about
)

// Table maps keys to answers. What is used stays: entries that were neither stored nor found while the other half
// of the table was filled are dropped. Values must not be changed. Safe for concurrent use.
type Table[V any] struct {
	seed   maphash.Seed
	limit  int64 // of one generation of one shard
	hits   atomic.Uint64
	misses atomic.Uint64
	shards [shards]shard[V]
}

// shard has two generations. When the young one is full, it becomes the old one, and what was old is gone.
type shard[V any] struct {
	mu         sync.RWMutex
	young, old map[string]entry[V]
	bytes      int64 // of the young
}

type entry[V any] struct {
	value V
	size  int64
}

// New makes a table of at most limit bytes, by estimate.
func New[V any](limit int64) *Table[V] {
	return &Table[V]{seed: maphash.MakeSeed(), limit: limit / shards / 2}
}

func (t *Table[V]) shard(key []byte) *shard[V] {
	return &t.shards[maphash.Bytes(t.seed, key)%shards]
}

// Get gives what is kept for key.
func (t *Table[V]) Get(key []byte) (v V, ok bool) {
	s := t.shard(key)
	s.mu.RLock()
	e, ok := s.young[string(key)]
	stale := false
	if !ok {
		e, stale = s.old[string(key)]
	}
	s.mu.RUnlock()
	if !ok && !stale {
		t.misses.Add(1)
		return v, false
	}
	t.hits.Add(1)
	if stale {
		t.put(s, string(key), e)
	}
	return e.value, true
}

// Put keeps v for key. size is what v takes beside itself, in bytes. An entry of more than an eighth of what a
// generation of its shard may hold is not kept.
func (t *Table[V]) Put(key []byte, v V, size int) {
	e := entry[V]{v, int64(len(key) + size + overhead)}
	if e.size <= t.limit/8 {
		t.put(t.shard(key), string(key), e)
	}
}

func (t *Table[V]) put(s *shard[V], key string, e entry[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.young[key]; ok {
		s.bytes -= before.size
	}
	if s.bytes+e.size > t.limit {
		s.old, s.young, s.bytes = s.young, nil, 0
	}
	if s.young == nil {
		s.young = map[string]entry[V]{}
	}
	s.young[key] = e
	s.bytes += e.size
}

// Stats is what a table did, and holds.
type Stats struct {
	Hits, Misses uint64
	Entries      int
}

// Stats gives the figures of now.
func (t *Table[V]) Stats() Stats {
	st := Stats{Hits: t.hits.Load(), Misses: t.misses.Load()}
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.RLock()
		st.Entries += len(s.young)
		for key := range s.old {
			if _, both := s.young[key]; !both {
				st.Entries++
			}
		}
		s.mu.RUnlock()
	}
	return st
}
