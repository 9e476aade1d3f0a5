// Package kv is the key-value store that plugins have in memory: bounded, with an end to every entry, and never
// emptied to make room.
package kv

import (
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"sync"
	"time"
)

// Limits bounds one store. Zero means the default.
type Limits struct {
	Entries int           // default 10,000
	Bytes   int64         // of keys and values, with Overhead for each entry; default 4 MiB
	TTL     time.Duration // the most that an entry lives; default 24 h
}

// Overhead is what an entry counts beside its key and value, in bytes: about what it takes.
const Overhead = 96

func (l Limits) withDefaults() Limits {
	if l.Entries <= 0 {
		l.Entries = 10_000
	}
	if l.Bytes <= 0 {
		l.Bytes = 4 << 20
	}
	if l.TTL <= 0 {
		l.TTL = 24 * time.Hour
	}
	return l
}

// What a store tells of a key.
var (
	ErrNoEntry   = errors.New("no such entry")
	ErrFull      = errors.New("store is full")
	ErrNotNumber = errors.New("value is not a number")
)

// Store is one plugin's store, a hostabi.Store. Safe for concurrent use.
type Store struct {
	now func() time.Time

	mu      sync.Mutex
	limits  Limits
	entries map[string]*entry
	ends    ends
	bytes   int64
	refused uint64
}

// New makes an empty store.
func New(l Limits) *Store {
	return &Store{now: time.Now, limits: l.withDefaults(), entries: map[string]*entry{}}
}

// Stats is what a store holds, and what it refused for want of room.
type Stats struct {
	Entries int
	Bytes   int64
	Refused uint64
}

// Stats gives the figures of now. Entries that have ended are not counted.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	return Stats{len(s.entries), s.bytes, s.refused}
}

func (s *Store) limit(l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = l.withDefaults()
}

// Get appends the value of key to dst, or fails with ErrNoEntry.
func (s *Store) Get(_ context.Context, dst, key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(key)
	if e == nil {
		return dst, ErrNoEntry
	}
	return append(dst, e.value...), nil
}

// Set stores a value for ttl; 0, and more than the most, is the most. It fails with ErrFull.
func (s *Store) Set(_ context.Context, key, value []byte, ttl time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.find(key); e != nil {
		more := int64(len(value) - len(e.value))
		if more > 0 && s.bytes+more > s.limits.Bytes {
			s.refused++
			return ErrFull
		}
		s.bytes += more
		e.value, e.end = fit(e.value, value), s.end(ttl)
		heap.Fix(&s.ends, e.at)
		return nil
	}
	return s.add(key, value, ttl)
}

// Delete reports whether there was an entry.
func (s *Store) Delete(_ context.Context, key []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(key)
	if e == nil {
		return false, nil
	}
	heap.Remove(&s.ends, e.at)
	s.drop(e)
	return true, nil
}

// Add adds to the number at key, of 8 bytes, and gives the sum. Only an entry that it makes gets the ttl. It fails with ErrFull
// and ErrNotNumber.
func (s *Store) Add(_ context.Context, key []byte, delta int64, ttl time.Duration) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(key)
	if e == nil {
		return delta, s.add(key, binary.LittleEndian.AppendUint64(nil, uint64(delta)), ttl)
	}
	if len(e.value) != 8 {
		return 0, ErrNotNumber
	}
	sum := saturated(int64(binary.LittleEndian.Uint64(e.value)), delta)
	binary.LittleEndian.PutUint64(e.value, uint64(sum))
	return sum, nil
}

func saturated(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

// find gives the entry of a key; what has ended is gone.
func (s *Store) find(key []byte) *entry {
	s.expire()
	return s.entries[string(key)]
}

// add makes an entry where there is none.
func (s *Store) add(key, value []byte, ttl time.Duration) error {
	size := int64(len(key) + len(value) + Overhead)
	if len(s.entries) >= s.limits.Entries || s.bytes+size > s.limits.Bytes {
		s.refused++
		return ErrFull
	}
	e := &entry{key: string(key), value: append([]byte(nil), value...), end: s.end(ttl)}
	s.entries[e.key] = e
	s.bytes += size
	heap.Push(&s.ends, e)
	return nil
}

func (s *Store) end(ttl time.Duration) time.Time {
	if ttl <= 0 || ttl > s.limits.TTL {
		ttl = s.limits.TTL
	}
	return s.now().Add(ttl)
}

// fit gives a copy of value, in the array of old where it fits well.
func fit(old, value []byte) []byte {
	if cap(old) > 2*len(value)+16 {
		old = nil
	}
	return append(old[:0], value...)
}
