package manage

import (
	"context"

	opabundle "github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/plugins/bundle"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/siogw/siogw/plugins/rego"
)

// activate hands over what txn is about to commit, once all bundles are there that are configured: half of them may
// allow what the others deny. While bundles are there, none but they write.
func (a *Agent) activate(ctx context.Context, txn storage.Transaction) error {
	plugin := bundle.Lookup(a.manager)
	if plugin == nil || a.life.Err() != nil {
		return nil
	}
	there, err := a.revisions(ctx, txn)
	if err != nil || len(there) == 0 {
		return err
	}
	for name := range plugin.Config().Bundles {
		if _, ok := there[name]; !ok {
			return nil
		}
	}
	err = a.take(ctx, txn, there)
	if err != nil && a.lost(there) { // OPA does not go on without this commit
		a.o.Logger.Error("opa: what is left without the bundles that were removed is not taken: the policy before stays", "error", err)
		return nil
	}
	return err
}

func (a *Agent) take(ctx context.Context, txn storage.Transaction, bundles map[string]string) error {
	content, err := rego.ReadStore(ctx, a.store, txn)
	if err == nil {
		err = a.o.Take(ctx, &Activation{Content: content, Bundles: bundles})
	}
	if err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.active = bundles
	}
	return err
}

// lost reports whether a bundle that was active is not among those that are there.
func (a *Agent) lost(there map[string]string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name := range a.active {
		if _, ok := there[name]; !ok {
			return true
		}
	}
	return false
}

// revisions gives those of the bundles that txn sees.
func (a *Agent) revisions(ctx context.Context, txn storage.Transaction) (map[string]string, error) {
	names, err := opabundle.ReadBundleNamesFromStore(ctx, a.store, txn)
	if err != nil && !storage.IsNotFound(err) {
		return nil, err
	}
	out := map[string]string{}
	for _, name := range names {
		revision, err := opabundle.ReadBundleRevisionFromStore(ctx, a.store, txn, name)
		if err != nil && !storage.IsNotFound(err) {
			return nil, err
		}
		out[name] = revision
	}
	return out, nil
}
