package gateway

import (
	"sync"

	"github.com/siogw/siogw/internal/clock"
)

// bucket holds the tokens of one rate, and follows when that changes: it keeps what it has, up to the new burst.
// The zero value is full. Every session has some, so they are small: golang.org/x/time/rate takes 80 bytes for each.
type bucket struct {
	tokens float64
	at     clock.Reading // when there were as many; 0 for never
}

// sharedBucket is one of several sessions.
type sharedBucket struct {
	mu sync.Mutex // a leaf
	bucket
}

func (b *sharedBucket) allow(r Rate, now clock.Reading) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bucket.allow(r, now)
}

// allow takes one token, of a bucket of one period's worth.
func (b *bucket) allow(r Rate, now clock.Reading) bool { return b.allowN(r, r.Count, now, 1) }

// allowN takes n tokens of a bucket that holds burst. Without a rate there are always enough.
func (b *bucket) allowN(r Rate, burst int, now clock.Reading, n int) bool {
	have, limited := b.fill(r, burst, now)
	if !limited {
		return true
	}
	if have < float64(n) {
		return false
	}
	b.tokens -= float64(n)
	return true
}

// fill puts in what has come since, and gives what there is then; limited is false without a rate.
func (b *bucket) fill(r Rate, burst int, now clock.Reading) (tokens float64, limited bool) {
	if r.Count <= 0 || r.Per <= 0 {
		*b = bucket{}
		return 0, false
	}
	switch {
	case b.at == 0:
		b.tokens = float64(burst)
	case now > b.at: // packets of two sides may come with times out of order
		b.tokens += float64(now.Sub(b.at)) / float64(r.Per) * float64(r.Count)
	default:
		now = b.at
	}
	b.tokens, b.at = min(b.tokens, float64(burst)), now
	return b.tokens, true
}
