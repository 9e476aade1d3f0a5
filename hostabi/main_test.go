package hostabi_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/wasmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The parts of a well-behaved guest, which the hostile ones replace.
const (
	goodAlloc = "i32.const 4096"
	answerAt  = 8 // where a guest's Data stands
)

func alloc(code string) wasmtest.Func {
	return wasmtest.Func{Export: "siogw_alloc", Params: "i", Results: "i", Code: code}
}

func decide(code string) wasmtest.Func {
	return wasmtest.Func{Export: "siogw_decide", Params: "ii", Results: "l", Locals: "il", Code: code}
}

// imports are all host functions: log 0, label 1, counter 2.
var imports = []wasmtest.Import{{Module: "siogw", Name: "log", Params: "iii"},
	{Module: "siogw", Name: "label", Params: "iiii"}, {Module: "siogw", Name: "counter", Params: "iil"}}

// guest is a module whose siogw_decide is code.
func guest(code string) wasmtest.Module {
	return wasmtest.Module{Imports: imports, Memory: "\x00\x02", Funcs: []wasmtest.Func{alloc(goodAlloc), decide(code)}}
}

func newRuntime(t testing.TB) *hostabi.Runtime {
	t.Helper()
	rt, err := hostabi.NewRuntime(context.Background(), hostabi.RuntimeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return rt
}

func newPool(t testing.TB, m wasmtest.Module, opt hostabi.PoolOptions) (*hostabi.Pool, error) {
	t.Helper()
	ctx := context.Background()
	mod, err := newRuntime(t).Compile(ctx, m.Binary())
	if err != nil {
		return nil, err
	}
	p, err := hostabi.NewPool(mod, opt)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return p, nil
}

func mustPool(t testing.TB, m wasmtest.Module, opt hostabi.PoolOptions) *hostabi.Pool {
	t.Helper()
	p, err := newPool(t, m, opt)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
