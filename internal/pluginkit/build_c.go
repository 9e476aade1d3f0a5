package pluginkit

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// cFlags make a reactor of what is used of the sources. The stack lies first, so that to overflow it is a trap.
var cFlags = []string{"--target=wasm32-wasi", "-mexec-model=reactor", "-std=c11", "-O2", "-Wall", "-Wextra",
	"-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections,--strip-all,--stack-first,-z,stack-size=65536"}

// cMissing is what to do without a compiler for WebAssembly.
const cMissing = "install clang, lld, wasi-libc and libclang-rt-14-dev-wasm32 (so they are called in Debian 12), or set WASI_SDK_PATH to a wasi-sdk"

// buildC compiles the C files of the project and of its SDK.
func buildC(ctx context.Context, b *build) error {
	var sources []string
	for _, pattern := range []string{"*.c", sdkFolder + "/*.c"} {
		found, err := filepath.Glob(filepath.Join(b.dir, pattern))
		if err != nil {
			return err
		}
		for _, f := range found {
			rel, err := filepath.Rel(b.dir, f)
			if err != nil {
				return err
			}
			sources = append(sources, rel)
		}
	}
	clang, err := findClang()
	if err != nil {
		return err
	}
	args := append([]string{"-I" + sdkFolder, "-o", b.out}, cFlags...)
	err = b.run(ctx, nil, clang, append(args, sources...)...)
	if err == nil {
		return nil
	}
	if b.probeC(ctx, clang) != nil {
		return fmt.Errorf("%w: %s cannot make WebAssembly: %s", ErrTools, clang, cMissing)
	}
	return fmt.Errorf("clang: %w", err)
}

// findClang prefers the wasi-sdk that its variable names.
func findClang() (string, error) {
	if sdk := os.Getenv("WASI_SDK_PATH"); sdk != "" {
		return filepath.Join(sdk, "bin", "clang"), nil
	}
	for _, name := range []string{"clang", "clang-19", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: clang: %s", ErrTools, cMissing)
}

// probeC tells whether the compiler, its linker and its library are whole: whether the fault is not the project's.
func (b *build) probeC(ctx context.Context, clang string) error {
	source := filepath.Join(b.tmp, "probe.c")
	if err := os.WriteFile(source, []byte("#include <stdlib.h>\nvoid *probe(int n) { return malloc(n); }\n"), 0o600); err != nil {
		return err
	}
	quiet := build{dir: b.tmp, progress: io.Discard}
	return quiet.run(ctx, nil, clang, append([]string{"-Wl,--export=probe", "-o", filepath.Join(b.tmp, "probe.wasm"), source}, cFlags...)...)
}
