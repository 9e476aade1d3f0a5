package gateway

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// bucket holds the tokens of one rate, and follows when that changes: it keeps what it has, up to the new burst.
// The zero value is full.
type bucket struct {
	r      Rate
	burst  int
	tokens *rate.Limiter // nil without a rate
}

// sharedBucket is one of several sessions.
type sharedBucket struct {
	mu sync.Mutex // a leaf
	bucket
}

func (b *sharedBucket) allow(r Rate, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bucket.allow(r, now)
}

// allow takes one token, of a bucket of one period's worth.
func (b *bucket) allow(r Rate, now time.Time) bool { return b.allowN(r, r.Count, now, 1) }

// allowN takes n tokens of a bucket that holds burst. Without a rate there are always enough.
func (b *bucket) allowN(r Rate, burst int, now time.Time, n int) bool {
	b.set(r, burst, now)
	return b.tokens == nil || b.tokens.AllowN(now, n)
}

// set makes r the rate.
func (b *bucket) set(r Rate, burst int, now time.Time) {
	if b.r == r && b.burst == burst {
		return
	}
	b.r, b.burst = r, burst
	if r.Count <= 0 || r.Per <= 0 {
		b.tokens = nil
		return
	}
	speed := rate.Limit(float64(r.Count) / r.Per.Seconds())
	if b.tokens == nil {
		b.tokens = rate.NewLimiter(speed, burst)
		return
	}
	b.tokens.SetLimitAt(now, speed)
	b.tokens.SetBurstAt(now, burst)
}
