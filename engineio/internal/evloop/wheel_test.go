package evloop

import (
	"math/rand/v2"
	"testing"
)

// The wheel fires what is due, when it is due, once; whatever is set anew or taken out in between.
func TestWheel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w := &wheel{now: 1000}
	due := map[*Source]int64{}
	all := make([]Source, 500)
	for at := int64(1000); at < 5000; at += 1 + r.Int64N(400)*r.Int64N(2) {
		for range 50 {
			s := &all[r.IntN(len(all))]
			tick := at + 1 + r.Int64N(1000)
			if r.IntN(4) == 0 {
				tick = 0
				delete(due, s)
			} else {
				due[s] = tick
			}
			w.set(s, tick)
		}
		if next := w.next(); len(due) > 0 && (next <= w.now || next > w.now+slots) {
			t.Fatalf("the next of %d is %d, at %d", len(due), next, w.now)
		}
		for s, tick := range due {
			if next := w.next(); tick < next {
				t.Fatalf("%d is due before the next, %d", s.timer.due, next)
			}
		}
		w.advance(at, func(s *Source) {
			if due[s] == 0 || due[s] > at {
				t.Fatalf("due %d fired at %d", due[s], at)
			}
			delete(due, s)
		})
		for _, tick := range due {
			if tick <= at {
				t.Fatalf("due %d not fired at %d", tick, at)
			}
		}
		if w.count != len(due) {
			t.Fatalf("%d are set, of %d", w.count, len(due))
		}
	}
}
