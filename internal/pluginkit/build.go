package pluginkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/plugins/wasm"
)

// ManifestFile stands in a project's folder.
const ManifestFile = "manifest.json"

// ErrTools is wrapped where a language's tools are not installed, or not in PATH. The text says which, and how to get them.
var ErrTools = errors.New("what is needed is not installed")

// goFlags make a guest, and make it the same on every machine with the same Go.
var goFlags = []string{"build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}

// Build runs the usual tool of the project's language in dir, whose messages go to progress, packs the manifest, and
// checks that the outcome is a guest.
func Build(ctx context.Context, dir string, progress io.Writer) (*Module, error) {
	if _, err := os.Stat(filepath.Join(dir, scriptFile)); err == nil {
		return buildScript(dir)
	}
	raw, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if err != nil {
		return nil, err
	}
	manifest, err := wasm.ParseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, ManifestFile), err)
	}
	lang, err := languageOf(dir)
	if err != nil {
		return nil, err
	}
	module, err := compile(ctx, lang, dir, progress)
	if err != nil {
		return nil, err
	}
	if module, err = Pack(module, raw); err != nil {
		return nil, err
	}
	if _, err := hostabi.Check(module); err != nil {
		return nil, err
	}
	name := manifest.Name
	if !validName.MatchString(name) {
		return nil, fmt.Errorf("%s: name: want letters, digits, - and _, found %q", filepath.Join(dir, ManifestFile), name)
	}
	return &Module{Name: name, Wasm: module}, nil
}

// compile gives the module as the language's tools make it.
func compile(ctx context.Context, lang *language, dir string, progress io.Writer) ([]byte, error) {
	tmp, err := os.MkdirTemp("", "siogw-plugin-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	b := build{dir: dir, tmp: tmp, out: filepath.Join(tmp, "plugin.wasm"), progress: progress}
	if err := lang.build(ctx, &b); err != nil {
		return nil, err
	}
	return os.ReadFile(b.out)
}

// build is what a language's build gets.
type build struct {
	dir      string // of the project
	tmp      string // an empty folder
	out      string // where the module is to be
	progress io.Writer
}

// run runs a tool in the project's folder, with env in addition.
func (b *build) run(ctx context.Context, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = b.progress, b.progress
	return cmd.Run()
}

func buildGo(ctx context.Context, b *build) error {
	env := []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOWORK=off"}
	err := b.run(ctx, env, "go", append(goFlags, "-o", b.out, ".")...)
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%w: go", ErrTools)
	}
	if err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	return nil
}

func jsonOf(v any) []byte {
	b, _ := json.Marshal(v) // of strings, numbers and lists of them: always marshals
	return b
}
