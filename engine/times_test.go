package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/clock"
)

// slow allows after a while.
type slow time.Duration

func (s slow) Decide(context.Context, *engine.Input) engine.Verdict {
	time.Sleep(time.Duration(s))
	return engine.Verdict{Effect: engine.Allow}
}

// What a decision took is told always, what each plugin took and which id it has unless nobody asks.
func TestTimes(t *testing.T) {
	const nap = 2 * time.Millisecond
	e, err := engine.New(engine.Stage{Name: "a", Phase: engine.BeforePolicy, Plugin: slow(nap)}, engine.Stage{Name: "b", Phase: engine.Policy, Plugin: slow(nap)})
	if err != nil {
		t.Fatal(err)
	}
	for _, untimed := range []bool{false, true} {
		for _, begun := range []clock.Reading{0, clock.Of(time.Now().Add(-time.Hour))} {
			d := e.Decide(t.Context(), &engine.Input{Kind: engine.Event, Direction: engine.In, Untimed: untimed, Begun: begun})
			if d.Effect != engine.Allow || len(d.Steps) != 2 || d.Took < 2*nap || (d.Took >= time.Hour) != (begun != 0) {
				t.Errorf("%+v", d)
			}
			if (d.ID == engine.ID{}) != untimed {
				t.Errorf("untimed %v: id %v", untimed, d.ID)
			}
			for i := range d.Steps {
				if took := d.Steps[i].Took; untimed && took != 0 || !untimed && took < nap {
					t.Errorf("untimed %v: step %d took %v", untimed, i, took)
				}
			}
		}
	}
	d := e.Decide(t.Context(), &engine.Input{Kind: engine.Disconnect, Direction: engine.In, Untimed: true})
	if d.Effect != engine.Deny || d.ID == (engine.ID{}) {
		t.Errorf("a denial without an id: %+v", d)
	}
	if e, err = engine.New(); err != nil {
		t.Fatal(err)
	}
	if d = e.Decide(t.Context(), &engine.Input{Kind: engine.Event, Direction: engine.In, Untimed: true}); d.Effect != engine.Deny || d.ID == (engine.ID{}) {
		t.Errorf("a denial without an id: %+v", d)
	}
}
