package app

import (
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
)

// silence is a log that nobody reads.
type silence struct{}

var _ gateway.Log = silence{}

func (silence) Decision(*engine.Input, *engine.Decision) {}

// Each outcome is counted by itself, and the ends of sessions are none.
func TestCounts(t *testing.T) {
	c := newCounts(silence{})
	want := map[outcome]float64{}
	for kind := engine.Handshake; kind <= engine.Disconnect; kind++ {
		for i, o := range []outcome{
			{kind, engine.In, engine.Allow, engine.CodeNone, false}, {kind, engine.In, engine.Allow, engine.CodeNone, true},
			{kind, engine.Out, engine.Allow, engine.CodeNone, false}, {kind, engine.In, engine.Deny, engine.CodePolicyDenied, false},
			{kind, engine.Out, engine.Deny, engine.CodePolicyDenied, false}, {kind, engine.In, engine.Deny, engine.CodeContract, false},
		} {
			d := engine.Decision{Effect: o.effect, Denial: engine.Denial{Code: o.code}}
			if o.changed {
				d.Args = []byte("[]")
			}
			for range i + int(kind) {
				c.Decision(&engine.Input{Kind: kind, Direction: o.direction}, &d)
			}
			if kind != engine.Disconnect {
				want[o] = float64(i + int(kind))
			}
		}
	}
	c.decisions(func(o outcome, n float64) {
		if n != want[o] {
			t.Errorf("%+v: %v, want %v", o, n, want[o])
		}
		delete(want, o)
	})
	if len(want) > 0 {
		t.Errorf("not counted: %v", want)
	}
}

func BenchmarkCounts(b *testing.B) {
	c := newCounts(silence{})
	in, d := &engine.Input{Kind: engine.Event, Direction: engine.In}, &engine.Decision{Effect: engine.Allow, Steps: make([]engine.Step, 2)}
	b.ReportAllocs()
	for b.Loop() {
		c.Decision(in, d)
	}
}
