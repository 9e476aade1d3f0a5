package alarm

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// sleeper tells when it hears.
type sleeper struct {
	Alarm
	name int
	rang chan int
}

func (s *sleeper) Ring() { s.rang <- s.name }

func next(t *testing.T, rang chan int) int {
	t.Helper()
	select {
	case n := <-rang:
		return n
	case <-time.After(patience):
		t.Fatal("nobody hears")
		return 0
	}
}

func TestAlarm(t *testing.T) {
	rang := make(chan int, 10)
	a, b, c := &sleeper{name: 1, rang: rang}, &sleeper{name: 2, rang: rang}, &sleeper{name: 3, rang: rang}
	a.Set(a, time.Hour)
	b.Set(b, time.Millisecond)
	c.Set(c, 2*time.Millisecond)
	c.Stop()
	c.Stop()
	if n := next(t, rang); n != 2 {
		t.Errorf("%d hears first", n)
	}
	a.Set(a, 0)
	if n := next(t, rang); n != 1 {
		t.Errorf("%d hears", n)
	}
	b.Set(b, -time.Second)
	if n := next(t, rang); n != 2 {
		t.Errorf("%d hears again", n)
	}
	if len(all.heap) != 0 {
		t.Errorf("%d alarms are left", len(all.heap))
	}
	if a.Left() != 0 {
		t.Error("a time is left that has come")
	}
	c.Set(c, 1<<63-1) // after none was set
	if left := c.Left(); left < 100*365*24*time.Hour {
		t.Error(left, "is left")
	}
	c.Stop()
	if len(rang) != 0 {
		t.Error("somebody hears again")
	}
}

// The heap is one after whatever was done to it.
func TestHeap(t *testing.T) {
	rang := make(chan int, 1)
	list := make([]*sleeper, 100)
	for i := range list {
		list[i] = &sleeper{name: i, rang: rang}
	}
	set := map[*Alarm]bool{}
	for range 10_000 {
		s := list[rand.IntN(len(list))]
		if rand.IntN(3) == 0 {
			s.Stop()
			delete(set, &s.Alarm)
		} else {
			s.Set(s, time.Hour+rand.N(time.Hour))
			set[&s.Alarm] = true
		}
		for i, a := range all.heap {
			if a.place != i+1 || !set[a] || a.due < all.heap[max(0, (i-1)/2)].due {
				t.Fatalf("at %d: place %d, due %v, set %v", i, a.place, a.due, set[a])
			}
		}
		if len(all.heap) != len(set) {
			t.Fatalf("%d alarms of %d", len(all.heap), len(set))
		}
	}
	due := make([]time.Duration, 0, len(set))
	for len(all.heap) > 0 {
		due = append(due, all.heap[0].due)
		all.heap[0].Stop()
	}
	if !slices.IsSorted(due) {
		t.Error("not in order")
	}
}

func BenchmarkAlarm(b *testing.B) {
	list := make([]sleeper, 8000)
	for i := range list {
		list[i].Set(&list[i], time.Hour+time.Duration(i)*time.Second)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s := &list[i%len(list)]
		s.Set(s, 25*time.Second+time.Hour)
	}
	for i := range list {
		list[i].Stop()
	}
}

func BenchmarkTimer(b *testing.B) {
	list := make([]*time.Timer, 8000)
	for i := range list {
		list[i] = time.AfterFunc(time.Hour+time.Duration(i)*time.Second, func() {})
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		list[i%len(list)].Reset(25*time.Second + time.Hour)
	}
	for _, t := range list {
		t.Stop()
	}
}
