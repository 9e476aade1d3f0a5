// Package jsonpatch applies RFC 6902 patches to the parts of an input that may be changed: args and auth.
package jsonpatch

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/siogw/siogw/internal/strictjson"
)

// The limits of one patch.
const (
	MaxOperations = 256
	maxCopied     = 1 << 20 // bytes that its copy operations make
)

// Apply applies ops, a JSON array of operations whose paths begin with /args or /auth, and gives what has
// changed: nil for what has not. args is a JSON array and auth a JSON object, or nil where the input has
// none; both stay so. The result is strict JSON. Errors name the operation by its number.
func Apply(args, auth, ops []byte) (newArgs, newAuth []byte, err error) {
	if err := strictjson.Scan(ops, strictjson.Limits{}); err != nil {
		return nil, nil, err
	}
	patch, err := jsonpatch.DecodePatch(ops)
	if err != nil {
		return nil, nil, err
	}
	if len(patch) > MaxOperations {
		return nil, nil, fmt.Errorf("%d operations, more than %d", len(patch), MaxOperations)
	}
	for i, op := range patch {
		if err := check(op); err != nil {
			return nil, nil, fmt.Errorf("operation %d: %w", i, err)
		}
	}
	opt := jsonpatch.NewApplyOptions()
	opt.SupportNegativeIndices = false
	opt.AccumulatedCopySizeLimit = maxCopied
	opt.EscapeHTML = false
	out, err := patch.ApplyWithOptions(document(args, auth), opt)
	if err != nil {
		return nil, nil, err
	}
	if newArgs, err = part(out, "args", args, strictjson.Array); err != nil {
		return nil, nil, err
	}
	newAuth, err = part(out, "auth", auth, strictjson.Object)
	return newArgs, newAuth, err
}

func document(args, auth []byte) []byte {
	doc := []byte{'{'}
	if args != nil {
		doc = append(append(doc, `"args":`...), args...)
	}
	if auth != nil {
		if args != nil {
			doc = append(doc, ',')
		}
		doc = append(append(doc, `"auth":`...), auth...)
	}
	return append(doc, '}')
}

// check refuses an operation that reaches elsewhere. A test may, but only inside the same two.
func check(op jsonpatch.Operation) error {
	path, err := op.Path()
	if err != nil {
		return err
	}
	paths := []string{path}
	if kind := op.Kind(); kind == "move" || kind == "copy" {
		from, err := op.From()
		if err != nil {
			return err
		}
		paths = append(paths, from)
	}
	for _, p := range paths {
		if !under(p, "/args") && !under(p, "/auth") {
			return fmt.Errorf("path %.80q is not under /args or /auth", p)
		}
	}
	return nil
}

func under(path, root string) bool {
	return path == root || strings.HasPrefix(path, root+"/")
}

// part takes one member out of the result, and checks that it is still what it has to be.
func part(doc []byte, key string, old []byte, kind strictjson.Kind) ([]byte, error) {
	raw, ok := strictjson.Member(doc, key)
	switch {
	case !ok && old == nil:
		return nil, nil
	case !ok:
		return nil, fmt.Errorf("the patch removes /%s", key)
	case old == nil:
		return nil, fmt.Errorf("the patch adds /%s to an input that has none", key)
	case bytes.Equal(raw, old):
		return nil, nil
	case strictjson.KindOf(raw) != kind:
		return nil, errors.New("the patch gives /" + key + " another type")
	}
	if err := strictjson.Scan(raw, strictjson.Limits{}); err != nil {
		return nil, fmt.Errorf("/%s: %w", key, err)
	}
	return bytes.Clone(raw), nil
}
