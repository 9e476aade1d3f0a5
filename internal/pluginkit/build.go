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

// goFlags make a guest, and make it the same on every machine with the same Go.
var goFlags = []string{"build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}

// Build runs the usual tool of the project's language in dir, whose messages go to progress, packs the manifest, and
// checks that the outcome is a guest.
func Build(ctx context.Context, dir string, progress io.Writer) (*Module, error) {
	raw, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if err != nil {
		return nil, err
	}
	manifest, err := wasm.ParseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, ManifestFile), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return nil, fmt.Errorf("%s: no go.mod; a plugin in another language is built with its own tools, and packed with siogw plugin pack", dir)
	}
	module, err := buildGo(ctx, dir, progress)
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

func buildGo(ctx context.Context, dir string, progress io.Writer) ([]byte, error) {
	tmp, err := os.MkdirTemp("", "siogw-plugin-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	out := filepath.Join(tmp, "plugin.wasm")
	cmd := exec.CommandContext(ctx, "go", append(goFlags, "-o", out, ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = progress, progress
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, errors.New("go is not installed, or not in PATH")
		}
		return nil, fmt.Errorf("go build: %w", err)
	}
	return os.ReadFile(out)
}

func jsonOf(v any) []byte {
	b, _ := json.Marshal(v) // of strings, numbers and lists of them: always marshals
	return b
}
