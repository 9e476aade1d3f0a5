package pluginkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/hostabi/meter"
	"github.com/siogw/siogw/plugins/wasm"
)

// Inspection is what a module says of itself. Nothing of it has run, but for a script that says its manifest.
type Inspection struct {
	Name         string         `json:"name"`
	Bytes        int            `json:"bytes"`
	SHA256       string         `json:"sha256"`
	Guest        bool           `json:"guest"`             // it has what a guest needs, and asks for nothing else
	Problem      string         `json:"problem,omitempty"` // why it is none
	Manifest     *wasm.Manifest `json:"manifest"`          // null when it cannot be read
	ManifestFrom string         `json:"manifest_from"`     // module, beside, program, or none: the defaults hold
	Functions    int            `json:"functions"`
	Memory       *Pages         `json:"memory"` // null when it has none of its own
	Imports      []Import       `json:"imports"`
	Exports      []Export       `json:"exports"`
	Custom       []Section      `json:"custom"` // sections, sorted
}

// Pages are the limits of a memory, in pages of 64 KiB.
type Pages struct {
	Min uint32  `json:"min"`
	Max *uint32 `json:"max,omitempty"`
}

// Import is something that a module asks for.
type Import struct {
	Module string `json:"module"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Type   string `json:"type,omitempty"` // of a function
}

// Export is something that a module offers.
type Export struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Type string `json:"type,omitempty"` // of a function
}

// Section is a custom section.
type Section struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
}

// Inspect fails on what is no module; what is no guest has a Problem.
func Inspect(m *Module) (*Inspection, error) {
	if m.Native != "" {
		return nil, fmt.Errorf("%s: a program, which siogw check looks at; its sha256 is %s", m.Native, m.SHA256())
	}
	info, err := hostabi.Check(m.Wasm)
	if info == nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	i := &Inspection{Name: m.Name, Bytes: len(m.Wasm), SHA256: m.SHA256(), Functions: info.Funcs,
		Imports: []Import{}, Exports: []Export{}, Custom: []Section{}}
	manifest, merr := i.readManifest(m, info)
	if merr == nil {
		i.Manifest = &manifest
	} else if err == nil {
		err = fmt.Errorf("manifest: %w", merr)
	}
	if i.Guest = err == nil; !i.Guest {
		i.Problem = err.Error()
	}
	i.declarations(info)
	return i, nil
}

func (i *Inspection) readManifest(m *Module, info *meter.Info) (wasm.Manifest, error) {
	raw := m.Manifest
	i.ManifestFrom = "beside"
	if raw == nil {
		raw = info.Custom[wasm.ManifestSection]
		i.ManifestFrom = "module"
	}
	if raw == nil && info.Custom[hostabi.ProgramSection] != nil {
		i.ManifestFrom = "program"
		var err error
		if raw, err = manifestOf(m.Wasm); err != nil {
			return wasm.Manifest{}, err
		}
	}
	if raw == nil {
		i.ManifestFrom = "none"
	}
	return wasm.ParseManifest(raw)
}

// manifestOf runs an interpreter's program, in the sandbox, as far as it says its manifest.
func manifestOf(module []byte) (raw []byte, err error) {
	ctx := context.Background()
	rt, err := hostabi.NewRuntime(ctx, hostabi.RuntimeOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rt.Close(ctx)) }()
	m, err := rt.Compile(ctx, module)
	if err != nil {
		return nil, err
	}
	return m.Manifest(ctx)
}

func (i *Inspection) declarations(info *meter.Info) {
	if l := info.Memory; l != nil {
		i.Memory = &Pages{Min: l.Min}
		if l.HasMax {
			i.Memory.Max = &l.Max
		}
	}
	for _, imp := range info.Imports {
		i.Imports = append(i.Imports, Import{imp.Module, imp.Name, imp.Kind.String(), signature(imp.Kind, imp.Type)})
	}
	for _, exp := range info.Exports {
		i.Exports = append(i.Exports, Export{exp.Name, exp.Kind.String(), signature(exp.Kind, exp.Type)})
	}
	for name, content := range info.Custom {
		i.Custom = append(i.Custom, Section{name, len(content)})
	}
	slices.SortFunc(i.Custom, func(a, b Section) int { return cmp.Compare(a.Name, b.Name) })
}

func signature(k meter.Kind, t meter.FuncType) string {
	if k != meter.Func {
		return ""
	}
	return t.String()
}
