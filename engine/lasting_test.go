package engine_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/siogw/siogw/engine"
)

// lasts is a plugin that lasts, and counts how often it was asked.
type lasts struct {
	on     func(in *engine.Input) string
	answer func(in *engine.Input) engine.Verdict

	mu    sync.Mutex
	asked int
}

func (l *lasts) Decide(_ context.Context, in *engine.Input) engine.Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	return l.answer(in)
}

func (l *lasts) Depends(dst []byte, in *engine.Input) ([]byte, bool) {
	on := ""
	if l.on != nil {
		on = l.on(in)
	}
	return append(dst, on...), on != "never"
}

func sub(in *engine.Input) string {
	if in.Identity == nil {
		return ""
	}
	return in.Identity.Sub
}

// echoes allows, and says whom it was asked about.
func echoes(in *engine.Input) engine.Verdict {
	return engine.Verdict{Effect: engine.Allow, Rules: []string{sub(in)}}
}

func constant(v engine.Verdict) func(*engine.Input) engine.Verdict {
	return func(*engine.Input) engine.Verdict { return v }
}

func of(shared *engine.Shared, who string) *engine.Input {
	in := event()
	in.Shared, in.Identity = shared, &engine.Identity{Sub: who}
	return in
}

func newEngine(t testing.TB, stages ...engine.Stage) *engine.Engine {
	t.Helper()
	e, err := engine.New(stages...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// same leaves of a decision what has to be the same again.
func same(d engine.Decision) engine.Decision {
	d.ID, d.Took, d.Repeated, d.Made = engine.ID{}, 0, false, nil
	d.Steps = slices.Clone(d.Steps)
	for i := range d.Steps {
		d.Steps[i].Took = 0
	}
	return d
}

// A decision is made once for each footprint, and is the same again, but for its id.
func TestDecisionsRepeat(t *testing.T) {
	first := &lasts{answer: constant(engine.Verdict{Effect: engine.Abstain, Labels: []byte(`{"a":1}`)})}
	second := &lasts{on: sub, answer: echoes}
	third := &lasts{answer: constant(engine.Verdict{Effect: engine.Allow, Args: []byte(`["other"]`)})}
	e := newEngine(t, stage("a", first, nil), stage("b", second, nil), stage("c", third, nil))
	shared := engine.NewShared(1 << 16)
	made := map[string]engine.Decision{}
	for i := range 12 {
		who := []string{"ann", "bob", "eve"}[i%3]
		d := e.Decide(t.Context(), of(shared, who))
		if before, ok := made[who]; ok != d.Repeated || ok && (!reflect.DeepEqual(same(before), same(d)) || before.ID == d.ID || d.Took <= 0) {
			t.Fatalf("%s, time %d: %+v\nafter %+v", who, i, d, before)
		}
		made[who] = d
		if d.Effect != engine.Allow || string(d.Args) != `["other"]` || d.Steps[1].Verdict.Rules[0] != who || d.Shared == nil {
			t.Fatalf("%s: %+v", who, d)
		}
	}
	if first.asked != 3 || second.asked != 3 || third.asked != 3 {
		t.Errorf("asked %d, %d and %d times", first.asked, second.asked, third.asked)
	}
	other := newEngine(t, stage("b", second, nil))
	if d := other.Decide(t.Context(), of(shared, "ann")); d.Repeated || len(d.Steps) != 1 {
		t.Errorf("another engine's decision: %+v", d)
	}
}

// What the packet does not tell, and no plugin says that it depends on, keeps a decision from being repeated, or is in its key.
func TestDecisionsThatDiffer(t *testing.T) {
	p := &lasts{on: sub, answer: echoes}
	e := newEngine(t, stage("a", p, nil), stage("b", &lasts{on: func(in *engine.Input) string { return strings.TrimPrefix(sub(in), "x") }, answer: echoes}, nil))
	shared := engine.NewShared(1 << 16)
	again := func(change func(*engine.Input)) bool {
		in := of(shared, "ann")
		change(in)
		return e.Decide(t.Context(), in).Repeated
	}
	again(func(*engine.Input) {})
	for name, change := range map[string]func(*engine.Input){
		"room":        func(in *engine.Input) { in.Room = "a" },
		"sub":         func(in *engine.Input) { in.Identity = &engine.Identity{Sub: "an"} },
		"parts":       func(in *engine.Input) { in.Room, in.Identity = "an", &engine.Identity{Sub: "n"} },
		"of others":   func(in *engine.Input) { in.Shared = engine.NewShared(1 << 10) },
		"nothing":     func(in *engine.Input) { in.Shared = nil },
		"auth":        func(in *engine.Input) { in.Auth = []byte(`{}`) },
		"attachments": func(in *engine.Input) { in.Attachments = make([]engine.Attachment, 1) },
		"plugins":     func(in *engine.Input) { in.Plugins = make([]engine.Output, 1) },
	} {
		if again(change) {
			t.Errorf("%s: repeated", name)
		}
	}
	if !again(func(*engine.Input) {}) || !again(func(in *engine.Input) { in.Room = "a" }) {
		t.Error("not repeated")
	}
}

// One plugin that does not last, or says that it cannot tell, is asked each time, and with it all; errors are no decisions to keep.
func TestDecisionsThatDoNotLast(t *testing.T) {
	for name, c := range map[string]struct {
		stage engine.Stage
		want  bool
	}{
		"one that lasts":       {stage("b", &lasts{answer: constant(allow)}, nil), true},
		"one that denies":      {stage("b", &lasts{answer: constant(deny)}, nil), true},
		"one that does not":    {stage("b", &says{verdict: allow}, nil), false},
		"one that cannot tell": {stage("b", &lasts{on: func(*engine.Input) string { return "never" }, answer: constant(allow)}, nil), false},
		"an error":             {stage("b", &lasts{answer: constant(broken)}, nil), false},
		"an error that allows": {stage("b", &lasts{answer: constant(broken)}, func(s *engine.Stage) { s.OnError = engine.Allow }), false},
		"one that panics":      {stage("b", &lasts{answer: func(*engine.Input) engine.Verdict { panic("boom") }}, nil), false},
		"one that is off":      {stage("b", &says{verdict: allow}, func(s *engine.Stage) { s.Mode = engine.Off }), true},
		"another's event":      {stage("b", &says{verdict: allow}, func(s *engine.Stage) { s.Match.Events = []string{"other"} }), true},
		"watched":              {stage("b", &says{verdict: deny}, func(s *engine.Stage) { s.Mode = engine.Monitor }), false},
		"attachments":          {stage("b", &lasts{answer: constant(engine.Verdict{Effect: engine.Allow, Attachments: []engine.Attachment{}})}, nil), false},
		"a long key": {stage("b", &lasts{on: func(*engine.Input) string { return strings.Repeat("k", 1<<10) },
			answer: constant(allow)}, nil), false},
	} {
		e, shared := newEngine(t, stage("a", &lasts{answer: constant(allow)}, nil), c.stage), engine.NewShared(1<<16)
		first := e.Decide(t.Context(), of(shared, "ann"))
		second := e.Decide(t.Context(), of(shared, "ann"))
		if first.Repeated || second.Repeated != c.want {
			t.Errorf("%s: repeated %v", name, second.Repeated)
		}
		if first, second = same(first), same(second); fmt.Sprint(first) != fmt.Sprint(second) {
			t.Errorf("%s: %+v, and then %+v", name, first, second)
		}
	}
}

// What is kept is bounded, by number and by bytes, and nothing of it is the packet's own.
func TestRepeatedDecisionsAreBounded(t *testing.T) {
	e := newEngine(t, stage("a", &lasts{on: sub, answer: echoes}, nil))
	shared := engine.NewShared(1 << 20)
	for i := range 40 {
		e.Decide(t.Context(), of(shared, fmt.Sprint(i)))
	}
	for i, want := range map[int]bool{0: true, 15: true, 16: false, 39: false} {
		if d := e.Decide(t.Context(), of(shared, fmt.Sprint(i))); d.Repeated != want || d.Steps[0].Verdict.Rules[0] != fmt.Sprint(i) {
			t.Errorf("the decision about %d: %+v", i, d)
		}
	}
	tight := engine.NewShared(500)
	for range 2 {
		if e.Decide(t.Context(), of(tight, "ann")).Repeated {
			t.Error("there was no room")
		}
	}
	text := []byte(`["the packet's"]`)
	e = newEngine(t, stage("a", &lasts{answer: constant(engine.Verdict{Effect: engine.Allow, Args: text, Labels: text})}, nil))
	e.Decide(t.Context(), of(shared, "ann")) // kept by no other engine
	shared = engine.NewShared(1 << 20)
	e.Decide(t.Context(), of(shared, "ann"))
	copy(text, "xxxxxxxx")
	d := e.Decide(t.Context(), of(shared, "ann"))
	if !d.Repeated || string(d.Args) != `["the packet's"]` || string(d.Steps[0].Verdict.Args) != string(d.Args) || string(d.Steps[0].Verdict.Labels) != string(d.Args) {
		t.Errorf("%s", d.Args)
	}
}

func TestDecisionsRepeatConcurrently(t *testing.T) {
	e := newEngine(t, stage("a", &lasts{on: sub, answer: echoes}, nil))
	shared := engine.NewShared(1 << 20)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var d engine.Decision
			for i := range 500 {
				who := fmt.Sprint(i % 30)
				e.DecideInto(t.Context(), of(shared, who), &d)
				if d.Effect != engine.Allow || len(d.Steps) != 1 || d.Steps[0].Verdict.Rules[0] != who {
					t.Errorf("%s: %+v", who, d)
				}
			}
		})
	}
	wg.Wait()
}

