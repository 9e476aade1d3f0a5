package wasm_test

import (
	"context"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/wasm"
)

// scoreOf gives the number of the guest's call that the verdict comes from.
func scoreOf(p *wasm.Plugin, in *engine.Input) string {
	return strings.TrimSuffix(strings.TrimPrefix(string(p.Decide(context.Background(), in).Labels), `{"score":`), "}")
}

// What a pure guest said of a packet is kept with it, unless its view shows more than the packet.
func TestShared(t *testing.T) {
	for name, c := range map[string]struct {
		manifest, code string
		memo           int64
		want           string
	}{
		"pure":      {`{"abi":1,"view":"args","pure":true}`, "", 1 << 20, "1 1 2 2 1"},
		"strings":   {`{"abi":1,"view":"strings","pure":true}`, "", 1 << 20, "1 1 2 2 1"},
		"not pure":  {`{"abi":1,"view":"args"}`, "", 1 << 20, "1 2 3 4 5"},
		"no memo":   {`{"abi":1,"view":"args","pure":true}`, "", 0, "1 2 3 4 5"},
		"the input": {`{"abi":1,"view":"input","pure":true}`, "", 1 << 20, "1 2 3 4 5"},
		"it logs":   {`{"abi":1,"view":"args","pure":true}`, "i32.const 1 i32.const 8 i32.const 4 call 0", 1 << 20, "1 2 3 4 5"},
	} {
		p, err := load(t, counting(c.code), wasm.Options{Manifest: []byte(c.manifest), Memo: c.memo})
		if err != nil {
			t.Fatal(err)
		}
		a, b := message(`["a"]`), message(`["b"]`)
		a.Shared, b.Shared = engine.NewShared(1<<16), engine.NewShared(1<<16)
		var got []string
		for _, in := range []*engine.Input{a, a, b, b, a} {
			got = append(got, scoreOf(p, in))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// Two plugins keep what they say apart, and who is asked by fields sees each session's own.
func TestSharedKeepsApart(t *testing.T) {
	pure := wasm.Options{Manifest: []byte(`{"abi":1,"view":"args","pure":true}`), Memo: 1 << 20}
	one, err := load(t, answering(`{"effect":"allow","args":["one"]}`), pure)
	if err != nil {
		t.Fatal(err)
	}
	other, err := load(t, answering(`{"effect":"allow","args":["other"]}`), pure)
	if err != nil {
		t.Fatal(err)
	}
	in := message(`["a"]`)
	in.Shared = engine.NewShared(1 << 16)
	for range 2 {
		a, b := one.Decide(t.Context(), in), other.Decide(t.Context(), in)
		if string(a.Args) != `["one"]` || string(b.Args) != `["other"]` {
			t.Errorf("%s %s", a.Args, b.Args)
		}
	}
	if st := one.Memo(); st.Hits != 1 {
		t.Errorf("%+v", st)
	}

	fields, err := load(t, echoing(), wasm.Options{Manifest: []byte(`{"abi":1,"view":"fields","fields":["/identity/sub"],"pure":true}`), Memo: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"ann", "bob", "ann"} {
		in.Identity = &engine.Identity{Sub: sub}
		if v := fields.Decide(t.Context(), in); !strings.Contains(string(v.Labels), sub) {
			t.Errorf("%s is told %s", sub, v.Labels)
		}
	}
}

// What is kept is the verdict's own: the packet's bytes are used again.
func TestSharedIsACopy(t *testing.T) {
	p, err := load(t, answering(`{"effect":"allow","patch":[]}`), wasm.Options{Manifest: []byte(`{"abi":1,"view":"strings","pure":true}`), Memo: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	in := message(`["a"]`)
	in.Shared = engine.NewShared(1 << 16)
	p.Decide(t.Context(), in)
	copy(in.Args, `["x"]`)
	if v := p.Decide(t.Context(), in); v.Args != nil && string(v.Args) != `["a"]` {
		t.Errorf("%s", v.Args)
	}
}

// What was counted is counted for each session that gets the packet.
func TestSharedCounts(t *testing.T) {
	p, err := load(t, counting("i32.const 10 i32.const 6 i64.const 3 call 1"), wasm.Options{Manifest: []byte(`{"abi":1,"view":"args","pure":true}`), Memo: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	in := message(`["a"]`)
	in.Shared = engine.NewShared(1 << 16)
	for range 4 {
		p.Decide(t.Context(), in)
	}
	sum := int64(0)
	for _, n := range p.Counters() {
		sum += n
	}
	if st := p.Memo(); sum != 12 || st.Hits != 3 {
		t.Errorf("counted %d; %+v", sum, st)
	}
}
