// Package memo keeps answers by the exact bytes that they depend on: whole keys are compared, a table is bounded in
// bytes, and a hit allocates nothing.
package memo

import (
	"bytes"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Overhead is what an entry takes beside its key and value, about: itself, its places in ring and map.
const Overhead = 64

const (
	maxShards   = 16
	minShard    = 256 << 10 // bytes for which a shard of its own is worth while
	entryShares = 4         // an entry has at most one of so many shares of a shard
)

// Options bound a table.
type Options struct {
	Bytes int // that all entries may hold together, by estimate
	Entry int // that one may hold, its key included; 0, or more than a quarter of a shard, for that quarter
}

// Table maps keys to answers. Values must not be changed. Safe for concurrent use. What a key is found by, the hash,
// is seeded.
type Table[V any] struct {
	seed   maphash.Seed
	shards []shard[V] // a power of two
	entry  int        // bytes that one entry may have
	room   int        // bytes that one shard may have
}

// shard is a part of the table, with a lock of its own. Entries stand in a ring: the clock evicts the first that nobody
// has found since its hand came by.
type shard[V any] struct {
	hits, misses    atomic.Uint64
	stored, evicted atomic.Uint64
	once            atomic.Pointer[Sightings] // from when the shard was full for the first time

	mu    sync.RWMutex
	found map[uint64]*entry[V]
	ring  []*entry[V]
	hand  int
	bytes int
}

// entry is one answer. It is not changed, but for used and the place.
type entry[V any] struct {
	hash  uint64
	key   []byte
	value V
	used  atomic.Bool
	place int // in the ring
	bytes int
}

// sighting is the bytes of a shard for which there is one mark, some two for an entry.
const sighting = 128

// New makes an empty table.
func New[V any](o Options) *Table[V] {
	n := 1
	for n < maxShards && o.Bytes/(2*n) >= minShard {
		n *= 2
	}
	t := &Table[V]{seed: maphash.MakeSeed(), shards: make([]shard[V], n), room: o.Bytes / n}
	t.entry = t.room / entryShares
	if o.Entry > 0 {
		t.entry = min(t.entry, o.Entry)
	}
	for i := range t.shards {
		t.shards[i].found = map[uint64]*entry[V]{}
	}
	return t
}

// Entry gives how many bytes one entry may have.
func (t *Table[V]) Entry() int { return t.entry }

func (t *Table[V]) find(key []byte) (*shard[V], uint64) {
	hash := maphash.Bytes(t.seed, key)
	return &t.shards[hash&uint64(len(t.shards)-1)], hash
}

// Get gives what is kept for key, nil for nothing.
func (t *Table[V]) Get(key []byte) *V {
	s, hash := t.find(key)
	if e := s.get(hash, key); e != nil {
		return &e.value
	}
	return nil
}

// Put keeps v for a copy of key: in a table that is full the second time only. size is what v takes, in bytes. It reports
// false where that is more than an entry may have: v is never kept.
func (t *Table[V]) Put(key []byte, v V, size int) bool {
	n := len(key) + size + Overhead
	if n > t.entry {
		return false
	}
	s, hash := t.find(key)
	if once := s.once.Load(); once != nil && !once.Again(hash/maxShards) {
		return true
	}
	s.put(&entry[V]{hash: hash, key: bytes.Clone(key), value: v, bytes: n}, t.room)
	return true
}

// get gives the entry with key, or nil, and counts.
func (s *shard[V]) get(hash uint64, key []byte) *entry[V] {
	s.mu.RLock()
	e := s.found[hash]
	s.mu.RUnlock()
	if e == nil || !bytes.Equal(e.key, key) {
		s.misses.Add(1)
		return nil
	}
	if !e.used.Load() { // a line of the cache that all processors share is left alone
		e.used.Store(true)
	}
	s.hits.Add(1)
	return e
}

// put keeps e, in the place of another with its hash if there is one, and evicts until all are within room.
func (s *shard[V]) put(e *entry[V], room int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.found[e.hash]; old != nil {
		s.drop(old)
	}
	if s.bytes+e.bytes > room && s.once.Load() == nil {
		once := make(Sightings, room/sighting+1)
		s.once.Store(&once)
	}
	for s.bytes+e.bytes > room && len(s.ring) > 0 { // at most twice around
		if s.hand >= len(s.ring) {
			s.hand = 0
		}
		if at := s.ring[s.hand]; at.used.Swap(false) {
			s.hand++
		} else {
			s.drop(at)
		}
	}
	e.place = len(s.ring)
	s.ring = append(s.ring, e)
	s.found[e.hash] = e
	s.bytes += e.bytes
	s.stored.Add(1)
}

// drop takes e out. The last of the ring takes its place.
func (s *shard[V]) drop(e *entry[V]) {
	last := s.ring[len(s.ring)-1]
	s.ring[e.place], last.place = last, e.place
	s.ring[len(s.ring)-1] = nil
	s.ring = s.ring[:len(s.ring)-1]
	delete(s.found, e.hash)
	s.bytes -= e.bytes
	s.evicted.Add(1)
}

// Stats is what a table did, and holds.
type Stats struct {
	Hits, Misses    uint64
	Stored, Evicted uint64
	Entries, Bytes  int // held now
}

// Stats gives the figures of now.
func (t *Table[V]) Stats() (st Stats) {
	for i := range t.shards {
		s := &t.shards[i]
		st.Hits, st.Misses = st.Hits+s.hits.Load(), st.Misses+s.misses.Load()
		st.Stored, st.Evicted = st.Stored+s.stored.Load(), st.Evicted+s.evicted.Load()
		s.mu.RLock()
		st.Entries, st.Bytes = st.Entries+len(s.ring), st.Bytes+s.bytes
		s.mu.RUnlock()
	}
	return st
}
