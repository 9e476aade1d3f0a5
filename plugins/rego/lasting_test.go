package rego

import (
	"context"
	"reflect"
	"testing"
	"testing/fstest"

	"github.com/siogw/siogw/engine"
)

// engineOf gives an engine that asks p alone.
func engineOf(t *testing.T, p engine.Plugin) *engine.Engine {
	t.Helper()
	e, err := engine.New(engine.Stage{Name: "policy", Phase: engine.Policy, Plugin: p})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// repeat decides a row of inputs, each another than the last in one place, as packets that come again, and each apart. It gives
// how many decisions were repeated.
func (g *grammar) repeat(t *testing.T, p *Policy, text string, rounds int) (repeated int) {
	t.Helper()
	plain := *p
	plain.memo = nil
	e, apart := engineOf(t, p), engineOf(t, &plain)
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Time: at, Namespace: "/a", Event: "a", Args: g.args()}
	sent := packets{}
	for range rounds {
		g.change(in)
		in.Plugins = nil   // which only plugins before can say, in the same decision
		if g.IntN(8) > 0 { // of packets that have these none is kept
			in.Auth, in.Attachments = nil, nil
		}
		for range 2 {
			got, want := e.Decide(context.Background(), sent.of(in)), apart.Decide(context.Background(), in)
			if got.Repeated {
				repeated++
			}
			a, b := got.Steps[0].Verdict, want.Steps[0].Verdict
			a.Err, b.Err = reason(a.Err), reason(b.Err)
			if got.Effect != want.Effect || !reflect.DeepEqual(got.Denial, want.Denial) || string(got.Args) != string(want.Args) || !reflect.DeepEqual(a, b) {
				t.Fatalf("repeated %v %+v\nalone    %+v\ninput %+v\nargs %s auth %s\n%s", got.Repeated, got, want, in, in.Args, in.Auth, text)
			}
		}
	}
	return repeated
}

// A decision that is repeated is the one that the policy makes, for any policy and any row of inputs.
func FuzzLasting(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed, uint64(7))
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		g := newGrammar(a, b)
		text, lib := g.policy(), g.helpers()
		if p, err := loadWith(text, lib); err == nil {
			g.repeat(t, p, text+lib, 200)
		}
	})
}

func TestLastingGrammar(t *testing.T) {
	loaded, repeated := 0, 0
	for seed := range uint64(120) {
		g := newGrammar(seed, 1)
		text, lib := g.policy(), g.helpers()
		if p, err := loadWith(text, lib); err == nil {
			loaded++
			repeated += g.repeat(t, p, text+lib, 200)
		}
	}
	if loaded < 100 || repeated < 5000 {
		t.Errorf("%d of 120 policies load; %d decisions were repeated", loaded, repeated)
	}
}

// What could make a memo wrong makes no repeated decision wrong: two inputs that it would confuse, in both orders, each
// pair as the same packet where only identity or session differ.
func TestLastingSound(t *testing.T) {
	repeated := 0
	for _, c := range memoPairs() {
		opts := []func(*Options){withMemo, anyInput}
		if c.lib != "" {
			opts = append(opts, withLib(c.lib))
		}
		text := c.text
		if c.lib == "" {
			text += "\nh if input.args[0] == 1"
		}
		e, sent := engineOf(t, policy(t, text, opts...)), packets{}
		for _, in := range []*engine.Input{c.a, c.b, c.a, c.b, c.b, c.a} {
			d := e.Decide(context.Background(), sent.of(in))
			if (d.Effect == engine.Allow) != (in == c.a) {
				t.Fatalf("%s: %s: repeated %v: %+v", c.rule, in.Args, d.Repeated, d)
			}
			if d.Repeated {
				repeated++
			}
		}
	}
	if repeated < 50 {
		t.Errorf("%d decisions were repeated", repeated)
	}
}

// A policy without a memo tells nothing of what it depends on.
func TestLastingWithoutMemo(t *testing.T) {
	p, err := load("allow := true", func(o *Options) { o.Files.(fstest.MapFS)["data.json"] = &fstest.MapFile{Data: []byte("{}")} })
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := p.Depends(nil, message("[]")); ok {
		t.Error("it tells")
	}
}
