package turn

import (
	"testing"
	"time"
)

// fake counts who leaves; full refuses.
type fake struct {
	left int
	full bool
}

func (f *fake) Leave() bool {
	f.left++
	return !f.full
}

func TestLeave(t *testing.T) {
	if !Leave(nil) || !Leave(&fake{}) || Leave(&fake{full: true}) {
		t.Error("none may be left, one with room too, a full one not")
	}
}

// TestPace: a turn is left when it is time and not before, once, and asked for once where it may not be left.
func TestPace(t *testing.T) {
	now := time.Now()
	for _, full := range []bool{false, true} {
		f, p := &fake{full: full}, Pace{}
		p.Begin(f, now)
		p.Look(now.Add(SlowAfter - 1))
		early := f.left
		for i := range 3 {
			p.Look(now.Add(time.Duration(i+1) * SlowAfter))
		}
		if early != 0 || f.left != 1 {
			t.Errorf("full %v: asked %d times before it was time, %d in all", full, early, f.left)
		}
	}
	var none Pace
	none.Look(now)
	none.Begin(nil, now)
	none.Look(now.Add(time.Hour))
}
