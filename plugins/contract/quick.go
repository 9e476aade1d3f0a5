package contract

import (
	"math"
	"math/big"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/siogw/siogw/internal/strictjson"
)

// quick is a schema made for looking at bytes. It tells of most values that fit that they do, without building anything;
// of all others it tells nothing, and the validator judges. The zero value tells nothing.
type quick struct {
	all  bool // every value fits
	kind [strictjson.Object + 1]bool
	only []string // the texts of an enum, or a const; nil for any

	most, least int   // Unicode code points of a string
	from, to    int64 // of a number; but for those without bounds, it is an integer then
	bounded     bool
	fraction    bool // numbers that are no integers fit

	members              map[string]*quickMember
	others               *quick // members that are not listed; nil: there may be none
	required             uint64 // a set of the numbers of members
	fewest, mostMembers  int
	first                []*quick // elements
	rest                 *quick   // those after them; nil: there may be none
	shortest, mostLength int

	and []*quick // fits all of these, too
	or  []*quick // and one of these, where there are any
}

// quickMember is a member of an object that a schema names.
type quickMember struct {
	*quick
	bit uint64 // in required; 0 for one that may be missing
}

// quicker makes the quick forms of schemas, each once: they may refer to themselves.
type quicker map[*jsonschema.Schema]*quick

var anything = &quick{all: true}

// make gives the form of s, which tells nothing where s has words that are not followed here.
func (m quicker) make(s *jsonschema.Schema) *quick {
	if s == nil {
		return anything
	}
	if q := m[s]; q != nil {
		return q
	}
	q := &quick{}
	m[s] = q
	if s.Bool != nil {
		q.all = *s.Bool
		return q
	}
	if beyond(s) {
		return q
	}
	made := quick{most: -1, mostMembers: -1, mostLength: -1}
	if !made.kinds(s) || !made.texts(s) || !made.numbers(s) || !m.object(&made, s) {
		return q
	}
	m.array(&made, s)
	for _, one := range s.AllOf {
		made.and = append(made.and, m.make(one))
	}
	if s.Ref != nil {
		made.and = append(made.and, m.make(s.Ref))
	}
	for _, one := range s.AnyOf {
		made.or = append(made.or, m.make(one))
	}
	*q = made
	return q
}

// beyond reports whether s has words that are not followed. Before draft 2020-12 some have another meaning, and what is
// binary stands in the arguments as an object of the gateway's.
func beyond(s *jsonschema.Schema) bool {
	return s.DraftVersion < 2020 || strings.HasPrefix(s.Location, binaryURL) || len(s.Extensions) > 0 ||
		s.RecursiveRef != nil || s.DynamicRef != nil || s.Not != nil || len(s.OneOf) > 0 || s.If != nil || s.Format != nil ||
		s.PropertyNames != nil || len(s.PatternProperties) > 0 || len(s.Dependencies) > 0 || len(s.DependentRequired) > 0 ||
		len(s.DependentSchemas) > 0 || s.UnevaluatedProperties != nil || s.UnevaluatedItems != nil ||
		s.UniqueItems || s.Contains != nil || s.Items != nil || s.AdditionalItems != nil ||
		s.Pattern != nil || s.ContentEncoding != nil || s.ContentMediaType != nil || s.ContentSchema != nil || s.MultipleOf != nil
}

var kinds = map[string]strictjson.Kind{"null": strictjson.Null, "boolean": strictjson.Bool, "number": strictjson.Number,
	"integer": strictjson.Number, "string": strictjson.Text, "array": strictjson.Array, "object": strictjson.Object}

func (q *quick) kinds(s *jsonschema.Schema) bool {
	q.fraction = true
	if s.Types == nil || s.Types.IsEmpty() {
		for k := range q.kind {
			q.kind[k] = true
		}
		return true
	}
	q.fraction = false
	for _, name := range s.Types.ToStrings() {
		k, known := kinds[name]
		if !known {
			return false
		}
		q.kind[k] = true
		q.fraction = q.fraction || name == "number"
	}
	return true
}

// texts takes what is said of strings.
func (q *quick) texts(s *jsonschema.Schema) bool {
	var list []any
	if s.Enum != nil {
		list = s.Enum.Values
	}
	if s.Const != nil {
		if s.Enum != nil {
			return false
		}
		list = []any{*s.Const}
	}
	for _, v := range list {
		text, ok := v.(string)
		if !ok {
			return false
		}
		q.only = append(q.only, text)
	}
	if s.MinLength != nil {
		q.least = *s.MinLength
	}
	if s.MaxLength != nil {
		q.most = *s.MaxLength
	}
	return s.Enum == nil || len(list) > 0
}

// numbers takes the bounds, which must be integers.
func (q *quick) numbers(s *jsonschema.Schema) bool {
	q.from, q.to = math.MinInt64, math.MaxInt64
	for _, b := range []struct {
		at   *big.Rat
		move int64
		low  bool
	}{{s.Minimum, 0, true}, {s.ExclusiveMinimum, 1, true}, {s.Maximum, 0, false}, {s.ExclusiveMaximum, -1, false}} {
		switch {
		case b.at == nil:
			continue
		case !b.at.IsInt() || b.at.Num().BitLen() > 62:
			return false
		}
		q.bounded = true
		if at := b.at.Num().Int64() + b.move; b.low {
			q.from = max(q.from, at)
		} else {
			q.to = min(q.to, at)
		}
	}
	return true
}

// maxRequired is how many members a set has room for.
const maxRequired = 64

func (m quicker) object(q *quick, s *jsonschema.Schema) bool {
	switch more := s.AdditionalProperties.(type) {
	case nil:
		q.others = anything
	case bool:
		if more {
			q.others = anything
		}
	case *jsonschema.Schema:
		q.others = m.make(more)
	}
	if len(s.Required) > maxRequired {
		return false
	}
	q.members = map[string]*quickMember{}
	for name, p := range s.Properties {
		q.members[name] = &quickMember{quick: m.make(p)}
	}
	for i, name := range s.Required {
		one := q.members[name]
		if one == nil {
			if q.others == nil { // nothing fits
				return false
			}
			one = &quickMember{quick: q.others}
			q.members[name] = one
		}
		if one.bit == 0 {
			one.bit = 1 << i
			q.required |= one.bit
		}
	}
	if s.MinProperties != nil {
		q.fewest = *s.MinProperties
	}
	if s.MaxProperties != nil {
		q.mostMembers = *s.MaxProperties
	}
	return true
}

func (m quicker) array(q *quick, s *jsonschema.Schema) {
	for _, one := range s.PrefixItems {
		q.first = append(q.first, m.make(one))
	}
	if q.rest = anything; s.Items2020 != nil {
		q.rest = m.make(s.Items2020)
	}
	if s.MinItems != nil {
		q.shortest = *s.MinItems
	}
	if s.MaxItems != nil {
		q.mostLength = *s.MaxItems
	}
}
