// Package bundletest makes bundles with OPA's own writer and signer, and serves them as bundle servers do. It is for tests.
package bundletest

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/open-policy-agent/opa/v1/bundle"
)

// Bundle is what `opa build --bundle` makes. As JSON it is what [Server] takes.
type Bundle struct {
	Revision string            `json:"revision"`
	Roots    []string          `json:"roots"`   // nil: siogw and system/log
	Modules  map[string]string `json:"modules"` // Rego by path: authz.rego
	Data     map[string]any    `json:"data"`
	Delta    []Operation       `json:"delta"`    // changes of the data that are served, in place of modules and data
	Key      string            `json:"key"`      // signs: a secret or a private key as PEM; "": unsigned
	Algo     string            `json:"algo"`     // of the signature; "": HS256
	Tampered map[string]string `json:"tampered"` // modules that are replaced after it was signed
}

// Operation is one change of a delta.
type Operation struct {
	Op    string `json:"op"` // upsert, replace, remove
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// KeyID is what signatures name as their key.
const KeyID = "signer"

// Pack gives the bundle as it is served. Signatures have the scope "write".
func (b *Bundle) Pack() ([]byte, error) {
	roots := b.Roots
	if roots == nil {
		roots = []string{"siogw", "system/log"}
	}
	out := bundle.Bundle{Manifest: bundle.Manifest{Revision: b.Revision, Roots: &roots}, Data: b.Data}
	for _, op := range b.Delta {
		out.Patch.Data = append(out.Patch.Data, bundle.PatchOperation{Op: op.Op, Path: op.Path, Value: op.Value})
	}
	if b.Data == nil && b.Delta == nil {
		out.Data = map[string]any{}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Modules)) {
		out.Modules = append(out.Modules, bundle.ModuleFile{URL: name, Path: "/" + name, Raw: []byte(b.Modules[name])})
	}
	if b.Key != "" {
		if err := b.sign(&out); err != nil {
			return nil, fmt.Errorf("sign: %w", err)
		}
	}
	for i := range out.Modules {
		if text, ok := b.Tampered[out.Modules[i].URL]; ok {
			out.Modules[i].Raw = []byte(text)
		}
	}
	var text bytes.Buffer
	err := bundle.NewWriter(&text).UseModulePath(true).DisableFormat(true).Write(out)
	return text.Bytes(), err
}

func (b *Bundle) sign(out *bundle.Bundle) error {
	claims, err := os.CreateTemp("", "claims-*.json") // OPA takes them from a file alone
	if err != nil {
		return err
	}
	defer os.Remove(claims.Name())
	if _, err = claims.WriteString(`{"scope":"write"}`); err == nil {
		err = claims.Close()
	}
	if err != nil {
		return err
	}
	return out.GenerateSignature(bundle.NewSigningConfig(b.Key, cmp.Or(b.Algo, "HS256"), claims.Name()), KeyID, true)
}
