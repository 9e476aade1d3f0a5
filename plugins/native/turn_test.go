package native

import (
	"context"
	"errors"
	"testing"

	"github.com/siogw/siogw/engine"
)

// turn counts who leaves; full refuses.
type turn struct {
	left int
	full bool
}

func (t *turn) Leave() bool {
	t.left++
	return !t.full
}

// Who asks a process leaves first. What is not asked at all costs no turn, and where too many have left nobody is asked.
func TestLeave(t *testing.T) {
	p := New(start(t, self(t, "serve")), patience, nil)
	tn := &turn{}
	in := event(`["ok"]`)
	in.Turn = tn
	if v := p.Decide(context.Background(), in); v.Effect != engine.Allow || tn.left != 1 {
		t.Errorf("left %d times, %+v", tn.left, v)
	}
	in.Kind = engine.Connect // which the manifest does not name
	if v := p.Decide(context.Background(), in); v.Effect != engine.Abstain || tn.left != 1 {
		t.Errorf("left %d times, %+v", tn.left, v)
	}
	in.Kind, tn.full = engine.Event, true
	if v := p.Decide(context.Background(), in); v.Effect != engine.Deny || v.Code != engine.CodePluginBusy || !errors.Is(v.Err, ErrBusy) {
		t.Errorf("with no room: %+v", v)
	}
	if n := p.Stats().UnderWay; n != 0 {
		t.Errorf("%d questions are under way", n)
	}
}
