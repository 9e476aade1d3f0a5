package hostabi

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/siogw/siogw/hostabi/meter"
)

// RuntimeOptions says how a Runtime works.
type RuntimeOptions struct {
	CacheDir string // keeps compiled modules between runs; "" keeps none
}

// Runtime compiles and holds modules. Safe for concurrent use.
type Runtime struct {
	wz    wazero.Runtime
	cache wazero.CompilationCache

	modules modules
}

// NewRuntime starts an empty runtime. It compiles to machine code where wazero can (amd64, arm64) and
// interprets elsewhere.
func NewRuntime(ctx context.Context, opt RuntimeOptions) (*Runtime, error) {
	conf := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2).WithDebugInfoEnabled(false)
	r := &Runtime{}
	if opt.CacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(opt.CacheDir)
		if err != nil {
			return nil, fmt.Errorf("compilation cache: %w", err)
		}
		r.cache = cache
		conf = conf.WithCompilationCache(cache)
	}
	r.wz = wazero.NewRuntimeWithConfig(ctx, conf)
	if err := r.hostModules(ctx); err != nil {
		return nil, errors.Join(err, r.Close(ctx))
	}
	return r, nil
}

func (r *Runtime) hostModules(ctx context.Context) error {
	i64 := []api.ValueType{api.ValueTypeI64}
	_, err := r.wz.NewHostModuleBuilder(meter.HookModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(hook), i64, i64).Export(meter.HookName).Instantiate(ctx)
	if err != nil {
		return err
	}
	own, optional := r.wz.NewHostModuleBuilder(hostModule), r.wz.NewHostModuleBuilder(optionalModule)
	for name, f := range hostFuncs {
		params, results := valueTypes(f.params), valueTypes(f.results)
		own.NewFunctionBuilder().WithGoModuleFunction(f.call, params, results).Export(name)
		if f.needs != 0 {
			optional.NewFunctionBuilder().WithGoModuleFunction(f.optional(), params, results).Export(name)
		}
	}
	if _, err := own.Instantiate(ctx); err != nil {
		return err
	}
	if _, err := optional.Instantiate(ctx); err != nil {
		return err
	}
	return wasi(ctx, r.wz)
}

// importCost makes a guest look at the clock before every call of WASI: one may take a millisecond.
func importCost(module, _ string) uint32 {
	if module == wasi_snapshot_preview1.ModuleName {
		return slice
	}
	return slice / 100
}

// Close releases everything, open pools included; they should be closed before it.
func (r *Runtime) Close(ctx context.Context) error {
	err := r.wz.Close(ctx)
	if r.cache != nil {
		err = errors.Join(err, r.cache.Close(ctx))
	}
	return err
}
