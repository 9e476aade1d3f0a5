package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/siogw/siogw/engine"
)

func TestShared(t *testing.T) {
	type key struct{ n int }
	var none *engine.Shared
	none.Keep(key{1}, "a", 1)
	if none.Get(key{1}) != nil || none.Changed(&engine.Verdict{Args: []byte(`[]`)}) != nil {
		t.Error("none keeps something")
	}
	s := engine.NewShared(1000)
	s.Keep(key{1}, "a", 100)
	s.Keep(key{1}, "b", 100)
	s.Keep(key{2}, "c", 900)
	if s.Get(key{1}) != "a" || s.Get(key{2}) != nil || s.Get(1) != nil {
		t.Error(s.Get(key{1}), s.Get(key{2}))
	}
	s.Keep(key{2}, "c", 500)
	if s.Get(key{2}) != "c" {
		t.Error("what was refused took room")
	}
}

// What a verdict changes has another place to keep things, the same one for the same arguments.
func TestSharedChanged(t *testing.T) {
	type key struct{}
	s := engine.NewShared(2000)
	a, b := []byte(`["a"]`), []byte(`["b"]`)
	one, other := s.Changed(&engine.Verdict{Args: a}), s.Changed(&engine.Verdict{Args: b})
	if one == nil || one == s || one == other || s.Changed(&engine.Verdict{Args: []byte(`["a"]`)}) != one || other.Changed(&engine.Verdict{Args: a}) == one {
		t.Error("they are mixed up")
	}
	one.Keep(key{}, 1, 0)
	if s.Get(key{}) != nil || other.Get(key{}) != nil {
		t.Error("what one keeps is found elsewhere")
	}
	copy(a, `["x"]`)
	if s.Changed(&engine.Verdict{Args: []byte(`["a"]`)}) != one {
		t.Error("the verdict's bytes were kept, not a copy")
	}
	if s.Changed(&engine.Verdict{Args: a, Attachments: []engine.Attachment{}}) != nil || s.Changed(&engine.Verdict{Auth: a}) != nil {
		t.Error("more than arguments was changed")
	}
	for i := range 100 {
		s.Changed(&engine.Verdict{Args: fmt.Appendf(nil, "[%d]", i)})
	}
	if s.Changed(&engine.Verdict{Args: []byte(`[99]`)}) != nil || s.Changed(&engine.Verdict{Args: b}) != other {
		t.Error("there is no end to them, or the first are forgotten")
	}
	if tight := engine.NewShared(10); tight.Changed(&engine.Verdict{Args: b}) != nil {
		t.Error("there was no room")
	}
}

// An answer has a place to keep things for each event that it may be to.
func TestSharedAbout(t *testing.T) {
	type key struct{}
	s := engine.NewShared(2000)
	one, other := s.About("a"), s.About("")
	if one == nil || other == nil || one == other || one == s || s.About("a") != one || s.About("") != other {
		t.Error("they are mixed up")
	}
	one.Keep(key{}, 1, 100)
	if s.Get(key{}) != nil || other.Get(key{}) != nil || one.Get(key{}) != 1 {
		t.Error("what one keeps is found elsewhere")
	}
	for i := range 100 {
		s.About(fmt.Sprint(i))
	}
	if s.About("99") != nil || s.About("a") != one {
		t.Error("there is no end to them, or the first are forgotten")
	}
	var none *engine.Shared
	if none.About("a") != nil || engine.NewShared(10).About("a") != nil {
		t.Error("there was no room")
	}
}

func TestSharedConcurrently(t *testing.T) {
	s := engine.NewShared(1 << 20)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				s.Keep(i%50, i%50, 1)
				if got := s.Get(i % 50); got != i%50 {
					t.Errorf("%d has %v", i%50, got)
				}
				s.Changed(&engine.Verdict{Args: []byte(`[]`)}).Keep("k", 1, 1)
				if about := s.About(fmt.Sprint(i % 5)); about == nil || about != s.About(fmt.Sprint(i%5)) {
					t.Error("two for one event")
				}
			}
		})
	}
	wg.Wait()
}

// keeps counts how often it works, and keeps what it says with the packet.
type keeps struct {
	args   string // what it changes the arguments to
	worked int
}

func (k *keeps) Decide(_ context.Context, in *engine.Input) engine.Verdict {
	if v, ok := in.Shared.Get(k).(*engine.Verdict); ok {
		return *v
	}
	k.worked++
	v := engine.Verdict{Effect: engine.Allow}
	if k.args != "" {
		v.Args = []byte(k.args)
	}
	in.Shared.Keep(k, &v, 1)
	return v
}

// A stage behind one that changes the packet keeps what it makes with the packet as changed.
func TestSharedAlongTheStages(t *testing.T) {
	first, second := &keeps{args: `["x"]`}, &keeps{}
	e, err := engine.New(stage("first", first, nil), stage("second", second, nil))
	if err != nil {
		t.Fatal(err)
	}
	in := event()
	in.Shared = engine.NewShared(1 << 20)
	var shared *engine.Shared
	for range 3 {
		d := e.Decide(t.Context(), in)
		if shared == nil {
			shared = d.Shared
		}
		if d.Shared == nil || d.Shared != shared || d.Shared == in.Shared {
			t.Fatal("the decision has not that of the changed packet")
		}
	}
	if first.worked != 1 || second.worked != 1 || in.Shared.Get(second) != nil {
		t.Error(first.worked, second.worked)
	}
	in.Shared = nil
	if d := e.Decide(t.Context(), in); d.Shared != nil || first.worked != 2 {
		t.Error("something was kept nowhere")
	}
}
