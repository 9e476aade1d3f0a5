package pluginkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/plugins/wasm"
)

// Bench is what a guest costs.
type Bench struct {
	NS      float64 `json:"ns_per_call"`         // with rendering the view and reading the verdict
	Minimal float64 `json:"minimal_ns_per_call"` // of a guest that allows everything, with the same view
	Ratio   float64 `json:"ratio"`
	Calls   int     `json:"calls"`
	Fuel    int64   `json:"fuel_per_call"` // mean
	Memory  int64   `json:"memory_bytes"`  // of an instance, after all of them
	StartMS float64 `json:"start_ms"`      // compiling, or finding it compiled, and starting
	Effect  string  `json:"effect"`
}

// Measure asks a guest about in for about d, and the minimal guest for as long, each after a warm-up of a fifth of
// that. It fails when the guest does.
func Measure(ctx context.Context, m *Module, in *engine.Input, opt Options, d time.Duration) (b Bench, err error) {
	start := time.Now()
	g, err := Load(ctx, m, opt)
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, g.Close(ctx)) }()
	b.StartMS = float64(time.Since(start)) / 1e6
	manifest := g.plugin.Manifest()
	least, err := Load(ctx, &Module{Name: "minimal", Wasm: minimal, Manifest: viewOf(&manifest)}, Options{Timeout: opt.Timeout})
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, least.Close(ctx)) }()
	own, err := g.median(ctx, in, d)
	if err != nil {
		return b, err
	}
	last := g.Judge(ctx, in)
	b.NS, b.Calls, b.Fuel, b.Memory, b.Effect = own.ns, own.calls, own.fuel/int64(own.calls), last.Memory, last.Effect
	other, err := least.median(ctx, in, d)
	if err == nil {
		b.Minimal, b.Ratio = other.ns, own.ns/other.ns
	}
	return b, err
}

// sample is what many calls took.
type sample struct {
	ns    float64 // of one call: the median over batches
	calls int
	fuel  int64 // of all of them
}

// median asks in batches of about a millisecond: a pause of the machine does not move their median.
func (g *Guest) median(ctx context.Context, in *engine.Input, d time.Duration) (s sample, err error) {
	batch := 1
	for warm := time.Now(); time.Since(warm) < d/5; {
		took, _, err := g.batch(ctx, in, batch)
		if err != nil {
			return s, err
		}
		if took < time.Millisecond/2 && batch < 1<<16 {
			batch *= 2
		}
	}
	var all []float64
	for begin := time.Now(); len(all) == 0 || time.Since(begin) < d; s.calls += batch {
		took, fuel, err := g.batch(ctx, in, batch)
		if err != nil {
			return s, err
		}
		s.fuel += fuel
		all = append(all, float64(took)/float64(batch))
	}
	slices.Sort(all)
	s.ns = all[len(all)/2]
	return s, nil
}

func (g *Guest) batch(ctx context.Context, in *engine.Input, n int) (took time.Duration, fuel int64, err error) {
	start := time.Now()
	for range n {
		v, used := g.plugin.Measure(ctx, in)
		if v.Err != nil {
			return 0, 0, fmt.Errorf("the plugin failed: %w", v.Err)
		}
		fuel += used.Fuel
	}
	return time.Since(start), fuel, nil
}

// viewOf gives a manifest with m's view and nothing else.
func viewOf(m *wasm.Manifest) []byte {
	return jsonOf(map[string]any{"abi": m.ABI, "view": m.View, "fields": m.Fields, "prefix": m.Prefix, "kinds": m.Kinds})
}
