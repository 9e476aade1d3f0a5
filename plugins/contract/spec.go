package contract

import (
	"encoding/json"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// spec is one event as a document describes it, its schemas not compiled yet.
type spec struct {
	at        spot
	namespace string
	out       bool // the server emits it
	name      string
	args      any // a schema of the array of arguments
	ack       ack
	answer    any // a schema of the array of the answer's arguments; nil for any
}

type schema = map[string]any

func count(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// list is the schema of an array of n values at least, the first ones as described, and others as rest
// says: a schema, or nil for none.
func list(first []any, n int, rest any) schema {
	s := schema{"type": "array", "minItems": count(n)}
	if len(first) > 0 {
		s["prefixItems"] = first
	}
	if rest != nil {
		s["items"] = rest
	} else {
		s["maxItems"] = count(len(first))
	}
	return s
}

func refTo(s spot) schema { return schema{"$ref": s.doc.url(s.ptr)} }

// payload gives the schema of the arguments that a message's payload describes: none without a payload,
// as many as a tuple says, else one.
func (l *loader) payload(p spot) any {
	if p.get("schema").there() && p.get("schemaFormat").there() { // Multi Format Schema Object
		p = p.get("schema")
	}
	if !p.there() {
		return list(nil, 0, nil)
	}
	to, _, ok := l.resolve(p)
	if !ok {
		return nil
	}
	n, tuple := tupleOf(to)
	if !tuple {
		return list([]any{refTo(p)}, 1, nil)
	}
	s := refTo(p)
	s["type"] = "array"
	if !to.get("minItems").there() {
		s["minItems"] = count(n)
	}
	open := to.get("additionalItems").there() || to.get("items").is(yaml.MappingNode) || to.get("items").is(yaml.ScalarNode)
	if !open && !to.get("maxItems").there() {
		s["maxItems"] = count(n)
	}
	return s
}

// tupleOf reports whether p describes several arguments and not one that is an array, and how many.
func tupleOf(p spot) (n int, tuple bool) {
	if p.get("type").text() != "array" && !p.get("prefixItems").there() {
		return 0, false
	}
	for _, key := range []string{"prefixItems", "items"} {
		if first := p.get(key); first.is(yaml.SequenceNode) {
			return len(first.items()), true
		}
	}
	return 0, p.get("additionalItems").there() && !p.get("items").there()
}

// merge makes one of the descriptions of one event: any of them may fit.
func merge(a, b *spec) {
	a.args = anyOf(a.args, b.args)
	if a.ack != b.ack {
		a.ack = ackOptional
	}
	if a.answer != nil && b.answer != nil {
		a.answer = anyOf(a.answer, b.answer)
	} else if b.answer != nil {
		a.answer = b.answer
	}
}

func anyOf(a, b any) any {
	if m, ok := a.(schema); ok && len(m) == 1 {
		if list, ok := m["anyOf"].([]any); ok {
			return schema{"anyOf": append(list, b)}
		}
	}
	return schema{"anyOf": []any{a, b}}
}
