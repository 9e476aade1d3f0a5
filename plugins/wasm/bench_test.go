package wasm_test

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/hostabi/meter"
	"github.com/siogw/siogw/plugins/std"
	"github.com/siogw/siogw/plugins/wasm"
)

// BenchmarkMinimal is what a guest costs that does nothing.
func BenchmarkMinimal(b *testing.B) {
	for _, view := range []string{"strings", "args", "input"} {
		b.Run(view, func(b *testing.B) {
			m := answering("")
			m.Funcs[1].Code = "i64.const 0"
			p, err := load(b, m, wasm.Options{Manifest: []byte(`{"abi":1,"view":"` + view + `"}`)})
			if err != nil {
				b.Fatal(err)
			}
			in := message(`[{"room":"general","text":"hi there, are you coming to the party tonight?"}]`)
			b.ReportAllocs()
			for b.Loop() {
				if v := p.Decide(context.Background(), in); v.Err != nil {
					b.Fatal(v.Err)
				}
			}
		})
	}
}

// BenchmarkMetering runs the sanitizer on wazero alone, as it is and rewritten.
func BenchmarkMetering(b *testing.B) {
	guest, _, err := std.Open("html-sanitizer")
	if err != nil {
		b.Fatal(err)
	}
	metered, _, err := meter.Rewrite(guest, meter.Options{})
	if err != nil {
		b.Fatal(err)
	}
	texts := map[string]string{
		"plain": "hi there, are you coming to the party tonight?",
		"dirty": "hi <b>there</b><img src=x onerror=alert(1)>, coming tonight?",
		"long":  strings.Repeat("a line that is long: it has < and & and colons. ", 100),
	}
	for name, text := range texts {
		b.Run(name+"/plain", func(b *testing.B) { alone(b, guest, text) })
		b.Run(name+"/metered", func(b *testing.B) { alone(b, metered, text) })
	}
}

func alone(b *testing.B, guest []byte, text string) {
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	l := []api.ValueType{api.ValueTypeI64}
	if _, err := r.NewHostModuleBuilder(meter.HookModule).NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(
		func(_ context.Context, _ api.Module, s []uint64) { s[0] = 100_000 }), l, l).Export(meter.HookName).Instantiate(ctx); err != nil {
		b.Fatal(err)
	}
	env := r.NewHostModuleBuilder("siogw")
	none := api.GoModuleFunc(func(context.Context, api.Module, []uint64) {})
	i := api.ValueTypeI32
	env.NewFunctionBuilder().WithGoModuleFunction(none, []api.ValueType{i, i, i}, nil).Export("log")
	env.NewFunctionBuilder().WithGoModuleFunction(none, []api.ValueType{i, i, i, i}, nil).Export("label")
	env.NewFunctionBuilder().WithGoModuleFunction(none, []api.ValueType{i, i, api.ValueTypeI64}, nil).Export("counter")
	if _, err := env.Instantiate(ctx); err != nil {
		b.Fatal(err)
	}
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	mod, err := r.InstantiateWithConfig(ctx, guest, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		b.Fatal(err)
	}
	view := binary.LittleEndian.AppendUint32(nil, 1)
	view = append(binary.LittleEndian.AppendUint32(view, uint32(len(text))), text...)
	at, err := mod.ExportedFunction("siogw_alloc").Call(ctx, 8192)
	if err != nil {
		b.Fatal(err)
	}
	decide := mod.ExportedFunction("siogw_decide")
	var stack [2]uint64
	for b.Loop() {
		mod.Memory().Write(uint32(at[0]), view)
		stack[0], stack[1] = at[0], uint64(len(view))
		if err := decide.CallWithStack(ctx, stack[:]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompile is loading the first-party guests, up to its first instance.
func BenchmarkCompile(b *testing.B) {
	for _, name := range std.Names() {
		guest, _, err := std.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		for how, dir := range map[string]string{"uncached": "", "cached": b.TempDir()} {
			b.Run(name+"/"+how, func(b *testing.B) {
				for b.Loop() {
					compile(b, guest, dir)
				}
			})
		}
	}
	guest, _, err := std.Open("html-sanitizer")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("rewriting", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := meter.Rewrite(guest, meter.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func compile(b *testing.B, guest []byte, dir string) {
	ctx := context.Background()
	rt, err := hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{CacheDir: dir})
	if err != nil {
		b.Fatal(err)
	}
	m, err := rt.Compile(ctx, guest)
	if err != nil {
		b.Fatal(err)
	}
	p, err := hostabi.NewPool(m, hostabi.PoolOptions{})
	if err != nil {
		b.Fatal(err)
	}
	_ = p.Close(ctx)
	_ = rt.Close(ctx)
}

// BenchmarkRestart is a decision that traps, and the fresh instance of a small guest after it.
func BenchmarkRestart(b *testing.B) {
	m := answering("")
	m.Funcs[1].Code = "unreachable"
	p, err := load(b, m, wasm.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if v := p.Decide(context.Background(), message("[]")); v.Err == nil {
			b.Fatal("no error")
		}
	}
}
