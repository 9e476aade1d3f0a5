package tck_test

import (
	"context"
	"testing"

	"github.com/siogw/siogw/hostabi/tck"
	"github.com/siogw/siogw/internal/pluginkit"
	"github.com/siogw/siogw/plugins/std"
)

func check(t *testing.T, m *pluginkit.Module, opt tck.Options) *tck.Report {
	t.Helper()
	r, err := tck.Guest(context.Background(), tck.Module{Name: m.Name, Wasm: m.Wasm, Manifest: m.Manifest}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFirstParty: every guest of the project conforms.
func TestFirstParty(t *testing.T) {
	for _, name := range std.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := pluginkit.Open("std:" + name)
			if err != nil {
				t.Fatal(err)
			}
			r := check(t, m, tck.Options{Calls: 2000})
			for _, f := range r.Findings {
				if f.Outcome == tck.Failed {
					t.Errorf("%s %s: want %s, got %s", f.Clause, f.Check, f.Want, f.Got)
				}
			}
			t.Logf("%d passed, %d do not concern it, %d calls, %d fuel, %d KiB", r.Passed, r.Skipped, r.Calls, r.Fuel, r.Memory>>10)
		})
	}
}
