package wasm_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/siogw/siogw/hostabi"
)

// rt is the runtime of all tests: it keeps compiled guests, and a Go guest takes a second to compile.
var rt *hostabi.Runtime

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "siogw-wasm")
	if err != nil {
		return 2, err
	}
	defer os.RemoveAll(dir)
	if rt, err = hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{CacheDir: dir}); err != nil {
		return 2, err
	}
	code = m.Run()
	if err := rt.Close(ctx); err != nil {
		return code, err
	}
	return code, goleak.Find()
}
