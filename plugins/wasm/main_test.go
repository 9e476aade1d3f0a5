package wasm_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// cacheDir keeps the compiled guests for one run: a Go guest takes a second to compile.
var cacheDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "siogw-wasm")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	cacheDir = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
