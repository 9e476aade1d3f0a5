package pluginkit

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// beside gives a linked copy of what npm installed in the SDK's folder: what npm ci would do in the project.
func beside(t *testing.T, dir string) {
	t.Helper()
	modules, err := filepath.Abs("../../sdk/assemblyscript/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(modules); err != nil {
		return // Build tells
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
}

// built skips the test where the language's tools are absent, unless SIOGW_REQUIRE_INTEROP=1 says that they must be there.
func built(t *testing.T, dir string) *Module {
	t.Helper()
	var said strings.Builder
	m, err := Build(context.Background(), dir, &said)
	if errors.Is(err, ErrTools) && os.Getenv("SIOGW_REQUIRE_INTEROP") != "1" {
		t.Skip(err)
	}
	if err != nil || said.Len() > 0 {
		t.Fatalf("%v\n%s", err, said.String())
	}
	return m
}

// TestCompiledProjects: a new project builds without a word, and passes its tests as it is; with a linked SDK it is the same module.
func TestCompiledProjects(t *testing.T) {
	for _, lang := range []string{"c", "rust", "assemblyscript"} {
		t.Run(lang, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "quiet")
			if _, err := New(dir, Project{Lang: lang}); err != nil {
				t.Fatal(err)
			}
			if lang == "assemblyscript" {
				beside(t, dir)
			}
			m := built(t, dir)
			cases, err := ReadFixtures(filepath.Join(dir, "fixtures"))
			if err != nil {
				t.Fatal(err)
			}
			outcomes, err := Test(context.Background(), m, cases, Options{Timeout: 10 * time.Second, CacheDir: t.TempDir()})
			if err != nil || len(outcomes) != len(cases) || len(cases) < 7 {
				t.Fatalf("%d of %d cases: %v", len(outcomes), len(cases), err)
			}
			for _, o := range outcomes {
				if !o.OK {
					t.Errorf("%s: %q", o.Name, o.Diff)
				}
			}
			// What a plugin does not use is not asked for: an import needs a capability, or is not granted.
			i, err := Inspect(m)
			if err != nil || !i.Guest {
				t.Fatalf("%+v %v", i, err)
			}
			for _, imp := range i.Imports {
				if imp.Module != "siogw" || imp.Name != "log" && imp.Name != "counter" {
					t.Errorf("it asks for %s.%s", imp.Module, imp.Name)
				}
			}
			linked := filepath.Join(t.TempDir(), "quiet")
			names, err := New(linked, Project{Lang: lang, SDK: "../../sdk/" + lang})
			if err != nil || slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "sdk/") }) {
				t.Fatalf("%v %v", names, err)
			}
			if again := built(t, linked); again.SHA256() != m.SHA256() {
				t.Errorf("with the SDK linked it is another module: %d bytes and %d", len(again.Wasm), len(m.Wasm))
			}
		})
	}
}

// TestBuildTells: a mistake of the author's is told by the compiler, and what is not installed by name.
func TestBuildTells(t *testing.T) {
	for lang, source := range map[string]string{"c": "plugin.c", "rust": "src/lib.rs", "assemblyscript": "assembly/index.ts"} {
		t.Run(lang, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "quiet")
			if _, err := New(dir, Project{Lang: lang}); err != nil {
				t.Fatal(err)
			}
			if lang == "assemblyscript" {
				if _, err := Build(context.Background(), dir, io.Discard); !errors.Is(err, ErrTools) || !strings.Contains(err.Error(), "npm ci") {
					t.Errorf("before npm ci: %v", err)
				}
				beside(t, dir)
			}
			built(t, dir)
			if err := os.WriteFile(filepath.Join(dir, source), []byte("\n\nnothing(;\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			_, err := Build(context.Background(), dir, &said)
			if err == nil || errors.Is(err, ErrTools) || !strings.Contains(said.String(), "nothing") {
				t.Errorf("a mistake: %v\n%s", err, said.String())
			}
			t.Setenv("PATH", t.TempDir())
			t.Setenv("WASI_SDK_PATH", "")
			if _, err := Build(context.Background(), dir, io.Discard); lang != "rust" && !errors.Is(err, ErrTools) {
				t.Errorf("without tools: %v", err)
			}
		})
	}
}
