package rego

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/siogw/siogw/policies"
)

// logPackage is where OPA looks for rules that mask and drop events of its decision logs; logPackage_test has their tests.
const logPackage = "data.system.log"

// logEvent is the JSON Schema of their input, less the decision's.
//
//go:embed logevent.json
var logEvent []byte

// LogRules are the rules among a policy's files that are for OPA's decision logs, with all that they may ask. They are no
// part of the decision.
type LogRules struct {
	Compiler *ast.Compiler  // has compiled them
	Data     map[string]any // a copy
}

// LogRules gives those of a policy of files, nil for none. Those of bundles are in the store that they came from.
func (p *Policy) LogRules(ctx context.Context) (*LogRules, error) {
	if p.logs == nil {
		return nil, nil
	}
	raw, err := p.store.Read(ctx, p.txn, storage.RootPath)
	if err != nil {
		return nil, fmt.Errorf("policy data: %w", err)
	}
	value, ok := raw.(ast.Value)
	if !ok {
		return nil, errors.New("policy data: no value of OPA's")
	}
	doc, err := ast.JSON(value)
	if err != nil {
		return nil, fmt.Errorf("policy data: %w", err)
	}
	data, ok := doc.(map[string]any)
	if !ok {
		return nil, errors.New("policy data: no object")
	}
	return &LogRules{p.logs, data}, nil
}

// splitLogRules takes the rules for OPA's decision logs out of modules: their input is an event of these. They are
// compiled by themselves, with all that they may import: a mistake in them is found, and what policies may not call they
// may not either.
func (p *Policy) splitLogRules(ctx context.Context, modules map[string]*ast.Module, o *Options) (map[string]*ast.Module, error) {
	out, logs := map[string]*ast.Module{}, map[string]bool{}
	for name, m := range modules {
		if forLogs(m, o) {
			logs[name] = true
		} else {
			out[name] = m
		}
	}
	if len(logs) == 0 {
		return modules, nil
	}
	all := maps.Clone(modules)
	if err := addLibrary(all); err != nil {
		return nil, err
	}
	c := ast.NewCompiler().WithDefaultRegoVersion(ast.RegoV1).WithCapabilities(capabilities(o.Unsafe)).
		WithPathConflictsCheck(storage.NonEmpty(ctx, p.store, p.txn))
	if c.Compile(all); c.Failed() {
		return nil, explainUnsafe(flatten(c.Errors))
	}
	p.logs = c
	return out, checkLogTypes(all, logs, o)
}

// forLogs tells whether m is in or below package system.log, or the package of a rule that o names.
func forLogs(m *ast.Module, o *Options) bool {
	path := m.Package.Path.String()
	below := func(pkg string) bool { return path == pkg || path == pkg+"_test" || strings.HasPrefix(path, pkg+".") }
	if below(logPackage) {
		return true
	}
	for _, rule := range o.LogRules {
		names := strings.Split(strings.Trim(rule, "/"), "/")
		if own := strings.Join(append([]string{"data"}, names[:len(names)-1]...), "."); own != "data" && own != pkg && below(own) {
			return true
		}
	}
	return false
}

// checkLogTypes finds what is no path of an event, in the modules of logs alone.
func checkLogTypes(all map[string]*ast.Module, logs map[string]bool, o *Options) error {
	set, err := logSchema(o)
	if err != nil {
		return err
	}
	c := ast.NewCompiler().WithDefaultRegoVersion(ast.RegoV1).WithCapabilities(capabilities(o.Unsafe)).WithSchemas(set).
		WithUseTypeCheckAnnotations(true).SetErrorLimit(0)
	c.WithStageAfterID(ast.StageResolveRefs, ownPlaces).Compile(all)
	var errs []error
	for _, e := range c.Errors {
		if e.Code == ast.TypeErr && e.Location != nil && logs[e.Location.File] {
			errs = append(errs, fmt.Errorf("%w\n\tthe input of this package is an event of OPA's decision logs, whose input is that of the decision", e))
		}
	}
	return errors.Join(errs...)
}

// logSchema is that of an event, around the input that policies see. What may be hidden can be of any type.
func logSchema(o *Options) (*ast.SchemaSet, error) {
	var event, input map[string]any
	schema := o.Schema
	if schema == nil {
		schema = policies.Schema
	}
	if err := errors.Join(util.UnmarshalJSON(logEvent, &event), util.UnmarshalJSON(schema, &input)); err != nil {
		return nil, fmt.Errorf("log schema: %w", err)
	}
	if fields, ok := input["properties"].(map[string]any); ok {
		fields["args"], fields["auth"] = map[string]any{}, map[string]any{}
	}
	event["properties"].(map[string]any)["input"] = input
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, event)
	return set, nil
}
