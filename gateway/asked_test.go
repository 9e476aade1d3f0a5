package gateway

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/clock"
)

func TestAskedMakesRoom(t *testing.T) {
	var a asked
	now := clock.Read()
	later := func(d time.Duration) clock.Reading { return now + clock.Reading(d) }
	a.add(1, waiting{event: "a"}, 2, now)
	a.add(2, waiting{event: "b"}, 2, later(time.Second))
	if a.room(2, later(askedTime-1)) {
		t.Error("two fresh questions leave room for a third")
	}
	if !a.room(2, later(askedTime)) {
		t.Error("an old one makes none")
	}
	if _, ok := a.take(1); ok {
		t.Error("it was kept")
	}
	for i := range uint64(1000) {
		a.add(10+i, waiting{event: "c"}, 2, now)
		a.take(10 + i)
	}
	if len(a.list) > 5 || a.waits != 1 {
		t.Error(len(a.list), a.waits)
	}
}

// What was never asked waits for nothing.
func TestNothingAsked(t *testing.T) {
	var a *asked
	if _, ok := a.take(0); ok || !a.room(1, clock.Read()) || a.joins()["a"] != 0 || len(a.all()) != 0 || a.rest() != nil {
		t.Error("something waits")
	}
	a.giveUp("a")
}

// plainAsked says what asked has to do.
type plainAsked []question

func (p *plainAsked) take(id uint64) (w waiting, ok bool) {
	i := slices.IndexFunc(*p, func(q question) bool { return q.id == id })
	if i < 0 {
		return w, false
	}
	w = (*p)[i].waiting
	*p = slices.Delete(*p, i, i+1)
	return w, true
}

func (p *plainAsked) add(id uint64, w waiting, limit int, at clock.Reading) {
	if i := slices.IndexFunc(*p, func(q question) bool { return q.id == id }); i >= 0 {
		(*p)[i].waiting = waiting{event: w.event}
		return
	}
	*p = append(*p, question{id, at, w})
	*p = (*p)[max(0, len(*p)-limit):]
}

func (p *plainAsked) room(limit int, now clock.Reading) bool {
	for len(*p) >= limit && now.Sub((*p)[0].at) >= askedTime {
		*p = (*p)[1:]
	}
	return len(*p) < limit
}

func (p plainAsked) giveUp(room string) {
	for i := range p {
		if p[i].rooms = slices.DeleteFunc(slices.Clone(p[i].rooms), func(r string) bool { return r == room }); len(p[i].rooms) == 0 {
			p[i].entry = nil
		}
	}
}

func (p plainAsked) joins() map[string]int {
	n := map[string]int{}
	for _, q := range p {
		for _, room := range q.rooms {
			n[room]++
		}
	}
	return n
}

// Few questions or many, answered in order or not, asked twice or too often: the table is a bounded list.
func TestAsked(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		limit := []int{1, 3, fewAsked, fewAsked + 1, 100}[r.IntN(5)]
		ids := 1 + r.Uint64N(uint64(3*limit))
		a, plain, now := &asked{}, &plainAsked{}, clock.Read()
		for i := range 3000 {
			now += clock.Reading(r.Int64N(int64(2 * askedTime / 20)))
			id, w := r.Uint64N(ids), waiting{event: fmt.Sprint(i)}
			if seed%2 == 0 { // as clients count
				id = uint64(i) - min(uint64(i), r.Uint64N(ids))
			}
			if r.IntN(3) == 0 {
				w.rooms, w.entry = []string{"a", "b", fmt.Sprint(r.IntN(5))}[r.IntN(3):], &entry{}
			}
			switch op := r.IntN(40); {
			case op < 19:
				a.add(id, w, limit, now)
				plain.add(id, w, limit, now)
			case op < 36 || op < 38 && seed%3 > 0:
				got, ok := a.take(id)
				want, asked := plain.take(id)
				if fmt.Sprint(got, ok) != fmt.Sprint(want, asked) {
					t.Fatalf("seed %d, time %d: took %v %v, want %v %v", seed, i, got, ok, want, asked)
				}
			case op < 39:
				if a.room(limit, now) != plain.room(limit, now) {
					t.Fatalf("seed %d, time %d: room %v", seed, i, !plain.room(limit, now))
				}
			default:
				a.giveUp("a")
				plain.giveUp("a")
			}
			a.same(t, *plain, limit)
		}
	}
}

// same compares a with what has to be in it.
func (a *asked) same(t *testing.T, plain plainAsked, limit int) {
	t.Helper()
	live := slices.DeleteFunc(slices.Clone(a.list), func(q question) bool { return q.at == 0 })
	if fmt.Sprint(live) != fmt.Sprint([]question(plain)) || fmt.Sprint(a.joins()) != fmt.Sprint(plain.joins()) && len(a.joins())+len(plain.joins()) > 0 {
		t.Fatalf("%v %v\nwant %v %v", live, a.joins(), plain, plain.joins())
	}
	if len(a.list) > 4+5*limit/2 && len(a.list) > fewAsked+1 || a.index != nil && len(a.index) != a.waits {
		t.Fatalf("%d questions in a list of %d, an index of %d", a.waits, len(a.list), len(a.index))
	}
}
