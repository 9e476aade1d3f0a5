package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/internal/strictjson"
)

// appendJSON appends v as JSON, as OPA's own conversion has it: sets are arrays, object keys that are no
// strings their JSON text, both sorted. Numbers keep their text.
func appendJSON(dst []byte, v ast.Value) []byte {
	switch v := v.(type) {
	case ast.Null:
		return append(dst, "null"...)
	case ast.Boolean:
		return append(dst, v.String()...)
	case ast.Number:
		return append(dst, v...)
	case ast.String:
		return strictjson.AppendQuote(dst, string(v))
	case *ast.Array:
		return appendArray(dst, elements(v))
	case ast.Set:
		return appendArray(dst, elements(v.Sorted()))
	case ast.Object:
		return appendObject(dst, v)
	}
	return append(dst, "null"...) // a result is ground: there is no other kind
}

func appendArray(dst []byte, items func(yield func(*ast.Term) bool)) []byte {
	dst = append(dst, '[')
	first := true
	for t := range items {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendJSON(dst, t.Value)
	}
	return append(dst, ']')
}

func appendObject(dst []byte, o ast.Object) []byte {
	dst = append(dst, '{')
	first := true
	o.Foreach(func(k, v *ast.Term) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if s, ok := k.Value.(ast.String); ok {
			dst = strictjson.AppendQuote(dst, string(s))
		} else {
			dst = strictjson.AppendQuote(dst, string(appendJSON(nil, k.Value)))
		}
		dst = append(dst, ':')
		dst = appendJSON(dst, v.Value)
	})
	return append(dst, '}')
}
