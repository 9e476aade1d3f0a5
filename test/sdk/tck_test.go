package sdk_test

import (
	"context"
	"testing"

	"github.com/siogw/siogw/hostabi/tck"
)

// TestABI: what each SDK makes conforms to the guest ABI.
func TestABI(t *testing.T) {
	each(t, func(t *testing.T, l *language) {
		m := l.module(t)
		opt := tck.Options{Config: []byte(`{"words":["zzz"]}`), Calls: 10_000 / max(l.slower, 1), CacheDir: cache}
		r, err := tck.Guest(context.Background(), tck.Module{Name: l.name, Wasm: m.Wasm, Manifest: m.Manifest}, opt)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Findings {
			if f.Outcome == tck.Failed {
				t.Errorf("%s %s: want %s, got %s", f.Clause, f.Check, f.Want, f.Got)
			}
		}
		t.Logf("%d passed, %d do not concern it, %d calls, %d fuel, %d KiB", r.Passed, r.Skipped, r.Calls, r.Fuel, r.Memory>>10)
	})
}
