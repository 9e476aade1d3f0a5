//go:build !wasip1

package siogw

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"sync"
	"time"
)

// Outside of the gateway, in tests, the store is a map without limits but those of one entry.
var stored struct {
	sync.Mutex
	of map[string]storedValue
}

type storedValue struct {
	value []byte
	end   time.Time // zero for none
}

// ClearStore empties the store. It exists for tests, like Run.
func ClearStore() {
	stored.Lock()
	defer stored.Unlock()
	stored.of = nil
}

// find gives the entry of a key. The caller has the lock.
func find(key string) (storedValue, int32) {
	if key == "" || len(key) > 256 {
		return storedValue{}, -3
	}
	e, ok := stored.of[key]
	if !ok || !e.end.IsZero() && !time.Now().Before(e.end) {
		return storedValue{}, -1
	}
	return e, 0
}

func keep(key string, e storedValue) {
	if stored.of == nil {
		stored.of = map[string]storedValue{}
	}
	stored.of[key] = e
}

func end(ttl int64) time.Time {
	if ttl <= 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(ttl) * time.Millisecond)
}

func kvGet(key string, value []byte) int32 {
	stored.Lock()
	defer stored.Unlock()
	e, status := find(key)
	if status < 0 {
		return status
	}
	if len(e.value) <= len(value) {
		copy(value, e.value)
	}
	return int32(len(e.value))
}

func kvSet(key string, value []byte, ttl int64) int32 {
	stored.Lock()
	defer stored.Unlock()
	if _, status := find(key); status == -3 || len(value) > maxValue {
		return -3
	}
	keep(key, storedValue{append([]byte(nil), value...), end(ttl)})
	return 0
}

func kvDelete(key string) int32 {
	stored.Lock()
	defer stored.Unlock()
	_, status := find(key)
	if status == -3 {
		return status
	}
	delete(stored.of, key)
	return 1 + status
}

func kvAdd(key string, delta, ttl int64) (sum int64, status int32) {
	stored.Lock()
	defer stored.Unlock()
	e, status := find(key)
	switch {
	case status == -3:
		return 0, status
	case status == -1:
		e.end, sum = end(ttl), delta
	case len(e.value) != 8:
		return 0, -4
	default:
		sum = saturated(int64(binary.LittleEndian.Uint64(e.value)), delta)
	}
	e.value = binary.LittleEndian.AppendUint64(nil, uint64(sum))
	keep(key, e)
	return sum, 0
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

func timeMillis() int64 { return time.Now().UnixMilli() }

// Random fills b with bytes that nobody can foresee, at most 4 KiB a packet. The manifest asks for it with
// "capabilities":["random"]. The random bytes of the standard library are the same in each instance of a plugin.
func Random(b []byte) {
	_, _ = rand.Read(b) // never fails, as documented
}
