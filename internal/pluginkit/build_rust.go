package pluginkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const rustTarget = "wasm32-unknown-unknown"

// errRust is what to do without a compiler that makes WebAssembly.
var errRust = fmt.Errorf("%w: a rustc that makes WebAssembly: install rustc, libstd-rust-dev-wasm32 and lld (so they are called in "+
	"Debian 12), or with rustup: rustup target add %s", ErrTools, rustTarget)

// buildRust uses cargo where it can make WebAssembly. Otherwise a rustc that can, such as Debian's beside a rustup without the
// target, compiles SDK and project; then the project can have no other dependencies.
func buildRust(ctx context.Context, b *build) error {
	if rustc := b.rustcOf(ctx, "rustc"); rustc != nil {
		if _, err := exec.LookPath("cargo"); err == nil {
			return b.cargo(ctx, rustc)
		}
		return b.rustc(ctx, rustc)
	}
	if rustc := b.rustcOf(ctx, "/usr/bin/rustc"); rustc != nil {
		return b.rustc(ctx, rustc)
	}
	return errRust
}

// rustc is a compiler, and the linker it needs said; "" where it has its own.
type rustc struct{ path, linker string }

// rustcOf gives nil for a compiler that is not there, or does not make WebAssembly. It is asked in the project's folder:
// rustup may choose by it.
func (b *build) rustcOf(ctx context.Context, path string) *rustc {
	libs := b.ask(ctx, path, "--print", "target-libdir", "--target", rustTarget)
	if std, err := filepath.Glob(filepath.Join(libs, "libstd-*.rlib")); libs == "" || err != nil || len(std) == 0 {
		return nil
	}
	r := &rustc{path: path}
	own, err := filepath.Glob(filepath.Join(b.ask(ctx, path, "--print", "sysroot"), "lib/rustlib/*/bin/rust-lld"))
	if err == nil && len(own) > 0 {
		return r
	}
	for _, name := range []string{"rust-lld", "wasm-ld"} {
		if _, err := exec.LookPath(name); err == nil {
			r.linker = name
			return r
		}
	}
	return nil
}

func (b *build) ask(ctx context.Context, path string, args ...string) string {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = b.dir
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func (b *build) cargo(ctx context.Context, r *rustc) error {
	target := filepath.Join(b.tmp, "target")
	env := []string{"CARGO_TARGET_DIR=" + target}
	if r.linker != "" {
		env = append(env, "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="+r.linker)
	}
	if err := b.run(ctx, env, "cargo", "build", "--quiet", "--release", "--target", rustTarget); err != nil {
		return fmt.Errorf("cargo build: %w", err)
	}
	made, err := filepath.Glob(filepath.Join(target, rustTarget, "release", "*.wasm"))
	if err != nil || len(made) != 1 {
		return fmt.Errorf("cargo made %d modules: Cargo.toml wants one library of crate-type cdylib", len(made))
	}
	return os.Rename(made[0], b.out)
}

var rustFlags = []string{"--edition=2021", "--target=" + rustTarget, "-Copt-level=3", "-Cpanic=abort", "-Cstrip=symbols", "-Clto=fat", "-Cembed-bitcode=yes"}

func (b *build) rustc(ctx context.Context, r *rustc) error {
	sdk := filepath.Join(b.tmp, "libsiogw.rlib")
	full, err := filepath.Abs(b.dir)
	if err != nil {
		return err
	}
	// The same module in whichever folder.
	flags := append(rustFlags[:len(rustFlags):len(rustFlags)], "--remap-path-prefix="+full+"=.", "--remap-path-prefix="+b.tmp+"=.")
	if r.linker != "" {
		flags = append(flags, "-Clinker="+r.linker)
	}
	for _, args := range [][]string{
		{"--crate-name=siogw", "--crate-type=rlib", sdkFolder + "/src/lib.rs", "-o", sdk},
		{"--crate-name=plugin", "--crate-type=cdylib", "--extern=siogw=" + sdk, "src/lib.rs", "-o", b.out},
	} {
		if err := b.run(ctx, nil, r.path, append(args, flags...)...); err != nil {
			return fmt.Errorf("%s, which knows no crates but the SDK: %w", r.path, err)
		}
	}
	return nil
}
