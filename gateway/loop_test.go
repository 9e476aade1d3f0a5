package gateway_test

import (
	"runtime"
	"slices"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
)

// A decision that takes its time keeps its own session waiting, in order, and no other: not those of its event loop
// either.
func TestSlowDecisionKeepsNobody(t *testing.T) {
	for name, portable := range map[string]bool{"loops": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			begun, goOn := make(chan bool, 10), make(chan bool)
			r := newRig(t, func(in *engine.Input) engine.Verdict {
				if in.Event == "slow" {
					begun <- true
					<-goOn
				}
				return allowAll(in)
			}, func(o *gateway.Options) { o.Portable = portable })
			slow, p := r.joined(t, "/")
			slow.Put(`42["slow"]`, `42["echo","behind it"]`)
			<-begun
			if err := p.Send(`42["from the server"]`); err != nil {
				t.Fatal(err)
			}
			for range 2 * runtime.GOMAXPROCS(0) { // some are served where the slow one is
				c, _ := r.joined(t, "/")
				for range 20 {
					c.Put(`42["echo","meanwhile"]`)
					c.Want(`42["echo","meanwhile"]`)
				}
			}
			if held := r.Stats().LoopsHeld; held > 0 == portable && runtime.GOOS == "linux" {
				t.Errorf("%d loops went on without a call", held)
			}
			close(goOn)
			var got []string
			for range 3 {
				got = append(got, slow.Next().Data)
			}
			first, second := slices.Index(got, `42["slow"]`), slices.Index(got, `42["echo","behind it"]`)
			if first < 0 || second < first || !slices.Contains(got, `42["from the server"]`) {
				t.Errorf("afterwards came %q", got)
			}
		})
	}
}
