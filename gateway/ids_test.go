package gateway_test

import (
	"net/url"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
)

// looking is a log that somebody looks at from some time on.
type looking struct {
	asked, from int
	ids         []engine.ID
}

func (l *looking) Times() bool { l.asked++; return l.asked > l.from }

func (l *looking) Decision(in *engine.Input, d *engine.Decision) {
	if in.Kind == engine.Event {
		l.ids = append(l.ids, d.ID)
	}
}

// Who begins to look finds an id with each decision, also with one that was made a moment before.
func TestIDsWhereSomebodyLooks(t *testing.T) {
	for from, want := range map[int][]bool{0: {true, true, true}, 1: {true, true, true}, 2: {false, true, true}, 1 << 20: {false, false, false}} {
		r := emitRules(t, []engine.Stage{{Name: "all", Phase: engine.Policy, Plugin: allows{}}}, 0)
		log := &looking{}
		to, _ := url.Parse("http://127.0.0.1:1")
		g, err := gateway.New(gateway.Options{Fixed: gateway.Fixed{Path: "/socket.io/", Upstream: to, Portable: true, Log: log}, Rules: r})
		if err != nil {
			t.Fatal(err)
		}
		down, up := g.Wire(&discard{}, &discard{})
		hand(down, `0{"token":"ann"}`)
		hand(up, `0{"sid":"y"}`)
		log.asked, log.from = 0, from
		seen := map[engine.ID]bool{}
		for range want {
			hand(down, `2["message"]`)
		}
		for i, id := range log.ids {
			if (id != engine.ID{}) != want[i] || want[i] && seen[id] {
				t.Errorf("looked at from time %d: decision %d has the id %v", from, i, id)
			}
			seen[id] = true
		}
		if len(log.ids) != len(want) {
			t.Errorf("%d decisions", len(log.ids))
		}
	}
}
