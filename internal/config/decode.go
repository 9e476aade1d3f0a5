package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// layer is one source of values: the file, a variable, a --set.
type layer struct {
	source string
	dir    string // what relative paths are relative to
	file   bool   // positions are known, and ${NAME} is replaced
}

func (l *layer) at(n *yaml.Node) place {
	if !l.file {
		return place{source: l.source}
	}
	return place{l.source, n.Line, n.Column}
}

// decoder fills a Config from nodes. It goes on after errors, so that all are found.
type decoder struct {
	cfg     *Config
	lookup  func(name string) (string, bool) // environment variables, for ${NAME}
	layer   layer
	home    place            // where an error belongs that has no other place
	places  map[string]place // by key
	sources []string         // in order of precedence
	errs    Errors
	nodes   int // taken so far, against aliases that multiply
}

const maxNodes = 100_000

// fail notes a mistake at the place where key was set, or the section around it.
func (d *decoder) fail(key, format string, args ...any) {
	p := d.home
	for k := key; k != ""; {
		if at, ok := d.places[k]; ok {
			p = at
			break
		}
		k = k[:max(strings.LastIndexByte(k, '.'), 0)]
	}
	d.errs = append(d.errs, p.error(key, format, args...))
}

func (d *decoder) failAt(n *yaml.Node, key, format string, args ...any) {
	d.errs = append(d.errs, d.layer.at(n).error(key, format, args...))
}

// scalar is a value with a form of its own. Its error says what is wanted.
type scalar interface {
	parse(text, dir string) error
}

// value decodes n into v, the field of key.
func (d *decoder) value(n *yaml.Node, v reflect.Value, key string, tag reflect.StructTag) {
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.failAt(n, key, "more than %d values", maxNodes)
		}
		return
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if d.places == nil {
		d.places = map[string]place{}
	}
	d.places[key] = d.layer.at(n)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // a key without a value keeps its default
	}
	switch {
	case isFree(v):
		d.free(n, v, key)
	case isScalar(v):
		d.scalar(n, v, key, tag)
	case v.Kind() == reflect.Struct:
		d.section(n, v, key)
	case v.Kind() == reflect.Slice:
		d.list(n, v, key, tag)
	default:
		d.table(n, v, key, tag)
	}
}

func isFree(v reflect.Value) bool { return v.Type() == reflect.TypeFor[JSON]() }

func isScalar(v reflect.Value) bool {
	if _, ok := v.Addr().Interface().(scalar); ok {
		return true
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Map:
		return false
	}
	return true
}

// section decodes a mapping into a struct.
func (d *decoder) section(n *yaml.Node, v reflect.Value, key string) {
	d.members(n, key, "a section (key: value)", func(k, val *yaml.Node) {
		sub := join(key, k.Value)
		f, tag, ok := field(v, k.Value)
		if !ok {
			d.unknown(k, v, key)
			return
		}
		d.value(val, f, sub, tag)
	})
}

// table decodes a mapping into a map.
func (d *decoder) table(n *yaml.Node, v reflect.Value, key string, tag reflect.StructTag) {
	v.Set(reflect.MakeMap(v.Type()))
	d.members(n, key, "a mapping (name: value)", func(k, val *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(val, e, join(key, k.Value), tag)
		v.SetMapIndex(reflect.ValueOf(k.Value), e)
	})
}

// members calls do for each member of a mapping, once for each key.
func (d *decoder) members(n *yaml.Node, key, want string, do func(k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.failAt(n, key, "want %s, found %s", want, describe(n))
		return
	}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		sub := join(key, k.Value)
		switch first := seen[k.Value]; {
		case k.Kind != yaml.ScalarNode:
			d.failAt(k, key, "a key must be a name")
		case k.Tag == "!!merge":
			d.failAt(k, key, "merge keys (<<) are not supported")
		case first != nil:
			d.failAt(k, sub, "given twice, first on line %d", first.Line)
		default:
			seen[k.Value] = k
			do(k, n.Content[i+1])
		}
	}
}

// list decodes a sequence into a slice, in place of what was there.
func (d *decoder) list(n *yaml.Node, v reflect.Value, key string, tag reflect.StructTag) {
	if n.Kind != yaml.SequenceNode {
		d.failAt(n, key, "want a list, found %s", describe(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		defaults(v.Index(i))
		sub := join(key, strconv.Itoa(i))
		if item.Kind == yaml.ScalarNode && item.Tag == "!!null" {
			d.failAt(item, sub, "an empty entry")
			continue
		}
		d.value(item, v.Index(i), sub, tag)
	}
}

func defaults(v reflect.Value) {
	if e, ok := v.Addr().Interface().(interface{ setDefaults() }); ok {
		e.setDefaults()
	}
}

// scalar decodes one value by its type.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, key string, tag reflect.StructTag) {
	text, ok := d.text(n, v, key)
	if !ok {
		return
	}
	err := setScalar(v, text, d.layer.dir)
	if err == nil {
		err = inRange(v, tag)
	}
	if err == nil {
		return
	}
	if strings.Contains(text, "@") { // it may hold a password
		d.failAt(n, key, "%v", err)
		return
	}
	d.failAt(n, key, "%v, found %q", err, text)
}

// text gives what a scalar says, with references replaced.
func (d *decoder) text(n *yaml.Node, v reflect.Value, key string) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		d.failAt(n, key, "want %s, found %s", wanted(v), describe(n))
		return "", false
	}
	text, replaced, ok := d.expand(n, key)
	if !ok {
		return "", false
	}
	if v.Kind() == reflect.String && !replaced && n.Tag != "" && n.Tag != "!!str" {
		d.failAt(n, key, "want %s, found %s: put it in quotes", wanted(v), describe(n))
		return "", false
	}
	if (v.Kind() == reflect.Bool || v.Kind() == reflect.Int) && !replaced && n.Tag == "!!str" {
		d.failAt(n, key, "want %s, found %s", wanted(v), describe(n))
		return "", false
	}
	return text, true
}

func setScalar(v reflect.Value, text, dir string) error {
	switch p := v.Addr().Interface().(type) {
	case scalar:
		return p.parse(text, dir)
	case *time.Duration:
		return parseDuration(p, text)
	case *string:
		*p = text
	case *int:
		i, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("want %s", wanted(v))
		}
		*p = i
	case *bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("want %s", wanted(v))
		}
		*p = text == "true"
	}
	return nil
}

func wanted(v reflect.Value) string {
	switch v.Addr().Interface().(type) {
	case *time.Duration:
		return "a duration such as 30s"
	case *int:
		return "a whole number"
	case *bool:
		return "true or false"
	case *Size:
		return "a size such as 64KiB"
	case *Rate:
		return "a rate such as 20/s"
	case *SizeRate:
		return "a rate such as 4MiB/s"
	}
	return "a string"
}

// describe says what a node is, for messages.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Tag == "!!int" || n.Tag == "!!float":
		return "the number " + n.Value
	case n.Tag == "!!bool":
		return n.Value
	case n.Tag == "!!str" && !strings.Contains(n.Value, "@"):
		return strconv.Quote(n.Value)
	}
	return "another type"
}
