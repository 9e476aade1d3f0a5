package wasm_test

import (
	"context"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/std"
	"github.com/siogw/siogw/plugins/wasm"
)

// withLifetime loads a first-party guest without memo.
func withLifetime(t testing.TB, name, lifetime string) *wasm.Plugin {
	t.Helper()
	ctx := context.Background()
	guest, manifest, err := std.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := wasm.Load(ctx, rt, wasm.Options{Name: name, Wasm: guest, Manifest: manifest, Timeout: time.Minute, Lifetime: lifetime, Size: 1})
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

// TestGoGuestLifetimes: a Go guest, with its heap and its scheduler, works from a snapshot.
func TestGoGuestLifetimes(t *testing.T) {
	for _, lifetime := range []string{"shared", "session", "call"} {
		p := withLifetime(t, "html-sanitizer", lifetime)
		for i := range 50 {
			in := message(`["<script>alert(1)</script>hello"]`)
			in.Session = &engine.Session{ID: string(rune('a' + i%3))}
			v := p.Decide(context.Background(), in)
			if v.Err != nil || string(v.Args) != `["hello"]` {
				t.Fatalf("%s, call %d: %s %v", lifetime, i, v.Args, v.Err)
			}
		}
		if want := map[string]int{"session": 3}[lifetime]; p.Sessions() != want {
			t.Errorf("%s: %d sessions", lifetime, p.Sessions())
		}
	}
}

// BenchmarkLifetime is a decision of a Go guest, by its lifetime.
func BenchmarkLifetime(b *testing.B) {
	for _, lifetime := range []string{"shared", "session", "call"} {
		b.Run(lifetime, func(b *testing.B) {
			p := withLifetime(b, "html-sanitizer", lifetime)
			in := message(`["hi there, are you coming to the party tonight?"]`)
			in.Session = &engine.Session{ID: "a"}
			var used wasm.Usage
			for b.Loop() {
				v, u := p.Measure(context.Background(), in)
				if used = u; v.Err != nil {
					b.Fatal(v.Err)
				}
			}
			b.ReportMetric(float64(used.Memory)/1024, "KiB")
		})
	}
}
