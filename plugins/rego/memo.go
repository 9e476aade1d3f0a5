package rego

import (
	"bytes"
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/siogw/siogw/engine"
)

// DefaultMemoBytes and DefaultMemoEntry are fit for a gateway: some 30,000 decisions.
const (
	DefaultMemoBytes = 16 << 20
	DefaultMemoEntry = 16 << 10
)

// MemoOptions bound the memory of decisions.
type MemoOptions struct {
	// Bytes is what all entries may hold together, with what it takes to find them. 0 for no memo.
	Bytes int
	// Entry is what one may hold: beyond it a decision is not remembered. 0 for DefaultMemoEntry; at most a
	// quarter of a shard's bytes counts.
	Entry int
}

// MemoStats tells what became of decisions.
type MemoStats struct {
	Hits, Misses    uint64 // decisions found, and those evaluated that might be found the next time
	Stored, Evicted uint64
	Skipped         map[string]uint64 // evaluated and not stored, by reason: see docs/policies.md
	Entries, Bytes  int               // held now
}

// memo keeps verdicts by what they depend on. Its policy never changes, so an entry is true for ever. What a
// key is found by, the hash, is seeded; whole keys are compared.
type memo struct {
	seed    maphash.Seed
	shards  []shard // a power of two
	entry   int     // bytes that one entry may have
	room    int     // bytes that one shard may have
	skipped [obstacles]atomic.Uint64
}

// shard is a part of the memo, with a lock of its own. Entries stand in a ring: the clock evicts the first that nobody
// has found since its hand came by.
type shard struct {
	hits, misses    atomic.Uint64
	stored, evicted atomic.Uint64

	mu    sync.RWMutex
	found map[uint64]*entry
	ring  []*entry
	hand  int
	bytes int
}

// entry is one decision. It is not changed, but for used and the place.
type entry struct {
	hash    uint64
	key     []byte
	verdict engine.Verdict
	used    atomic.Bool
	place   int // in the ring
	bytes   int
}

const (
	maxShards   = 16
	minShard    = 256 << 10 // bytes for which a shard of its own is worth while
	entryBytes  = 512       // what an entry holds beside its texts: itself, its places in ring and map
	ruleBytes   = 16        // the same of one string of Verdict.Rules
	entryShares = 4         // an entry has at most one of so many shares of a shard
)

func newMemo(o MemoOptions) *memo {
	if o.Bytes <= 0 {
		return nil
	}
	n := 1
	for n < maxShards && o.Bytes/(2*n) >= minShard {
		n *= 2
	}
	m := &memo{seed: maphash.MakeSeed(), shards: make([]shard, n), room: o.Bytes / n, entry: o.Entry}
	if m.entry <= 0 {
		m.entry = DefaultMemoEntry
	}
	m.entry = min(m.entry, m.room/entryShares)
	for i := range m.shards {
		m.shards[i].found = map[uint64]*entry{}
	}
	return m
}

// buffers are room for keys.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// remember gives the verdict on in from the memo, or evaluates and takes note.
func (p *Policy) remember(ctx context.Context, in *engine.Input) engine.Verdict {
	m := p.memo
	pl := p.plans.of(in)
	if pl == nil {
		return m.skip(obstacleKind, p.evaluate(ctx, in))
	}
	if len(pl.culprits) > 0 {
		return m.skip(pl.culprits[0].obstacle, p.evaluate(ctx, in))
	}
	room := buffers.Get().(*[]byte)
	defer buffers.Put(room)
	key, why := pl.key((*room)[:0], p, in, m.entry)
	if cap(key) <= DefaultMemoEntry {
		*room = key
	}
	if why != 0 {
		return m.skip(why, p.evaluate(ctx, in))
	}
	hash := maphash.Bytes(m.seed, key)
	s := &m.shards[hash&uint64(len(m.shards)-1)]
	if e := s.get(hash, key); e != nil {
		return e.verdict
	}
	v := p.evaluate(ctx, in)
	if v.Err != nil {
		return m.skip(obstacleError, v)
	}
	if n := len(key) + sizeOf(&v); n <= m.entry {
		s.put(&entry{hash: hash, key: bytes.Clone(key), verdict: own(v), bytes: n}, m.room)
		return v
	}
	return m.skip(obstacleSize, v)
}

func (m *memo) skip(o obstacle, v engine.Verdict) engine.Verdict {
	m.skipped[o].Add(1)
	return v
}

// get gives the entry with key, or nil, and counts.
func (s *shard) get(hash uint64, key []byte) *entry {
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
func (s *shard) put(e *entry, room int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.found[e.hash]; old != nil {
		s.drop(old)
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
func (s *shard) drop(e *entry) {
	last := s.ring[len(s.ring)-1]
	s.ring[e.place], last.place = last, e.place
	s.ring[len(s.ring)-1] = nil
	s.ring = s.ring[:len(s.ring)-1]
	delete(s.found, e.hash)
	s.bytes -= e.bytes
	s.evicted.Add(1)
}

// sizeOf gives the bytes that v holds, less than its key, with those of its entry.
func sizeOf(v *engine.Verdict) int {
	n := entryBytes + len(v.Args) + len(v.Auth) + len(v.Labels) + len(v.Custom) + len(v.Reason) + len(v.Data)
	for _, r := range v.Rules {
		n += ruleBytes + len(r)
	}
	return n
}

// own gives v with texts that nobody appends to, and nothing of the packet's.
func own(v engine.Verdict) engine.Verdict {
	v.Args, v.Auth, v.Custom, v.Data = slices.Clip(v.Args), slices.Clip(v.Auth), slices.Clip(v.Custom), slices.Clip(v.Data)
	v.Reason, v.Rules = strings.Clone(v.Reason), slices.Clip(v.Rules)
	return v
}

// MemoStats tells what became of the decisions so far; all zero where there is no memo.
func (p *Policy) MemoStats() MemoStats {
	st := MemoStats{Skipped: map[string]uint64{}}
	if p.memo == nil {
		return st
	}
	for i := range p.memo.shards {
		s := &p.memo.shards[i]
		st.Hits, st.Misses = st.Hits+s.hits.Load(), st.Misses+s.misses.Load()
		st.Stored, st.Evicted = st.Stored+s.stored.Load(), st.Evicted+s.evicted.Load()
		s.mu.RLock()
		st.Entries, st.Bytes = st.Entries+len(s.ring), st.Bytes+s.bytes
		s.mu.RUnlock()
	}
	for o := obstacle(1); o < obstacles; o++ {
		st.Skipped[obstacleNames[o]] = p.memo.skipped[o].Load()
	}
	return st
}
