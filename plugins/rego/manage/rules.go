package manage

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/plugins"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/siogw/siogw/plugins/rego"
)

// LogRules has r mask and drop the events of decision logs from now on; nil: nothing is masked or dropped. It is for
// policies from files, when the Agent has been started: bundles bring rules of their own.
func (a *Agent) LogRules(ctx context.Context, r *rego.LogRules) error {
	if r == nil {
		r = &rego.LogRules{Compiler: ast.NewCompiler(), Data: map[string]any{}}
	}
	params := storage.WriteParams
	params.Context = storage.NewContext()
	plugins.SetCompilerOnContext(params.Context, r.Compiler)
	err := storage.Txn(ctx, a.store, params, func(txn storage.Transaction) error {
		return a.store.Write(ctx, txn, storage.AddOp, storage.RootPath, r.Data)
	})
	if err != nil {
		return fmt.Errorf("opa: rules for decision logs: %w", err)
	}
	return nil
}
