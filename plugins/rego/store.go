package rego

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/siogw/siogw/policies"
)

// Content is the policies and the data of a store of OPA's, as bundles brought them. It is immutable.
type Content struct {
	modules map[string]*ast.Module
	data    ast.Object
}

// ReadStore copies what txn sees in s. Tests (*_test.rego) are passed over, as they are in folders; the modules of
// [FillStore] are added by who loads.
func ReadStore(ctx context.Context, s storage.Store, txn storage.Transaction) (*Content, error) {
	names, err := s.ListPolicies(ctx, txn)
	if err != nil {
		return nil, fmt.Errorf("bundles: %w", err)
	}
	c := &Content{modules: map[string]*ast.Module{}}
	var errs []error
	for _, name := range names {
		if strings.HasSuffix(name, "_test.rego") || strings.HasPrefix(name, libraryRoot) {
			continue
		}
		text, err := s.GetPolicy(ctx, txn, name)
		if err != nil {
			return nil, fmt.Errorf("bundles: %w", err)
		}
		m, err := ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true})
		if err != nil {
			errs = append(errs, flatten(err))
			continue
		}
		c.modules[name] = m
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	raw, err := s.Read(ctx, txn, storage.RootPath)
	if err != nil {
		return nil, fmt.Errorf("bundles: %w", err)
	}
	value, err := ast.InterfaceToValue(raw) // a copy: the store changes its own in place
	if err != nil {
		return nil, fmt.Errorf("data of bundles: %w", err)
	}
	data, ok := value.(ast.Object)
	if !ok {
		return nil, errors.New("data of bundles: no object")
	}
	c.data = data
	return c, nil
}

// FillStore puts the library's modules into s, for what compiles the policies there by itself: OPA's bundles.
func FillStore(ctx context.Context, s storage.Store) error {
	return storage.Txn(ctx, s, storage.WriteParams, func(txn storage.Transaction) error {
		for _, name := range libraryNames() {
			text, err := fs.ReadFile(policies.Library(), name+".rego")
			if err != nil {
				return err
			}
			if err := s.UpsertPolicy(ctx, txn, libraryRoot+name+".rego", text); err != nil {
				return err
			}
		}
		return nil
	})
}

// LoadContent is [Load] of c in place of files; Paths and Files of o do not count.
func LoadContent(ctx context.Context, c *Content, o Options) (*Policy, error) {
	return loadModules(ctx, c.modules, inmem.NewFromASTObject(c.data), &o)
}

// system tells whether m is OPA's own and no part of the decision: rules that mask or drop events of its decision logs.
func system(m *ast.Module) bool { return m.Package.Path.HasPrefix(systemPath) }

var systemPath = ast.MustParseRef("data.system.log")

// splitSystem takes the modules of package system.log out, whose input is not that of the contract. They are compiled by
// themselves, with all that they may import: a mistake in them is found, and what policies may not call they may not
// either.
func splitSystem(modules map[string]*ast.Module, o *Options) (map[string]*ast.Module, error) {
	out := map[string]*ast.Module{}
	for name, m := range modules {
		if !system(m) {
			out[name] = m
		}
	}
	if len(out) == len(modules) {
		return modules, nil
	}
	c := ast.NewCompiler().WithDefaultRegoVersion(ast.RegoV1).WithCapabilities(capabilities(o.Unsafe))
	all := maps.Clone(modules)
	if err := addLibrary(all); err != nil {
		return nil, err
	}
	if c.Compile(all); c.Failed() {
		return nil, explainUnsafe(flatten(c.Errors))
	}
	return out, nil
}
