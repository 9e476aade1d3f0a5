package meter_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/siogw/siogw/hostabi/meter"
	"github.com/siogw/siogw/internal/wasmtest"
)

// runner runs modules, metered or not, with a hook that ends a call after a number of slices.
type runner struct {
	t     testing.TB
	slice int64
	hooks int
	max   int // hooks before the call is ended

	exhausted bool // a call used up its stack
}

var (
	errSpin  = errors.New("spin")
	errStack = errors.New("stack")
)

func (r *runner) hook(_ context.Context, _ api.Module, stack []uint64) {
	r.hooks++
	switch {
	case int64(stack[0]) == meter.StackExhausted:
		panic(errStack)
	case r.hooks > r.max:
		panic(errSpin)
	}
	stack[0] = uint64(r.slice)
}

func (r *runner) host(ctx context.Context, rt wazero.Runtime) error {
	l := []api.ValueType{api.ValueTypeI64}
	i := []api.ValueType{api.ValueTypeI32}
	hook := rt.NewHostModuleBuilder(meter.HookModule).NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(r.hook), l, l).Export(meter.HookName)
	if _, err := hook.Instantiate(ctx); err != nil {
		return err
	}
	_, err := rt.NewHostModuleBuilder("env").NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(
		func(_ context.Context, _ api.Module, stack []uint64) { stack[0] *= 3 }), i, i).Export("triple").Instantiate(ctx)
	return err
}

func (r *runner) load(wasm []byte) (api.Module, error) {
	r.t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(256))
	r.t.Cleanup(func() { _ = rt.Close(ctx) })
	if err := r.host(ctx, rt); err != nil {
		return nil, err
	}
	return rt.Instantiate(ctx, wasm)
}

func (r *runner) call(wasm []byte, args ...uint64) ([]uint64, error) {
	mod, err := r.load(wasm)
	if err != nil {
		return nil, err
	}
	return mod.ExportedFunction("f").Call(context.Background(), args...)
}

