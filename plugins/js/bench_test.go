package js_test

import (
	"context"
	"testing"

	"github.com/siogw/siogw/plugins/wasm"
)

// benchmarks are what a call costs beside the plugin's own work, by view, and a plugin that does something.
var benchmarks = []struct{ name, source string }{
	{"Nothing", argsView + `export default () => {}`},
	{"Strings", `export const manifest = { view: 'strings' }; export default (all) => { for (const s of all) if (s.length > 500) return { effect: 'deny' } }`},
	{"Input", `export default (input) => { if (input.args[0].text.length > 500) return { effect: 'deny' } }`},
	{"Labels", argsView + `export default ([a]) => ({ labels: { length: a.text.length } })`},
	{"Throws", argsView + `export default ([a]) => a.nothing.there`},
}

func BenchmarkJS(b *testing.B) {
	ctx, in := context.Background(), event(`[{"room":"general","text":"hi there, are you coming to the party tonight?"}]`)
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			p := mustLoad(b, c.source, wasm.Options{Size: 1})
			for b.Loop() {
				if v := p.Decide(ctx, in); (v.Err != nil) != (c.name == "Throws") {
					b.Fatal(v.Err)
				}
			}
			_, used := p.Measure(ctx, in)
			b.ReportMetric(float64(used.Fuel), "fuel/op")
			b.ReportMetric(float64(used.Memory>>10), "KiB-memory")
		})
	}
}

// BenchmarkStart is what another instance of a loaded plugin costs, and a plugin whose engine is compiled already.
func BenchmarkStart(b *testing.B) {
	p := mustLoad(b, argsView+`export default () => { while (true) {} }`, wasm.Options{Size: 1, Timeout: 1})
	ctx := context.Background()
	b.Run("Instance", func(b *testing.B) {
		for b.Loop() {
			p.Decide(ctx, event(`[]`)) // ends at once, and the instance with it
		}
	})
	b.Run("Load", func(b *testing.B) {
		for b.Loop() {
			mustLoad(b, argsView+`export default () => {}`, wasm.Options{Size: 1})
		}
	})
}
