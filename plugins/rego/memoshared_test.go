package rego

import (
	"testing"

	"github.com/siogw/siogw/engine"
)

// Two policies, and two classes of one policy, that read other parts of the args keep theirs apart; and who asks, in
// which rooms, is no part of what is kept with a packet.
func TestSharedArgs(t *testing.T) {
	loaded := func(text string) *Policy {
		p, err := load(text, anyInput, withMemo)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	a, b := loaded(`allow if { input.args[0].a == 1; input.identity.sub == "ann" }`), loaded(`allow if { input.args[0].b == 1; input.room == "r" }`)
	shared := engine.NewShared(1 << 16)
	for range 3 {
		for _, sub := range []string{"ann", "bob"} {
			for _, room := range []string{"r", "s"} {
				in := with(message(`[{"a":1,"b":2}]`), func(in *engine.Input) {
					in.Shared, in.Room, in.Identity = shared, room, &engine.Identity{Sub: sub}
				})
				if got := decide(t, a, in).Effect == engine.Allow; got != (sub == "ann") {
					t.Errorf("%s is allowed: %v", sub, got)
				}
				if decide(t, b, in).Effect == engine.Allow {
					t.Errorf("a policy is given what another one reads")
				}
			}
		}
	}
	if shared.Get(argsKey{a.plans.of(message(`[]`))}) == nil {
		t.Error("nothing is kept with the packet")
	}
	if st := a.MemoStats(); st.Misses != 2 {
		t.Errorf("%d misses, want one for each identity", st.Misses)
	}
}
