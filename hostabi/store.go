package hostabi

import (
	"context"
	"errors"
	"time"

	"github.com/siogw/siogw/internal/kv"
)

// Store is the key-value store of one plugin, ABI.md section 6. It is bounded and used by many goroutines. Keys have 1 to
// MaxKey bytes, values at most MaxValue; a number is a value of 8 bytes, little endian. What is passed is valid during the
// call only. An error that is none of the three below tells guests that the store is unavailable. Implementations return
// by the deadline of ctx.
type Store interface {
	// Get appends the value of key to dst, or fails with ErrNoEntry.
	Get(ctx context.Context, dst, key []byte) ([]byte, error)
	// Set stores a value for ttl, which is cut to the store's most; 0 is the most. It fails with ErrStoreFull.
	Set(ctx context.Context, key, value []byte, ttl time.Duration) error
	// Delete reports whether there was an entry.
	Delete(ctx context.Context, key []byte) (bool, error)
	// Add adds to the number at key at once for all who do, and gives the sum, kept within an int64. Only an entry that
	// it makes gets the ttl. It fails with ErrStoreFull and ErrNotNumber.
	Add(ctx context.Context, key []byte, delta int64, ttl time.Duration) (int64, error)
}

// What a Store tells of a key.
var (
	ErrNoEntry   = kv.ErrNoEntry
	ErrStoreFull = kv.ErrFull
	ErrNotNumber = kv.ErrNotNumber
)

// The answers of the kv_ functions below 0, ABI.md section 6.
const (
	KVNone        int32 = -1 // there is no entry
	KVFull        int32 = -2 // no room
	KVSize        int32 = -3 // a key or value that is too long, or an empty key
	KVNotNumber   int32 = -4 // not of 8 bytes
	KVUnavailable int32 = -5 // not now
)

func kvStatus(err error) int32 {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrNoEntry):
		return KVNone
	case errors.Is(err, ErrStoreFull):
		return KVFull
	case errors.Is(err, ErrNotNumber):
		return KVNotNumber
	}
	return KVUnavailable
}
