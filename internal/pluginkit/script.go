package pluginkit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/siogw/siogw/plugins/js"
	"github.com/siogw/siogw/plugins/wasm"
)

// scriptFile is the plugin in a project of JavaScript.
const scriptFile = "plugin.js"

// script makes a guest of a JavaScript file.
func script(file string, text []byte) (*Module, error) {
	module, err := js.Module(file, text)
	if err != nil {
		return nil, err
	}
	return &Module{Name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), Wasm: module, Script: text}, nil
}

// buildScript makes a module of the JavaScript in dir.
func buildScript(dir string) (*Module, error) {
	file := filepath.Join(dir, scriptFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m, err := script(file, text)
	if err != nil {
		return nil, err
	}
	if err := m.PackScript(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return m, nil
}

// PackScript makes a module that stands for itself of one that Open made of JavaScript: with the manifest that the script says,
// and under its name.
func (m *Module) PackScript() error {
	raw, err := manifestOf(m.Wasm)
	if err != nil {
		return err
	}
	manifest, err := wasm.ParseManifest(raw)
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if manifest.Name != "" {
		m.Name = manifest.Name
	}
	if !validName.MatchString(m.Name) {
		return fmt.Errorf("manifest: name: want letters, digits, - and _, found %q", m.Name)
	}
	m.Script = nil
	m.Wasm, err = Pack(m.Wasm, raw)
	return err
}
