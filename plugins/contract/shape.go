package contract

import (
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// shape is what values a schema admits, roughly: any of these forms. nil is every value.
type shape []form

// form is the values of one JSON type.
type form struct {
	kind  string           // string, number, boolean, null, object, array
	props map[string]shape // of an object that is closed
	open  bool             // an object with other members, or an array of any length and content
	first []shape          // of an array
	rest  shape            // of the elements after first
	more  bool             // there may be such
}

// nothing is the only member of what is in an array without elements, as the words of [Event.Schema] have none: it
// stands in messages for what could be written instead.
const nothing = "(no arguments)"

// What is looked at of one schema. What is beyond is anything.
const (
	maxShapes     = 10_000 // schemas
	maxShapeDepth = 24
	maxForms      = 32 // of one shape
)

// shaper makes shapes of schemas.
type shaper struct {
	listed bool
	left   int
}

func (p *shaper) shape(s *jsonschema.Schema, depth int) shape {
	if p.left--; s == nil || p.left < 0 || depth > maxShapeDepth || opaque(s) {
		return nil
	}
	out := p.own(s, depth+1)
	for _, all := range append(slices.Clone(s.AllOf), s.Ref) {
		out = out.and(p.shape(all, depth+1))
	}
	for _, some := range [][]*jsonschema.Schema{s.AnyOf, s.OneOf} {
		if len(some) == 0 {
			continue
		}
		union := shape{}
		for _, one := range some {
			union = union.or(p.shape(one, depth+1))
		}
		out = out.and(union)
	}
	return out
}

// opaque reports whether s has words whose effect is not followed; binary stands in args as an object of the gateway's.
func opaque(s *jsonschema.Schema) bool {
	return s.Bool != nil || s.If != nil || s.DynamicRef != nil || s.RecursiveRef != nil || len(s.DependentSchemas) > 0 ||
		strings.HasPrefix(s.Location, binaryURL)
}

// own gives what s itself says.
func (p *shaper) own(s *jsonschema.Schema, depth int) shape {
	var kinds []string
	switch {
	case s.Types != nil && !s.Types.IsEmpty():
		kinds = s.Types.ToStrings()
	case p.listed && len(s.Properties) > 0:
		kinds = []string{"object"}
	default:
		return nil
	}
	out := shape{}
	for _, k := range kinds {
		f := form{kind: k}
		switch k {
		case "integer":
			f.kind = "number"
		case "object":
			p.object(s, &f, depth)
		case "array":
			p.array(s, &f, depth)
		}
		out = out.or(shape{f})
	}
	return out
}

func (p *shaper) object(s *jsonschema.Schema, f *form, depth int) {
	alone := len(s.AnyOf)+len(s.OneOf) == 0 // no others add members
	f.open = len(s.PatternProperties) > 0 || s.AdditionalProperties != false && !(alone && closes(s.UnevaluatedProperties))
	if p.listed && alone && s.AdditionalProperties == nil && len(s.Properties) > 0 && len(s.PatternProperties) == 0 {
		f.open = false
	}
	f.props = map[string]shape{}
	for name, v := range s.Properties {
		f.props[name] = p.shape(v, depth)
	}
}

func closes(s *jsonschema.Schema) bool { return s != nil && s.Bool != nil && !*s.Bool }

func (p *shaper) array(s *jsonschema.Schema, f *form, depth int) {
	first, rest := s.PrefixItems, s.Items2020
	extra := s.AdditionalItems
	switch items := s.Items.(type) {
	case []*jsonschema.Schema:
		first = items
	case *jsonschema.Schema:
		rest = items
	}
	if more, ok := extra.(*jsonschema.Schema); ok {
		rest = more
	}
	for _, v := range first {
		f.first = append(f.first, p.shape(v, depth))
	}
	f.rest = p.shape(rest, depth)
	f.more = extra != false && !closes(rest) && (s.MaxItems == nil || *s.MaxItems > len(first))
}

// or gives what is of s or of t.
func (s shape) or(t shape) shape {
	if s == nil || t == nil || len(s)+len(t) > maxForms {
		return nil
	}
	return append(slices.Clip(s), t...)
}

// and gives what is of both: of each type what both say. Nothing, which no value fits, is given as anything.
func (s shape) and(t shape) shape {
	switch {
	case s == nil:
		return t
	case t == nil:
		return s
	}
	var out shape
	for i := range s {
		for k := range t {
			if s[i].kind == t[k].kind {
				out = append(out, s[i].and(&t[k]))
			}
		}
	}
	if len(out) > maxForms {
		return nil
	}
	return out
}

func (f *form) and(g *form) form {
	out := *f
	if f.kind == "object" {
		out.open = f.open && g.open
		out.props = maps.Clone(f.props)
		for name, v := range g.props {
			out.props[name] = out.props[name].and(v)
		}
	}
	if f.kind == "array" {
		if len(g.first) > len(f.first) {
			f, g = g, f
		}
		out.first = slices.Clone(f.first)
		for i := range g.first {
			out.first[i] = out.first[i].and(g.first[i])
		}
		out.rest, out.more = f.rest.and(g.rest), f.more && g.more
	}
	return out
}

// longer gives the arrays of s with one string more.
func (s shape) longer() shape {
	var out shape
	for i := range s {
		f := s[i]
		if f.kind == "array" && !f.more {
			f.first = append(slices.Clip(f.first), shape{{kind: "string"}})
		}
		out = append(out, f)
	}
	return out
}

func (s shape) schema() schema {
	switch len(s) {
	case 0:
		return schema{}
	case 1:
		return s[0].schema()
	}
	var all []any
	for i := range s {
		all = append(all, s[i].schema())
	}
	return schema{"anyOf": all}
}

func (f *form) schema() schema {
	out := schema{"type": f.kind}
	switch {
	case f.kind == "object" && !f.open && len(f.props) > 0:
		props := schema{}
		for name, v := range f.props {
			props[name] = v.schema()
		}
		out["properties"] = props
	case f.kind == "array" && !f.more && len(f.first) == 0:
		out["items"] = schema{"type": "object", "properties": schema{nothing: schema{}}}
	case f.kind == "array" && !f.more:
		var items []any
		for _, v := range f.first {
			items = append(items, v.schema())
		}
		out["items"] = items
	case f.kind == "array":
		each := []any{f.rest.schema()}
		for _, v := range f.first {
			each = append(each, v.schema())
		}
		out["items"] = schema{"anyOf": each}
	}
	return out
}
