//go:build !race

package rego

import (
	"context"
	"testing"
)

// A decision that is not remembered makes what the policy looks at, and little else.
func TestMissAllocates(t *testing.T) {
	p, err := Load(context.Background(), Options{Paths: []string{"../../test/bench/policy.rego"}})
	if err != nil {
		t.Fatal(err)
	}
	in := post()
	const most = 5 // the text, its string and its term; and what a collection lost of the pools
	if n := testing.AllocsPerRun(200, func() { p.Decide(context.Background(), in) }); n > most {
		t.Errorf("%v allocations, want %d at most", n, most)
	}
}
