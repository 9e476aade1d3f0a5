package pluginkit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/plugins/native"
	"github.com/siogw/siogw/plugins/wasm"
)

// judging is a plugin that runs.
type judging interface {
	Measure(context.Context, *engine.Input) (engine.Verdict, wasm.Usage)
	Counters() map[string]int64
	Manifest() wasm.Manifest
	Close(context.Context) error
}

// openNative finds a program and reads the manifest beside it.
func openNative(path string) (*Module, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	manifest, err := native.ReadManifest(path)
	if err != nil {
		return nil, err
	}
	_, sum, err := native.Sum(path)
	return &Module{Name: filepath.Base(path), Native: path, Manifest: manifest, sum: sum}, err
}

// program is a native plugin with a process of its own.
type program struct {
	*native.Plugin
	process *native.Process
}

// loadNative starts a program, with nothing in its environment. Its memory is bounded by no less than a gateway's default.
func loadNative(ctx context.Context, m *Module, opt Options) (*Guest, error) {
	process, err := native.Start(ctx, native.Options{Name: m.Name, Path: m.Native, SHA256: m.sum, Manifest: m.Manifest, Config: opt.Config,
		Memory: max(opt.Memory, native.DefaultMemory), Logger: opt.Logger})
	if errors.Is(err, native.ErrRefused) {
		return nil, fmt.Errorf("%w: %w", hostabi.ErrConfig, err)
	}
	if err != nil {
		return nil, err
	}
	return &Guest{plugin: program{native.New(process, opt.Timeout, nil), process}}, nil
}

// Measure tells of no fuel and no memory: they are not metered.
func (p program) Measure(ctx context.Context, in *engine.Input) (engine.Verdict, wasm.Usage) {
	return p.Decide(ctx, in), wasm.Usage{}
}

// Counters gives none.
func (p program) Counters() map[string]int64 { return nil }

// Close ends the process.
func (p program) Close(ctx context.Context) error { return p.process.Close(ctx) }