// Who says the same again, being the same, is answered without a word from the plugins; anything else has them asked what the
// decision depends on.
func TestLast(t *testing.T) {
	depends := 0
	p := &lasts{on: func(in *engine.Input) string { depends++; return sub(in) }, answer: echoes}
	e, shared := newEngine(t, stage("a", p, nil)), engine.NewShared(1<<16)
	ann, bob, session := &engine.Identity{Sub: "ann"}, &engine.Identity{Sub: "bob"}, &engine.Session{}
	var last engine.Last
	input := func() *engine.Input {
		in := event()
		in.Shared, in.Identity, in.Session, in.Last = shared, ann, session, &last
		return in
	}
	e.Decide(t.Context(), input()) // made
	e.Decide(t.Context(), input()) // found by its key
	for name, c := range map[string]struct {
		change func(*engine.Input)
		asked  bool
	}{
		"the same":          {func(*engine.Input) {}, false},
		"another identity":  {func(in *engine.Input) { in.Identity = bob }, true},
		"the same by name":  {func(in *engine.Input) { in.Identity = &engine.Identity{Sub: "ann"} }, true},
		"another session":   {func(in *engine.Input) { in.Session = &engine.Session{Transport: "polling"} }, true},
		"another room":      {func(in *engine.Input) { in.Room = "a" }, true},
		"another packet":    {func(in *engine.Input) { in.Shared = engine.NewShared(1 << 16) }, true},
		"nobody remembers":  {func(in *engine.Input) { in.Last = nil }, true},
		"with auth":         {func(in *engine.Input) { in.Auth = []byte(`{}`) }, false}, // not kept at all
		"a decision before": {func(in *engine.Input) { in.Last = &engine.Last{} }, true},
	} {
		e.Decide(t.Context(), input())
		in := input()
		c.change(in)
		before := depends
		d := e.Decide(t.Context(), in)
		if asked := depends > before; asked != c.asked || d.Effect != engine.Allow || d.Steps[0].Verdict.Rules[0] != sub(in) {
			t.Errorf("%s: asked %v, %+v", name, asked, d)
		}
	}
	other := newEngine(t, stage("a", p, nil))
	if d := other.Decide(t.Context(), input()); d.Repeated {
		t.Error("another engine's decision was repeated")
	}
	if d := e.Decide(t.Context(), input()); !d.Repeated || d.Steps[0].Verdict.Rules[0] != "ann" {
		t.Errorf("%+v", d)
	}
}

// The steps of a decision that is repeated are everybody's: who adds one, or decides with the same Decision on something else,
// changes nothing of them.
func TestRepeatedStepsAreNotWritten(t *testing.T) {
	p := &lasts{on: sub, answer: echoes}
	e, shared := newEngine(t, stage("a", p, nil)), engine.NewShared(1<<16)
	var d engine.Decision
	for i := range 8 {
		for _, who := range []string{"ann", "bob"} {
			if e.DecideInto(t.Context(), of(shared, who), &d); d.Steps[0].Verdict.Rules[0] != who || len(d.Steps) != 1 {
				t.Fatalf("%s: %+v", who, d.Steps)
			}
			d.Steps = append(d.Steps, engine.Step{Plugin: "added"})
		}
		if e.DecideInto(t.Context(), of(nil, "eve"), &d); d.Repeated || len(d.Steps) != 1 || d.Steps[0].Verdict.Rules[0] != "eve" {
			t.Fatalf("time %d: %+v", i, d.Steps)
		}
	}
}
