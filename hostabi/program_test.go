package hostabi_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/hostabi/meter"
	"github.com/siogw/siogw/internal/wasmtest"
)

// interpreter answers with its program, which it takes when it is not empty; "no good" of it refuses.
func interpreter(t *testing.T, program string, opt hostabi.PoolOptions) (*hostabi.Pool, error) {
	t.Helper()
	ctx := context.Background()
	m := guest("i64.const 0x0000000800000000 global.get 0 i64.or")
	m.Globals, m.Data = "l", strings.Repeat("-", 100)
	m.Funcs = append(m.Funcs, wasmtest.Func{Export: "siogw_program", Params: "ii", Results: "l",
		Code: `i32.const 8 local.get 0 local.get 1 memory.copy local.get 1 i64.extend_i32_u global.set 0
			local.get 1 i32.const 7 i32.eq if l i64.const 0x0000000800000007 else i64.const 0 end`})
	mod, err := newRuntime(t).Compile(ctx, meter.AppendCustom(m.Binary(), hostabi.ProgramSection, []byte(program)))
	if err != nil {
		return nil, err
	}
	return hostabi.NewPool(mod, opt)
}

func TestProgram(t *testing.T) {
	p, err := interpreter(t, "the program", hostabi.PoolOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := p.Decide(context.Background(), nil); err != nil || string(res.Verdict) != "the program" {
		t.Errorf("%q %v", res.Verdict, err)
	}
	if _, err := interpreter(t, "no good", hostabi.PoolOptions{}); !errors.Is(err, hostabi.ErrProgram) || !strings.Contains(err.Error(), "no good") {
		t.Errorf("a program that is refused: %v", err)
	}
}

// TestProgramAndExport: neither is of use without the other.
func TestProgramAndExport(t *testing.T) {
	ctx := context.Background()
	without := meter.AppendCustom(guest("i64.const 0").Binary(), hostabi.ProgramSection, []byte("x"))
	if _, err := newRuntime(t).Compile(ctx, without); !errors.Is(err, hostabi.ErrABI) {
		t.Errorf("a program without an export: %v", err)
	}
	m := guest("i64.const 0")
	m.Funcs = append(m.Funcs, wasmtest.Func{Export: "siogw_program", Params: "ii", Results: "l", Code: "i64.const 0"})
	if _, err := newRuntime(t).Compile(ctx, m.Binary()); !errors.Is(err, hostabi.ErrABI) {
		t.Errorf("an export without a program: %v", err)
	}
}

var optional = []wasmtest.Import{{Module: "siogw_optional", Name: "kv_get", Params: "iiii", Results: "i"},
	{Module: "siogw_optional", Name: "time_ms", Results: "l"}, {Module: "siogw_optional", Name: "random", Params: "ii"}}

// TestOptional: without the capability the functions are there and give nothing.
func TestOptional(t *testing.T) {
	for code, want := range map[string]error{
		"i32.const 8 i32.const 1 i32.const 8 i32.const 1 call 0 i32.const -5 i32.eq call 1 i64.eqz i32.and if - unreachable end i64.const 0": hostabi.ErrTrap,
		"i32.const 8 i32.const 1 call 2 i64.const 0": hostabi.ErrABI,
	} {
		m := guest(code)
		m.Imports = optional
		p := mustPool(t, m, hostabi.PoolOptions{})
		if _, err := p.Decide(context.Background(), nil); !errors.Is(err, want) {
			t.Errorf("%s: %v", code, err)
		}
		p = mustPool(t, m, hostabi.PoolOptions{Granted: hostabi.Random})
		if _, err := p.Decide(context.Background(), nil); (err == nil) != errors.Is(want, hostabi.ErrABI) {
			t.Errorf("with random granted: %v", err)
		}
	}
	m := guest("i64.const 0")
	m.Imports = []wasmtest.Import{{Module: "siogw_optional", Name: "log", Params: "iii"}}
	if _, err := newPool(t, m, hostabi.PoolOptions{}); !errors.Is(err, hostabi.ErrABI) {
		t.Errorf("an import that needs no capability: %v", err)
	}
}
