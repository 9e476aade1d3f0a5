package meter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/siogw/siogw/hostabi/meter"
)

// FuzzRewrite: no bytes make the parser panic; what wazero takes before the rewriting it takes after; and
// what ends within a budget gives the same results, traps and memory without metering.
func FuzzRewrite(f *testing.F) {
	for _, m := range programs {
		f.Add(m.Binary())
	}
	f.Fuzz(func(t *testing.T, wasm []byte) {
		metered, _, err := meter.Rewrite(wasm, meter.Options{TableEntries: 1000})
		if err != nil {
			return
		}
		r := &runner{t: t, slice: 10_000, max: 100}
		with, err := r.outcome(metered)
		if err != nil {
			if _, err := r.outcome(wasm); err == nil {
				t.Fatal("does not load when metered")
			}
			return
		}
		if r.hooks > r.max || r.exhausted || growsTable(wasm) {
			return // may well run for ever, or grow a table by 32 GB: without us wazero would let it
		}
		without, err := r.outcome(wasm)
		if err == nil && with != without {
			t.Fatalf("metered:\n%s\nplain:\n%s", with, without)
		}
	})
}

// outcome loads a module in wazero's interpreter, calls every export once, and tells all that can be seen.
func (r *runner) outcome(wasm []byte) (string, error) {
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(16))
	defer rt.Close(ctx)
	if err := r.host(ctx, rt); err != nil {
		return "", err
	}
	mod, err := rt.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithStartFunctions())
	if err != nil {
		return "", err
	}
	out := ""
	for name, def := range mod.ExportedFunctionDefinitions() {
		res, err := mod.ExportedFunction(name).Call(ctx, make([]uint64, words(def.ParamTypes()))...)
		if errors.Is(err, errStack) || err != nil && firstLine(err) == "stack overflow" {
			r.exhausted = true
		}
		if len(mod.ExportedFunctionDefinitions()) == 1 && !opaque(def.ResultTypes()) {
			out += fmt.Sprintf("%v %s\n", res, firstLine(err))
		}
	}
	if mem := mod.ExportedMemory("memory"); mem != nil && len(mod.ExportedFunctionDefinitions()) == 1 {
		b, _ := mem.Read(0, mem.Size())
		out += fmt.Sprintf("%d bytes, sum %d\n", len(b), sum(b))
	}
	return out, nil
}

func words(types []api.ValueType) (n int) {
	for _, t := range types {
		n++
		if t == 0x7b {
			n++ // v128
		}
	}
	return n
}

func opaque(types []api.ValueType) bool {
	for _, t := range types {
		if t < 0x7b || t > 0x7f {
			return true
		}
	}
	return false
}

func sum(b []byte) (n uint64) {
	for _, c := range b {
		n = n*31 + uint64(c)
	}
	return n
}

// growsTable reports whether there may be a table.grow in wasm.
func growsTable(wasm []byte) bool {
	return bytes.Contains(wasm, []byte{0xfc, 0x0f}) || bytes.Contains(wasm, []byte{0xfc, 0x8f})
}
