// Package jsonpatch applies RFC 6902 patches to the parts of an input that may be changed: args and auth.
package jsonpatch

import (
	"bytes"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/siogw/siogw/internal/strictjson"
)

// MaxOperations bounds the operations of one patch.
const MaxOperations = 256

// Operation is one operation of a patch, its members as JSON.
type Operation = jsonpatch.Operation

// Target is what a patch changes.
type Target struct {
	Args    []byte // a JSON array; nil where the input has none
	Auth    []byte // a JSON object; nil where the input has none
	AddAuth bool   // a patch may add auth where there is none
	// MaxBytes bounds args and auth, each, as they come out, and together what copy operations make.
	MaxBytes int
}

// Parse reads a patch, a JSON array of operations.
func Parse(text []byte) ([]Operation, error) {
	if err := strictjson.Scan(text, strictjson.Limits{}); err != nil {
		return nil, err
	}
	return jsonpatch.DecodePatch(text)
}

// Apply applies a patch whose paths begin with /args or /auth, and gives what it has changed: nil for what it has not. Each
// stays the array or object that it has to be, and strict JSON; whether it is within the packet's limits is for others to
// say. Errors name the operation by its number.
func (t *Target) Apply(patch []Operation) (args, auth []byte, err error) {
	if len(patch) > MaxOperations {
		return nil, nil, fmt.Errorf("%d operations, at most %d are taken", len(patch), MaxOperations)
	}
	for i, op := range patch {
		if err := t.check(op); err != nil {
			return nil, nil, fmt.Errorf("operation %d: %w", i, err)
		}
	}
	doc, err := jsonpatch.Patch(patch).ApplyWithOptions(t.document(), &jsonpatch.ApplyOptions{AccumulatedCopySizeLimit: int64(t.MaxBytes)})
	if err != nil {
		return nil, nil, err
	}
	if args, err = t.part(doc, "args", t.Args); err != nil {
		return nil, nil, err
	}
	auth, err = t.part(doc, "auth", t.Auth)
	return args, auth, err
}

// document is what the operations see.
func (t *Target) document() []byte {
	b := make([]byte, 0, len(t.Args)+len(t.Auth)+20)
	b = append(b, '{')
	if t.Args != nil {
		b = append(append(b, `"args":`...), t.Args...)
	}
	if t.Auth != nil {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(b, `"auth":`...), t.Auth...)
	}
	return append(b, '}')
}

// part takes one member out of the result, which must still be of its kind, within bounds, and readable in one way only.
func (t *Target) part(doc []byte, key string, old []byte) ([]byte, error) {
	raw, there := strictjson.Member(doc, key)
	kind := strictjson.Array
	if key == "auth" {
		kind = strictjson.Object
	}
	switch {
	case !there && old == nil, there && bytes.Equal(raw, old):
		return nil, nil
	case !there:
		return nil, fmt.Errorf("/%s is removed", key)
	case strictjson.KindOf(raw) != kind:
		return nil, fmt.Errorf("/%s becomes something of another kind", key)
	case len(raw) > t.MaxBytes:
		return nil, fmt.Errorf("/%s becomes %d bytes long, at most %d are taken", key, len(raw), t.MaxBytes)
	}
	if err := strictjson.Scan(raw, strictjson.Wide); err != nil {
		return nil, fmt.Errorf("/%s: %w", key, err)
	}
	return bytes.Clone(raw), nil
}