func metered(t testing.TB, wasm []byte) []byte {
	t.Helper()
	out, _, err := meter.Rewrite(wasm, meter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var triple = []wasmtest.Import{{Module: "env", Name: "triple", Params: "i", Results: "i"}}

// programs exercise the shapes that rewriting changes. Each takes one i32.
var programs = map[string]wasmtest.Module{
	"leaf": {Funcs: []wasmtest.Func{{Export: "f", Params: "i", Results: "i", Code: "local.get 0 i32.const 7 i32.mul"}}},
	"return in a leaf": {Funcs: []wasmtest.Func{{Export: "f", Params: "i", Results: "i",
		Code: "block - local.get 0 i32.const 5 i32.lt_u br_if 0 i32.const 1 return end i32.const 2"}}},
	"loop": {Funcs: []wasmtest.Func{{Export: "f", Params: "i", Results: "i", Locals: "i", Code: `
		loop - local.get 1 local.get 0 i32.add local.set 1
		local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 1`}}},
	"recursion": {Funcs: []wasmtest.Func{{Export: "f", Params: "i", Results: "i",
		Code: "local.get 0 i32.eqz if i i32.const 1 else local.get 0 local.get 0 i32.const 1 i32.sub call 0 i32.mul end"}}},
	"return from within a caller": {Funcs: []wasmtest.Func{
		{Export: "f", Params: "i", Results: "i", Code: "block - loop - local.get 0 call 1 if - i32.const 11 return end br 1 end end i32.const 22"},
		{Params: "i", Results: "i", Code: "local.get 0 i32.const 1 i32.and"}}},
	"branch to the function's label": {Funcs: []wasmtest.Func{
		{Export: "f", Params: "i", Results: "i", Code: "local.get 0 call 1 block - local.get 0 i32.const 9 i32.gt_u if - i32.const 5 br 2 end end i32.const 1 i32.add"},
		{Params: "i", Results: "i", Code: "local.get 0 i32.const 1 i32.add"}}},
	"br_table": {Funcs: []wasmtest.Func{
		{Export: "f", Params: "i", Results: "i", Code: "block - block - block - local.get 0 i32.const 3 i32.and br_table 2 0 1 2 end i32.const 10 return end i32.const 20 call 1 return end i32.const 30"},
		{Params: "i", Results: "i", Code: "local.get 0"}}},
	"two results": {Funcs: []wasmtest.Func{
		{Export: "f", Params: "i", Results: "il", Code: "local.get 0 if - i32.const 1 i64.const -2 return end local.get 0 call 1"},
		{Params: "i", Results: "il", Code: "local.get 0 i64.const 77"}}},
	"imports": {Imports: triple, Table: []int{0, 0}, Funcs: []wasmtest.Func{
		{Export: "f", Params: "i", Results: "i", Code: "local.get 0 call 0 local.get 0 i32.const 1 i32.and call_indirect 0"}}},
	"references": {Imports: triple, Table: []int{0}, Funcs: []wasmtest.Func{
		{Export: "f", Params: "i", Results: "i", Code: "i32.const 0 ref.func 0 table.set 0 local.get 0 i32.const 0 call_indirect 0 ref.null ref.is_null i32.add"}}},
	"memory": {Data: "some data", Passive: "passive data", Globals: "il", Funcs: []wasmtest.Func{
		{Export: "f", Params: "i", Results: "i", Code: `
		i32.const 100 i32.const 3 i32.const 9 memory.init 1 i32.const 200 i32.const 100 i32.const 9 memory.copy
		i32.const 300 local.get 0 i32.const 50 memory.fill data.drop 1
		i32.const 2 memory.grow global.set 0 i64.const 5 global.set 1
		i32.const 200 i32.load 0 i32.const 301 i32.load 0 i32.xor memory.size i32.add global.get 0 i32.add global.get 1 i32.wrap_i64 i32.add`}}},
	"tables": {Table: []int{0, 0}, Funcs: []wasmtest.Func{
		{Export: "f", Params: "i", Results: "i", Code: `
		ref.null i32.const 3 table.grow 0 i32.const 2 ref.func 0 i32.const 2 table.fill 0
		i32.const 0 i32.const 2 i32.const 1 table.copy table.size 0 i32.const 10 i32.mul i32.add`}}},
	"vectors": {Funcs: []wasmtest.Func{
		{Export: "f", Params: "i", Results: "i", Locals: "v", Code: `
		local.get 0 i32x4.splat local.tee 1 local.get 1 i32x4.add local.get 1 i16x8.mul i32x4.extract_lane 2`}}},
}

// TestSameResults: metering changes nothing that a module computes.
func TestSameResults(t *testing.T) {
	for name, m := range programs {
		t.Run(name, func(t *testing.T) {
			for arg := uint64(0); arg < 12; arg++ {
				if name == "loop" && arg == 0 {
					continue // 2³² turns
				}
				if name == "return from within a caller" && arg&1 == 0 {
					continue // leaves by the other way only when odd; both ends are in "br_table"
				}
				r := &runner{t: t, slice: 100, max: 1000}
				plain, errPlain := r.call(m.Binary(), arg)
				with, errWith := r.call(metered(t, m.Binary()), arg)
				if errPlain != nil || errWith != nil {
					t.Fatalf("f(%d): %v, metered %v", arg, errPlain, errWith)
				}
				if fmt.Sprint(plain) != fmt.Sprint(with) {
					t.Errorf("f(%d): %v, metered %v", arg, plain, with)
				}
			}
		})
	}
}

// TestDepthComesBack: after a call the whole call stack is free again, whichever way was taken out of it.
func TestDepthComesBack(t *testing.T) {
	for name, m := range programs {
		r := &runner{t: t, slice: 100, max: 1000}
		mod, err := r.load(metered(t, m.Binary()))
		if err != nil {
			t.Fatal(name, err)
		}
		before := mod.ExportedGlobal(meter.DepthExport).Get()
		if _, err := mod.ExportedFunction("f").Call(context.Background(), 9); err != nil {
			t.Fatal(name, err)
		}
		if after := mod.ExportedGlobal(meter.DepthExport).Get(); after != before {
			t.Errorf("%s: %d bytes of stack before, %d after", name, before, after)
		}
	}
}

var spins = map[string]wasmtest.Func{
	"loop":            {Code: "loop - br 0 end i32.const 0"},
	"loop in a loop":  {Code: "loop - loop - br 1 end end i32.const 0"},
	"br_table":        {Code: "loop - local.get 0 br_table 1 0 0 end i32.const 0"},
	"br_if":           {Code: "loop - i32.const 1 br_if 0 end i32.const 0"},
	"memory.fill":     {Code: "loop - i32.const 0 i32.const 1 i32.const 60000 memory.fill br 0 end i32.const 0"},
	"memory.copy":     {Code: "loop - i32.const 0 i32.const 1 i32.const 60000 memory.copy br 0 end i32.const 0"},
	"memory.grow":     {Code: "loop - i32.const 1 memory.grow drop br 0 end i32.const 0"},
	"table.grow":      {Code: "loop - ref.null i32.const 10 table.grow 0 drop br 0 end i32.const 0"},
	"host calls":      {Code: "loop - local.get 0 call 0 drop br 0 end i32.const 0"},
	"host, by table":  {Code: "loop - local.get 0 i32.const 0 call_indirect 0 drop br 0 end i32.const 0"},
	"calls in a loop": {Code: "loop - local.get 0 call 2 drop br 0 end i32.const 0"},
}

// TestSpins: every way to run for ever comes to the hook.
func TestSpins(t *testing.T) {
	for name, f := range spins {
		t.Run(name, func(t *testing.T) {
			f.Export, f.Params, f.Results = "f", "i", "i"
			m := wasmtest.Module{Imports: triple, Table: []int{0}, Funcs: []wasmtest.Func{f, {Params: "i", Results: "i", Code: "local.get 0"}}}
			r := &runner{t: t, slice: 100_000, max: 5}
			if _, err := r.call(metered(t, m.Binary()), 1); !errors.Is(err, errSpin) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// TestRecursion: the call stack ends where Options.Stack says, and not at wazero's 50 MB.
func TestRecursion(t *testing.T) {
	m := wasmtest.Module{Table: []int{0}, Globals: "i", Funcs: []wasmtest.Func{
		{Export: "f", Params: "i", Results: "i", Code: "global.get 0 i32.const 1 i32.add global.set 0 local.get 0 call 1"},
		{Params: "i", Results: "i", Code: "local.get 0 i32.const 0 call_indirect 0"}}}
	r := &runner{t: t, slice: 1 << 40, max: 5}
	if _, err := r.call(metered(t, m.Binary()), 1); !errors.Is(err, errStack) {
		t.Errorf("ended with %v", err)
	}
}

// TestTableCap: a table grows to Options.TableEntries and no further. The runtime alone would grant gigabytes,
// outside of any memory limit.
func TestTableCap(t *testing.T) {
	m := wasmtest.Module{Table: []int{0}, Funcs: []wasmtest.Func{{Export: "f", Params: "i", Results: "i", Code: "ref.null local.get 0 table.grow 0"}}}
	r := &runner{t: t, slice: 1 << 40, max: 5}
	for by, want := range map[uint64]uint32{65535: 1, 65536: 0xffffffff, 0xffffffe0: 0xffffffff} {
		if got, err := r.call(metered(t, m.Binary()), by); err != nil || uint32(got[0]) != want {
			t.Errorf("by %d: %v %v", by, got, err)
		}
	}
}

// TestRefused: a module that is not understood, or that reaches for what is ours, is not rewritten.
func TestRefused(t *testing.T) {
	f := func(code string) wasmtest.Module {
		return wasmtest.Module{Globals: "l", Funcs: []wasmtest.Func{{Export: "f", Params: "i", Results: "i", Code: code}}}
	}
	for name, m := range map[string]wasmtest.Module{
		"the fuel global":        f("i64.const 9 global.set 1 i32.const 0"),
		"the depth global":       f("i32.const 9 global.set 2 i32.const 0"),
		"the hook":               f("call 1 i32.const 0"),
		"our local":              f("local.get 1"),
		"the label of the block": f("i32.const 0 br 1"),
		"a tail call":            f("byte 0x12 byte 0 i32.const 0"),
		"an atomic instruction":  f("byte 0xfe byte 3 byte 0 i32.const 0"),
		"a large vector opcode":  f("byte 0xfd byte 0x80 byte 0x02 i32.const 0"),
		"an unknown vector op":   f("byte 0xfd byte 0x9a byte 0x01 i32.const 0"),
		"memory.init, no data":   f("i32.const 0 i32.const 0 i32.const 0 memory.init 0 i32.const 0"),
		"code after the end":     f("i32.const 0 end nop"),
		"else without if":        f("block - else end i32.const 0"),
		"import of the hook":     {Imports: []wasmtest.Import{{Module: meter.HookModule, Name: "x"}}},
		"export of the fuel":     {Funcs: []wasmtest.Func{{Export: meter.FuelExport}}},
		"an export twice":        {Funcs: []wasmtest.Func{{Export: "a"}, {Export: "a"}}},
		"a huge table":           {Table: make([]int, 65537), Funcs: []wasmtest.Func{{}}},
	} {
		if _, _, err := meter.Rewrite(m.Binary(), meter.Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestTruncated: no prefix of a module is taken for one, unless it ends where a section does.
func TestTruncated(t *testing.T) {
	for name, m := range programs {
		wasm := m.Binary()
		for n := range wasm {
			if out, _, err := meter.Rewrite(wasm[:n], meter.Options{}); err == nil {
				r := &runner{t: t}
				if _, err := r.load(wasm[:n]); err != nil {
					t.Errorf("%s: %d of %d bytes became %d", name, n, len(wasm), len(out))
				}
			}
		}
	}
}
