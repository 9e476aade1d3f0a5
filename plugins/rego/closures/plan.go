package closures

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
)

// target is the name by which OPA's planner is asked: it gives plans to plugins for targets only.
const target = "siogw.closures"

type (
	planner struct{}
	planKey struct{}
)

var register = sync.OnceFunc(func() { rego.RegisterPlugin(target, planner{}) })

// IsTarget implements rego.TargetPlugin.
func (planner) IsTarget(name string) bool { return name == target }

// PrepareForEval implements rego.TargetPlugin: it hands the plan to whom the context says.
func (planner) PrepareForEval(ctx context.Context, p *ir.Policy, _ ...rego.PrepareOption) (rego.TargetPluginEval, error) {
	if to, ok := ctx.Value(planKey{}).(**ir.Policy); ok {
		*to = p
		return nil, nil
	}
	return nil, errors.New("no plan was asked for")
}

// Source is what a query is compiled from.
type Source struct {
	Compiler *ast.Compiler // has compiled the modules
	Query    ast.Body
	Store    storage.Store
	Txn      storage.Transaction
	// Pure reports whether a builtin function depends on its operands alone. Others are not called, but for
	// time.now_ns.
	Pure func(name string) bool
}

// plan asks OPA for the plan of a query.
func (s *Source) plan(ctx context.Context) (p *ir.Policy, err error) {
	defer func() { // a planner that panics is one that does not know the query
		if r := recover(); r != nil {
			err = fmt.Errorf("the planner failed: %v", r)
		}
	}()
	register()
	_, err = rego.New(rego.Target(target), rego.EvalMode(ast.EvalModeTopdown), rego.Compiler(s.Compiler),
		rego.ParsedQuery(s.Query), rego.Store(s.Store), rego.Transaction(s.Txn)).
		PrepareForEval(context.WithValue(ctx, planKey{}, &p))
	if err == nil && p == nil {
		err = errors.New("the planner gave none")
	}
	return p, err
}
