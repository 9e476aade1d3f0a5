package contract

import (
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// binaryURL names the schema that `format: binary` becomes: an object that tells of an attachment.
const binaryURL = "contract://siogw/binary"

var binarySchema = map[string]any{"type": "object", "required": []any{placeholderKey}}

// slots gives the path of every placeholder.
func slots(args []any) (found [][]string) {
	var walk func(v any, path []string)
	walk = func(v any, path []string) {
		switch v := v.(type) {
		case []any:
			for i, e := range v {
				walk(e, append(path, strconv.Itoa(i)))
			}
		case map[string]any:
			if isPlaceholder(v) {
				found = append(found, slices.Clone(path))
				return
			}
			for k, e := range v {
				walk(e, append(path, k))
			}
		}
	}
	walk(args, nil)
	slices.SortFunc(found, slices.Compare[[]string])
	return found
}

func isPlaceholder(v any) bool {
	m, ok := v.(map[string]any)
	return ok && m[placeholderKey] != nil
}

// saysBinary reports whether s, which v fits, says that binary stands at path. A schema that takes anything
// does not say so.
func saysBinary(s *jsonschema.Schema, v any, path []string) bool {
	if s == nil {
		return false
	}
	if len(path) == 0 && strings.HasPrefix(s.Location, binaryURL) {
		return true
	}
	return slices.ContainsFunc(beside(s, v), func(b *jsonschema.Schema) bool { return saysBinary(b, v, path) }) ||
		len(path) > 0 && slices.ContainsFunc(below(s, v, path[0]), func(b *jsonschema.Schema) bool {
			return saysBinary(b, member(v, path[0]), path[1:])
		})
}

// beside gives the schemas that s applies to the same value.
func beside(s *jsonschema.Schema, v any) []*jsonschema.Schema {
	out := slices.Clone(s.AllOf)
	if s.Ref != nil {
		out = append(out, s.Ref)
	}
	if s.DynamicRef != nil {
		out = append(out, s.DynamicRef.Ref)
	}
	for _, either := range [][]*jsonschema.Schema{s.AnyOf, s.OneOf} {
		for _, b := range either {
			if b.Validate(v) == nil {
				out = append(out, b)
			}
		}
	}
	if s.If != nil {
		if s.If.Validate(v) == nil {
			out = append(out, s.If, s.Then)
		} else {
			out = append(out, s.Else)
		}
	}
	return out
}

// below gives the schemas that s applies to the member at key.
func below(s *jsonschema.Schema, v any, key string) (out []*jsonschema.Schema) {
	if _, ok := v.([]any); ok {
		if i, _ := strconv.Atoi(key); i < len(s.PrefixItems) {
			return s.PrefixItems[i : i+1]
		}
		return append(out, s.Items2020, s.UnevaluatedItems)
	}
	if p := s.Properties[key]; p != nil {
		out = append(out, p)
	}
	for re, p := range s.PatternProperties {
		if re.MatchString(key) {
			out = append(out, p)
		}
	}
	if more, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && len(out) == 0 {
		out = append(out, more)
	}
	return append(out, s.UnevaluatedProperties)
}

// member gives what stands at key in v, nil for nothing.
func member(v any, key string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[key]
	case []any:
		if i, err := strconv.Atoi(key); err == nil && i < len(v) {
			return v[i]
		}
	}
	return nil
}
