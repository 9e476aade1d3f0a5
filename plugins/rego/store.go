package rego

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	p, err := loadModules(ctx, c.modules, inmem.NewFromASTObject(c.data), &o)
	if p != nil {
		p.logs = nil // the store has them
	}
	return p, err
}
