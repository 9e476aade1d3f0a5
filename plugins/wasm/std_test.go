package wasm_test

import (
	"context"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/std"
	"github.com/siogw/siogw/plugins/wasm"
)

func sanitizer(t testing.TB, config string) *wasm.Plugin {
	t.Helper()
	ctx := context.Background()
	guest, manifest, err := std.Open("html-sanitizer")
	if err != nil {
		t.Fatal(err)
	}
	p, err := wasm.Load(ctx, rt, wasm.Options{Name: "sanitize", Wasm: guest, Manifest: manifest,
		Config: []byte(config), Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return p
}

func message(args string) *engine.Input {
	return &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/chat", Event: "message", Args: []byte(args)}
}

func TestSanitizer(t *testing.T) {
	p := sanitizer(t, "")
	for args, want := range map[string]string{
		`["a < b && c", {"text":"I <3 you 😀 \"it's\""}]`: "",
		`[]`: "",
		`["x",{"k<b>":"<b>y</b>","n":[1,"<script>alert(1)</script>z"]}]`: `["x",{"k<b>":"y","n":[1,"z"]}]`,
		`["\u003cimg src=x onerror=alert(1)\u003e & more"]`:              `[" & more"]`,
		`["javascript:alert(1)"]`:                                        `["unsafe:javascript:alert(1)"]`,
	} {
		v := p.Decide(context.Background(), message(args))
		if v.Effect != engine.Allow || v.Err != nil || string(v.Args) != want {
			t.Errorf("%s: %v %s %v", args, v.Effect, v.Args, v.Err)
		}
	}
	if v := p.Decide(context.Background(), &engine.Input{Kind: engine.Connect}); v.Effect != engine.Abstain {
		t.Errorf("a kind that the manifest does not name: %v", v.Effect)
	}
	if p.Counters()["cleaned"] != 4 {
		t.Errorf("counters are %v", p.Counters())
	}
}

func TestSanitizerFields(t *testing.T) {
	p := sanitizer(t, `{"fields":["/0/text","/1"]}`)
	v := p.Decide(context.Background(), message(`[{"raw":"<b>1</b>","text":"<b>2</b>"},"<b>3</b>","<b>4</b>"]`))
	if want := `[{"raw":"<b>1</b>","text":"2"},"3","<b>4</b>"]`; string(v.Args) != want {
		t.Errorf("got %s %v, want %s", v.Args, v.Err, want)
	}
}

func benchmark(b *testing.B, args string) {
	p := sanitizer(b, "")
	in := message(args)
	b.ReportAllocs()
	for b.Loop() {
		if v := p.Decide(context.Background(), in); v.Err != nil {
			b.Fatal(v.Err)
		}
	}
}

func BenchmarkSanitizerPlain(b *testing.B) {
	benchmark(b, `[{"room":"general","text":"hi there, are you coming to the party tonight?"}]`)
}

func BenchmarkSanitizerDirty(b *testing.B) {
	benchmark(b, `[{"room":"general","text":"hi <b>there</b><img src=x onerror=alert(1)>, coming tonight?"}]`)
}
