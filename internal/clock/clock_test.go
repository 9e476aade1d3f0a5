package clock

import (
	"sync"
	"testing"
	"time"
)

// The time is between what package time says before and after, by both clocks.
func TestTime(t *testing.T) {
	for range 1000 {
		before := time.Now()
		r := Read()
		got := r.Time()
		after := time.Now()
		if got.Before(before) || got.After(after) || Of(got) != r {
			t.Fatalf("%v is not between %v and %v", got, before, after)
		}
		const step = time.Second // of a clock that is set a little just now
		if day := got.Round(0); day.Before(before.Round(0).Add(-step)) || day.After(after.Round(0).Add(step)) {
			t.Fatalf("it is %v, not %v", day, before)
		}
	}
}

// A clock that was set is followed soon, and the monotonic one goes on.
func TestTimeOfDayIsFollowed(t *testing.T) {
	r := Read()
	wrong := r.Time().Add(-48 * time.Hour)
	today.Store(&day{r, wrong})
	if got := (r + Reading(fresh) - 1).Time(); got.Sub(wrong) != fresh-1 {
		t.Errorf("it is asked for more often: %v after %v", got, wrong)
	}
	if got := (r + Reading(fresh)).Time(); got.Sub(wrong) < 47*time.Hour {
		t.Errorf("%v is what the clock was at before", got)
	}
	if got := (r - 1).Time(); Of(got) != r-1 {
		t.Errorf("an earlier reading is %v", got)
	}
}

func TestReadings(t *testing.T) {
	a := Read()
	if b := Read(); b < a || b.Sub(a) != time.Duration(b-a) || a <= 0 {
		t.Errorf("%d then %d", a, b)
	}
	if late := Of(time.Now().Add(time.Hour)); late.Sub(a) < time.Hour {
		t.Error(late)
	}
}

func TestTimeConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := time.Time{}
			for range 2000 {
				now := Read().Time()
				if now.Before(last) {
					t.Error("it went back")
				}
				last = now
			}
		})
	}
	wg.Wait()
}

func BenchmarkTime(b *testing.B) {
	b.Run("time.Now", func(b *testing.B) {
		for b.Loop() {
			_ = time.Now()
		}
	})
	b.Run("reading", func(b *testing.B) {
		for b.Loop() {
			_ = Read()
		}
	})
	b.Run("reading and time", func(b *testing.B) {
		for b.Loop() {
			_ = Read().Time()
		}
	})
}
