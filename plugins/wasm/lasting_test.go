package wasm_test

import (
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/wasm"
)

func engineOf(t *testing.T, p *wasm.Plugin) *engine.Engine {
	e, err := engine.New(engine.Stage{Name: "guest", Phase: engine.Policy, Plugin: p})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A decision that a guest has a part in is repeated as long as asking the guest would do nothing more.
func TestLasting(t *testing.T) {
	for name, c := range map[string]struct {
		manifest, code string
		memo           int64
		want           string
		repeated       int
	}{
		"pure":      {`{"abi":1,"view":"args","pure":true}`, "", 1 << 20, "1 1 2 2 1", 3},
		"strings":   {`{"abi":1,"view":"strings","pure":true}`, "", 1 << 20, "1 1 2 2 1", 3},
		"not pure":  {`{"abi":1,"view":"args"}`, "", 1 << 20, "1 2 3 4 5", 0},
		"no memo":   {`{"abi":1,"view":"args","pure":true}`, "", 0, "1 2 3 4 5", 0},
		"the input": {`{"abi":1,"view":"input","pure":true}`, "", 1 << 20, "1 2 3 4 5", 0},
		"fields":    {`{"abi":1,"view":"fields","fields":["/args/0"],"pure":true}`, "", 1 << 20, "1 1 2 2 1", 0},
		"it logs":   {`{"abi":1,"view":"args","pure":true}`, "i32.const 1 i32.const 8 i32.const 4 call 0", 1 << 20, "1 2 3 4 5", 0},
		"it counts": {`{"abi":1,"view":"args","pure":true}`, "i32.const 10 i32.const 6 i64.const 3 call 1", 1 << 20, "1 1 2 2 1", 0},
	} {
		p, err := load(t, counting(c.code), wasm.Options{Manifest: []byte(c.manifest), Memo: c.memo})
		if err != nil {
			t.Fatal(err)
		}
		e, a, b := engineOf(t, p), message(`["a"]`), message(`["b"]`)
		a.Shared, b.Shared = engine.NewShared(1<<16), engine.NewShared(1<<16)
		var got []string
		repeated := 0
		for _, in := range []*engine.Input{a, a, b, b, a} {
			d := e.Decide(t.Context(), in)
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(string(d.Steps[0].Verdict.Labels), `{"score":`), "}"))
			if d.Repeated {
				repeated++
			}
		}
		if strings.Join(got, " ") != c.want || repeated != c.repeated {
			t.Errorf("%s: %v, want %s; %d repeated, want %d", name, got, c.want, repeated, c.repeated)
		}
		sum := int64(0)
		for _, n := range p.Counters() {
			sum += n
		}
		if name == "it counts" && sum != 15 {
			t.Errorf("counted %d", sum)
		}
	}
}

// A guest that is not asked about a kind holds no decision on it up.
func TestLastingKinds(t *testing.T) {
	p, err := load(t, counting(""), wasm.Options{Manifest: []byte(`{"abi":1,"view":"args","kinds":["emit"]}`)})
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[engine.Kind]bool{engine.Event: true, engine.Emit: false} {
		in := message(`["a"]`)
		in.Kind, in.Shared = kind, engine.NewShared(1<<16)
		e := engineOf(t, p)
		e.Decide(t.Context(), in)
		if d := e.Decide(t.Context(), in); d.Repeated != want {
			t.Errorf("%v: repeated %v", kind, d.Repeated)
		}
	}
}
