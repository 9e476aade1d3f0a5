package contract

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// reason names the first rule that args break, with the JSON pointer of the place. It tells nothing that
// the sender wrote: names of members only where the contract has them too.
func (c *Contract) reason(err error, args []any) string {
	var ve *jsonschema.ValidationError
	if !errors.As(err, &ve) {
		return "breaks the contract"
	}
	leaf := first(ve)
	text := rule(leaf, at(args, leaf.InstanceLocation))
	return c.pointer(leaf.InstanceLocation, args) + ": " + text
}

// first gives the leaf whose place comes first. The library walks members in random order.
func first(ve *jsonschema.ValidationError) *jsonschema.ValidationError {
	switch ve.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
	default:
		return ve
	}
	if len(ve.Causes) == 0 {
		return ve
	}
	best := first(ve.Causes[0])
	for _, cause := range ve.Causes[1:] {
		if leaf := first(cause); slices.Compare(leaf.InstanceLocation, best.InstanceLocation) < 0 {
			best = leaf
		}
	}
	return best
}

func at(v any, path []string) any {
	for _, key := range path {
		v = member(v, key)
	}
	return v
}

var escapeToken = strings.NewReplacer("~", "~0", "/", "~1")

// pointer writes a place below /args. A member that the contract does not name is written as *.
func (c *Contract) pointer(path []string, args []any) string {
	var b strings.Builder
	b.WriteString("/args")
	var v any = args
	for i, key := range path {
		if isPlaceholder(v) && i == len(path)-1 { // what is said of an attachment, not a member of the sender's
			break
		}
		b.WriteByte('/')
		_, list := v.([]any)
		if list || c.names[key] {
			b.WriteString(escapeToken.Replace(key))
		} else {
			b.WriteByte('*')
		}
		v = member(v, key)
	}
	return b.String()
}

// rule says in words what the error's keyword wants. v is the value at fault, never shown.
func rule(e *jsonschema.ValidationError, v any) string {
	if text := binaryRule(e, v); text != "" {
		return text
	}
	if text := sizeRule(e); text != "" {
		return text
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return "want " + strings.Join(k.Want, " or ")
	case *kind.Enum, *kind.Const:
		return "not a value that is allowed here"
	case *kind.Format:
		return "not a valid " + k.Want
	case *kind.Pattern:
		return "does not match the pattern"
	case *kind.Required:
		return "lacks " + strings.Join(k.Missing, ", ")
	case *kind.AdditionalProperties, *kind.PropertyNames:
		return "has a member that the contract does not name"
	case *kind.FalseSchema, *kind.Not:
		return "not in the contract"
	case *kind.AnyOf:
		return "fits none of the alternatives"
	case *kind.OneOf:
		if len(k.Subschemas) > 1 {
			return "fits more than one alternative"
		}
		return "fits none of the alternatives"
	case *kind.UniqueItems:
		return "two items are equal"
	case *kind.MultipleOf:
		return "not a multiple of " + number(k.Want)
	}
	return "breaks " + keyword(e.ErrorKind)
}

func sizeRule(e *jsonschema.ValidationError) string {
	items := "items"
	if len(e.InstanceLocation) == 0 {
		items = "arguments"
	}
	switch k := e.ErrorKind.(type) {
	case *kind.MinLength:
		return fmt.Sprintf("shorter than %d", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("longer than %d", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("fewer than %d %s", k.Want, items)
	case *kind.MaxItems:
		return fmt.Sprintf("more than %d %s", k.Want, items)
	case *kind.MinProperties:
		return fmt.Sprintf("fewer than %d members", k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("more than %d members", k.Want)
	case *kind.Minimum:
		return "less than " + number(k.Want)
	case *kind.Maximum:
		return "more than " + number(k.Want)
	case *kind.ExclusiveMinimum:
		return "not more than " + number(k.Want)
	case *kind.ExclusiveMaximum:
		return "not less than " + number(k.Want)
	}
	return ""
}

// binaryRule speaks of attachments, which the schemas know as objects.
func binaryRule(e *jsonschema.ValidationError, v any) string {
	if strings.HasPrefix(e.SchemaURL, binaryURL) {
		return "want binary"
	}
	if k, ok := e.ErrorKind.(*kind.Type); ok && isPlaceholder(v) {
		return "binary, where the contract wants " + strings.Join(k.Want, " or ")
	}
	if !strings.Contains(e.SchemaURL, "/properties/") || len(e.InstanceLocation) == 0 {
		return ""
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Minimum:
		if _, count := v.(int); count { // the reader makes int64 of what a sender wrote
			return "fewer than " + number(k.Want) + " bytes"
		}
	case *kind.Maximum:
		if _, count := v.(int); count {
			return "more than " + number(k.Want) + " bytes"
		}
	case *kind.Pattern:
		if strings.HasSuffix(e.SchemaURL, "/properties/type") && strings.HasPrefix(k.Want, mediaPattern) {
			return "content of another media type"
		}
	}
	return ""
}

func number(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return fmt.Sprint(f)
}

func keyword(k jsonschema.ErrorKind) string {
	if path := k.KeywordPath(); len(path) > 0 {
		return path[0]
	}
	return "the contract"
}
