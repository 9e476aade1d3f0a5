package memo

import "sync/atomic"

// Sightings are marks of what has come once: what may not come again takes nobody's place. One mark stands where its hash says,
// until another takes the place. Safe for concurrent use.
type Sightings []atomic.Uint32

// Again reports whether hash was seen before, not too long ago, and marks it.
func (s Sightings) Again(hash uint64) bool {
	at, mark := &s[hash%uint64(len(s))], uint32(hash>>32)
	if at.Load() == mark {
		return true
	}
	at.Store(mark)
	return false
}
