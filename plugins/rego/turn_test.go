package rego

import (
	"context"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
)

// fakeTurn counts who leaves; full refuses.
type fakeTurn struct {
	left int
	full bool
}

func (t *fakeTurn) Leave() bool {
	t.left++
	return !t.full
}

// An evaluation that takes long leaves its turn, once, whoever evaluates; one that does not keeps it.
func TestLeave(t *testing.T) {
	for name, topdown := range map[string]bool{EvaluatorClosures: false, EvaluatorTopdown: true} {
		for _, full := range []bool{false, true} {
			opt := func(o *Options) { o.Timeout, o.Topdown = 50*time.Millisecond, topdown }
			tn := &fakeTurn{full: full}
			in := message(`[]`)
			in.Turn = tn
			if v := policy(t, `allow if input.kind`, opt).Decide(context.Background(), in); v.Effect != engine.Allow || tn.left != 0 {
				t.Errorf("%s: a short one: left %d times, %+v", name, tn.left, v)
			}
			if v := policy(t, expensive, opt).Decide(context.Background(), in); v.Code != engine.CodePolicyTimeout || tn.left != 1 {
				t.Errorf("%s: a long one: left %d times, %+v", name, tn.left, v)
			}
		}
	}
}

// A policy that may ask the network leaves before, but for what it remembers; where too many have left it is not asked.
func TestLeaveForNetwork(t *testing.T) {
	p := policy(t, `allow if input.kind`, func(o *Options) {
		o.Unsafe, o.Memo = []string{"net.lookup_ip_addr"}, MemoOptions{Bytes: 1 << 20}
	})
	tn := &fakeTurn{full: true}
	in := message(`[]`)
	in.Turn = tn
	if v := p.Decide(context.Background(), in); v.Effect != engine.Deny || v.Code != engine.CodePolicyTimeout || v.Err == nil {
		t.Errorf("with no room: %+v", v)
	}
	*tn = fakeTurn{}
	for range 2 {
		if v := p.Decide(context.Background(), in); v.Effect != engine.Allow {
			t.Errorf("with room: %+v", v)
		}
	}
	if tn.left != 1 {
		t.Errorf("left %d times", tn.left)
	}
}
