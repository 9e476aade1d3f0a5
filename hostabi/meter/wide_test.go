package meter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/wasmtest"
)

// interpreter is a loop whose turns each run one of four arms of 900 additions or a short one, as the number of
// the turn says, and which goes on without end when spin is set.
func interpreter(turns, spin string) []byte {
	arm := "end " + strings.Repeat("local.get 1 i32.const 1 i32.add local.set 1 ", 900) + "br "
	return wasmtest.Module{Funcs: []wasmtest.Func{{Export: "f", Params: "i", Results: "i", Locals: "i", Code: "loop - " +
		"block - block - block - block - block - local.get 0 " + turns + " br_table 4 0 1 2 3 4 " +
		arm + "3 " + arm + "2 " + arm + "1 " + arm + "0 end " +
		spin + " local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 1"}}}.Binary()
}

// TestWide: the arms of a very large loop are charged when they run, and only then.
func TestWide(t *testing.T) {
	for name, c := range map[string]struct {
		turns string
		most  int // slices of 10,000
		least int
	}{
		"the short arm": {"i32.const 9 i32.or", 5, 1},
		"a long arm":    {"i32.const 0 i32.and", 190, 140},
	} {
		r := &runner{t: t, slice: 10_000, max: 1 << 30}
		if _, err := r.call(metered(t, interpreter(c.turns, "")), 1000); err != nil {
			t.Fatal(err)
		}
		if r.hooks < c.least || r.hooks > c.most {
			t.Errorf("%s: %d slices, want %d to %d", name, r.hooks, c.least, c.most)
		}
		r = &runner{t: t, slice: 1000, max: 100}
		if _, err := r.call(metered(t, interpreter(c.turns, "br 0")), 1000); !errors.Is(err, errSpin) {
			t.Errorf("%s, without end: %v", name, err)
		}
	}
}

// TestWideSame: it gives what it gives unmetered, whichever arm runs.
func TestWideSame(t *testing.T) {
	plain := interpreter("i32.const 7 i32.and", "")
	for n := uint64(1); n < 12; n++ {
		want, err := (&runner{t: t}).call(plain, n)
		if err != nil {
			t.Fatal(err)
		}
		r := &runner{t: t, slice: 50, max: 1 << 30}
		if got, err := r.call(metered(t, plain), n); err != nil || got[0] != want[0] {
			t.Errorf("%d turns: %v %v, want %v", n, got, err, want)
		}
	}
}
