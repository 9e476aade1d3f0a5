package hostabi_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/siogw/siogw/hostabi"
)

// TestModuleIsShared: what one plugin closes works on for another of the same bytes.
func TestModuleIsShared(t *testing.T) {
	ctx, rt := context.Background(), newRuntime(t)
	wasm := guest(onlyWhenTold("unreachable")).Binary()
	var mods [3]*hostabi.Module
	var wg sync.WaitGroup
	for i := range mods {
		wg.Go(func() {
			var err error
			if mods[i], err = rt.Compile(ctx, wasm); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if mods[0] != mods[1] || mods[1] != mods[2] {
		t.Fatal("three modules of the same bytes")
	}
	for _, m := range mods[:2] {
		if err := m.Close(ctx); err != nil {
			t.Error(err)
		}
	}
	p, err := hostabi.NewPool(mods[2], hostabi.PoolOptions{Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Decide(ctx, []byte("x")); !errors.Is(err, hostabi.ErrTrap) { // then a fresh instance starts
		t.Error(err)
	}
	if _, err := p.Decide(ctx, nil); err != nil {
		t.Error(err)
	}
	if err := errors.Join(p.Close(ctx), mods[2].Close(ctx)); err != nil {
		t.Error(err)
	}
	again, err := rt.Compile(ctx, wasm)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(ctx); err != nil {
		t.Error(err)
	}
}
