// Package meter rewrites a WebAssembly module so that whoever runs it can stop it: in a runtime that
// cannot interrupt compiled code, a guest that spins holds its thread, and through the garbage collector
// the whole process.
//
// The rewritten module counts fuel in a global and calls an imported hook function when it has run out.
// The hook looks at the clock and at a budget, and either hands out another slice or panics, which ends
// the call. Fuel is charged at each function's entry and each loop's header, for every instruction of
// that region on any path (an upper bound of what runs until the next charge), and before bulk
// instructions by their length. Where a region is very large, as the loop of an interpreter, it is charged
// at each place where branches arrive, for what follows up to the next. A second global counts call depth in bytes of estimated frames.
//
// The parser is strict and accepts WebAssembly 2.0 and nothing else. It checks every index, and the
// writer emits every number anew in its shortest form: the runtime compiles what this package has
// understood and never bytes that two parsers could read differently. Types are left to the runtime's
// validation. Tables are bounded too, because runtimes count them in no memory limit.
package meter

import (
	"fmt"
	"math"
)

// What a rewritten module has beside its own imports and exports. A module that uses one of these names
// itself is refused.
const (
	HookModule  = "siogw.meter" // the import's module
	HookName    = "hook"        // func(left i64) (next i64)
	FuelExport  = "siogw.fuel"  // mutable i64 global: what is left of the slice
	DepthExport = "siogw.depth" // mutable i32 global: what is left of the call stack, in bytes. A trap leaves it as it is

	// GlobalExport and a number from 0 on is each mutable global of the module's own, for snapshots.
	GlobalExport = "siogw.global."
)

// StackExhausted is what the hook is called with when the call stack is used up: it must not return.
const StackExhausted = math.MinInt64

// Options bounds a module. Zero means the default.
type Options struct {
	Stack        uint32 // bytes of call stack, by estimate; default 1 MiB
	TableEntries uint32 // entries of each table; default 65,536

	// ImportCost gives the fuel for calling an imported function; default 1,000. One that can take long
	// costs a slice, so that the clock is looked at before every call.
	ImportCost func(module, name string) uint32
}

const (
	defaultStack      = 1 << 20
	defaultTable      = 1 << 16
	defaultImportCost = 1000
	maxTables         = 16
	maxLocals         = 50_000 // of one function, as in browsers
	maxNesting        = 10_000 // of blocks in one function
)

func (o Options) withDefaults() Options {
	if o.Stack == 0 {
		o.Stack = defaultStack
	}
	o.Stack = min(o.Stack, math.MaxInt32)
	if o.TableEntries == 0 {
		o.TableEntries = defaultTable
	}
	if o.ImportCost == nil {
		o.ImportCost = func(string, string) uint32 { return defaultImportCost }
	}
	return o
}

// Rewrite gives wasm with metering built in, and what the module declares. It fails on a module that is
// not WebAssembly 2.0, that declares a larger table than opt allows, or that uses a reserved name.
// The result still has to pass the runtime's validation.
func Rewrite(wasm []byte, opt Options) ([]byte, *Info, error) {
	m, err := parse(wasm, opt.withDefaults())
	if err != nil {
		return nil, nil, fmt.Errorf("wasm: %w", err)
	}
	out, err := m.emit()
	if err != nil {
		return nil, nil, fmt.Errorf("wasm: %w", err)
	}
	return out, m.info(), nil
}

// Inspect gives what a module declares, as strictly as Rewrite but without reading its code.
func Inspect(wasm []byte) (*Info, error) {
	m, err := parse(wasm, Options{}.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("wasm: %w", err)
	}
	return m.info(), nil
}
