package memo

import (
	"fmt"
	"sync"
	"testing"
)

func TestGet(t *testing.T) {
	m := New[string](1 << 20)
	if _, ok := m.Get([]byte("k")); ok {
		t.Error("an empty table has k")
	}
	m.Put([]byte("k"), "v", 1)
	m.Put(nil, "none", 4)
	for key, want := range map[string]string{"k": "v", "": "none"} {
		if v, ok := m.Get([]byte(key)); !ok || v != want {
			t.Errorf("%q: %q %v", key, v, ok)
		}
	}
	for _, key := range []string{"K", "k\x00", "kk"} {
		if v, ok := m.Get([]byte(key)); ok {
			t.Errorf("%q has %q", key, v)
		}
	}
	m.Put([]byte("k"), "w", 1)
	if v, _ := m.Get([]byte("k")); v != "w" {
		t.Errorf("put again, it is %q", v)
	}
	if st := m.Stats(); st != (Stats{3, 4, 2}) {
		t.Errorf("%+v", st)
	}
}

// TestKeyIsCopied: the caller's buffer is used again.
func TestKeyIsCopied(t *testing.T) {
	m, key := New[int](1<<20), []byte("key")
	m.Put(key, 1, 0)
	key[0] = 'x'
	if _, ok := m.Get([]byte("key")); !ok {
		t.Error("gone")
	}
}

// TestBounded: the table stays within its limit, and keeps what is used.
func TestBounded(t *testing.T) {
	const limit = 1 << 17
	m := New[int](limit)
	used := []byte("used")
	m.Put(used, 7, 0)
	for i := range 20_000 {
		m.Put(fmt.Appendf(nil, "%d", i), i, 100)
		if v, ok := m.Get(used); !ok || v != 7 {
			t.Fatalf("after %d others: %d %v", i, v, ok)
		}
		if n := m.Stats().Entries; i%1000 == 0 && n > limit/(overhead+100) {
			t.Fatalf("%d entries", n)
		}
	}
	if m.Stats().Entries < limit/(overhead+100)/4 {
		t.Errorf("%d entries only", m.Stats().Entries)
	}
	m.Put([]byte("large"), 1, limit/2/shards/8)
	if _, ok := m.Get([]byte("large")); ok {
		t.Error("one entry takes most of a shard")
	}
}

func TestConcurrent(t *testing.T) {
	m := New[int](1 << 14)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				n := (i*7 + g) % 300
				key := fmt.Appendf(nil, "%d", n)
				if v, ok := m.Get(key); ok && v != n {
					t.Errorf("%d has %d", n, v)
				}
				m.Put(key, n, 0)
			}
		})
	}
	wg.Wait()
}

func TestHitDoesNotAllocate(t *testing.T) {
	m, key := New[[]byte](1<<20), make([]byte, 200)
	m.Put(key, []byte("v"), 1)
	if n := testing.AllocsPerRun(100, func() { m.Get(key) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHit(b *testing.B) {
	m, key := New[[]byte](1<<20), make([]byte, 200)
	m.Put(key, []byte("v"), 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := m.Get(key); !ok {
			b.Fatal("a miss")
		}
	}
}
