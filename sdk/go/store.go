package siogw

import (
	"errors"
	"time"
)

// The store keeps values between packets, for all instances of the plugin, across reloads of the gateway's configuration.
// The manifest asks for it with "capabilities":["kv"], and the operator grants it with grant: [kv]. Keys have 1 to 256
// bytes, values at most 64 KiB; at most 64 calls a packet. Each entry has an end, at most 24 hours away unless the
// operator says otherwise: a ttl of 0, and a longer one, is that. Nothing is dropped to make room.

// Why the store did not do it.
var (
	ErrNone        = errors.New("no entry has this key")
	ErrFull        = errors.New("the store has no room for it")
	ErrSize        = errors.New("the key is empty or too long, or the value too long")
	ErrNotNumber   = errors.New("the value there is not a number")
	ErrUnavailable = errors.New("the store is not available now")
)

// failure gives the error of an answer below 0, ABI.md section 6.
func failure(status int32) error {
	switch {
	case status >= 0:
		return nil
	case status == -1:
		return ErrNone
	case status == -2:
		return ErrFull
	case status == -3:
		return ErrSize
	case status == -4:
		return ErrNotNumber
	}
	return ErrUnavailable
}

const maxValue = 64 << 10

// Get gives the value of key, or ErrNone. A number is 8 bytes, little endian.
func Get(key string) ([]byte, error) {
	value := make([]byte, 256)
	n := kvGet(key, value)
	if int(n) > len(value) {
		value = make([]byte, maxValue) // it may have grown meanwhile
		n = kvGet(key, value)
	}
	if n < 0 {
		return nil, failure(n)
	}
	return value[:n:n], nil
}

// Set stores a value, from now on for ttl.
func Set(key string, value []byte, ttl time.Duration) error {
	return failure(kvSet(key, value, ttl.Milliseconds()))
}

// Delete reports whether there was an entry.
func Delete(key string) (bool, error) {
	n := kvDelete(key)
	return n == 1, failure(n)
}

// Add adds to the number at key, at once for all who do so, and gives the sum. Where there is no entry the number is 0, and
// the new entry lives for ttl; one that is there keeps its end, so that
//
//	n, err := siogw.Add("rate:"+user, 1, time.Minute)
//
// counts within windows of a minute.
func Add(key string, delta int64, ttl time.Duration) (int64, error) {
	sum, status := kvAdd(key, delta, ttl.Milliseconds())
	return sum, failure(status)
}

// Now gives the time of the packet, the same during one call. The manifest asks for it with "capabilities":["clock"]. The
// clock of package time stands still in a plugin.
func Now() time.Time { return time.UnixMilli(timeMillis()) }
