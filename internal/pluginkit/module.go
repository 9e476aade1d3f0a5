// Package pluginkit is what a plugin's author works with: it makes a project, builds it, packs the manifest into the
// module, tells what a module is, and runs it, its fixtures and its benchmark without a gateway.
package pluginkit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/plugins/js"
	"github.com/siogw/siogw/plugins/std"
)

// Module is a plugin that is not loaded yet.
type Module struct {
	Name     string // of the first-party guest, or of the file without .wasm
	Wasm     []byte
	Manifest []byte // that stands beside the module; nil: the one in it counts
	Script   []byte // the file that Wasm was made of, when it is JavaScript
	Native   string // the path of the program, when it is native: it has no Wasm

	sum string // of the program
}

// Open reads std:NAME, or a .wasm, .js or .mjs file of at most hostabi.MaxModule bytes; or finds the program of native:PATH.
func Open(source string) (*Module, error) {
	if name, ok := strings.CutPrefix(source, "std:"); ok {
		wasm, manifest, err := std.Open(name)
		return &Module{Name: name, Wasm: wasm, Manifest: manifest}, err
	}
	if path, ok := strings.CutPrefix(source, "native:"); ok {
		return openNative(path)
	}
	info, err := os.Stat(source)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; siogw plugin build makes a module of it", source)
	}
	if info.Size() > hostabi.MaxModule {
		return nil, fmt.Errorf("%s: %d bytes, more than %d", source, info.Size(), hostabi.MaxModule)
	}
	wasm, err := os.ReadFile(source)
	if err != nil {
		return nil, err
	}
	if js.Is(source) {
		return script(source, wasm)
	}
	if !bytes.HasPrefix(wasm, magic) {
		return nil, fmt.Errorf("%s: not a WebAssembly module", source)
	}
	return &Module{Name: strings.TrimSuffix(filepath.Base(source), ".wasm"), Wasm: wasm}, nil
}

// SHA256 is the checksum of the file that the key sha256 of the configuration compares, in hex.
func (m *Module) SHA256() string {
	if m.Native != "" {
		return m.sum
	}
	file := m.Wasm
	if m.Script != nil {
		file = m.Script
	}
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}
