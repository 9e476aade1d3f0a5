package gateway

import (
	"testing"
	"time"

	"github.com/siogw/siogw/internal/clock"
)

// TestBucketFollows keeps what is used up when the rate changes.
func TestBucketFollows(t *testing.T) {
	var b bucket
	now := clock.Read()
	hour := func(n int) Rate { return Rate{Count: n, Per: time.Hour} }
	for i, step := range []struct {
		rate Rate
		want bool
	}{
		{hour(2), true}, {hour(2), true}, {hour(2), false},
		{hour(5), false}, // a higher rate fills up from now on
		{Rate{}, true}, {Rate{}, true},
		{hour(1), true}, {hour(1), false}, // there was none: it begins full
		{hour(3600), false},
	} {
		if got := b.allow(step.rate, now); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
	if !b.allow(hour(3600), now+clock.Reading(time.Second)) || b.allow(hour(3600), now+clock.Reading(time.Second)) {
		t.Error("does not fill up at the new rate")
	}
}
