package contract

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// plain reads a contract of siogw's own form:
//
//	namespaces:
//	  /chat:
//	    in:
//	      message: { args: [{ type: string }, binary], ack: required, ack_args: [string] }
func (l *loader) plain(root spot) {
	l.known(root, "namespaces", "schemas", "$defs", "title", "description")
	for name, ns := range root.get("namespaces").members() {
		if !l.namespaceName(ns, name) {
			continue
		}
		l.known(ns, "in", "out", "description")
		for dir, out := range map[string]bool{"in": false, "out": true} {
			for event, at := range ns.get(dir).members() {
				l.plainEvent(at, spec{at: at, namespace: name, out: out, name: event})
			}
		}
	}
}

func (l *loader) plainEvent(at spot, s spec) {
	if at.is(yaml.SequenceNode) { // short for args
		s.args = l.plainArgs(at, spot{}, spot{})
		l.add(s)
		return
	}
	if at.there() && !at.is(yaml.MappingNode) {
		l.fail(at, "want args, or a list of them")
		return
	}
	l.known(at, "args", "min_args", "rest", "ack", "ack_args", "description")
	s.args = l.plainArgs(at.get("args"), at.get("min_args"), at.get("rest"))
	answer := at.get("ack_args")
	if answer.there() {
		s.ack, s.answer = ackOptional, l.plainArgs(answer, spot{}, spot{})
	}
	switch a := at.get("ack"); a.text() {
	case "required":
		s.ack = ackRequired
	case "optional":
		s.ack = ackOptional
	case "forbidden":
		s.ack = ackForbidden
		if answer.there() {
			l.fail(answer, "ack is forbidden, so there is no answer")
		}
	default:
		if a.there() {
			l.fail(a, "want required, optional or forbidden")
		}
	}
	l.add(s)
}

func (l *loader) plainArgs(args, least, rest spot) any {
	if args.there() && !args.is(yaml.SequenceNode) {
		l.fail(args, "want a list: one schema for each argument")
		return nil
	}
	var each []any
	for _, a := range args.items() {
		each = append(each, l.plainSchema(a))
	}
	n := len(each)
	if least.there() {
		m, err := strconv.Atoi(least.text())
		if err != nil || m < 0 || m > n {
			l.fail(least, "want a number from 0 to %d, the number of args", n)
			return nil
		}
		n = m
	}
	if rest.there() {
		return list(each, n, l.plainSchema(rest))
	}
	return list(each, n, nil)
}

var simple = []string{"string", "integer", "number", "boolean", "object", "array", "null", "any", "binary"}

// plainSchema reads a schema, or the name of a type alone.
func (l *loader) plainSchema(s spot) any {
	if s.node.Tag == "!!null" { // the word null, unquoted
		return schema{"type": "null"}
	}
	switch word := s.text(); {
	case word == "":
		return refTo(s)
	case word == "any":
		return true
	case word == "binary":
		return schema{"$ref": binaryURL}
	case slices.Contains(simple, word):
		return schema{"type": word}
	}
	l.fail(s, "want a schema or one of %s", strings.Join(simple, ", "))
	return nil
}

func (l *loader) known(s spot, keys ...string) {
	if s.there() && !s.is(yaml.MappingNode) {
		l.fail(s, "want %s", strings.Join(keys, ", "))
	}
	for k, v := range s.members() {
		if !slices.Contains(keys, k) && !strings.HasPrefix(k, "x-") {
			l.fail(v, "unknown key: want %s", strings.Join(keys, ", "))
		}
	}
}
