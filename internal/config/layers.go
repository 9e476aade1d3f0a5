package config

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

type variables map[string]string

func environment(env []string) variables {
	vars := variables{}
	for _, kv := range env {
		if name, value, ok := strings.Cut(kv, "="); ok {
			vars[name] = value
		}
	}
	return vars
}

func (v variables) lookup(name string) (string, bool) {
	s, ok := v[name]
	return s, ok
}

// Variable gives the environment variable of a key: SIOGW_ and the key in capitals, its dots as
// underscores. No two keys share one.
func Variable(key string) string {
	return "SIOGW_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// foreign are variables that begin with SIOGW_ and are not the operator's word: SIOGW_CONFIG, which names
// the file; what Kubernetes sets in every pod beside a service called siogw; and what the tests use.
var foreign = regexp.MustCompile(`^SIOGW_(CONFIG|SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|` +
	`PORT(_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?|(REQUIRE|TEST)_[A-Z0-9_]+)$`)

// environment decodes the SIOGW_ variables.
func (d *decoder) environment(vars variables) {
	byName := map[string]string{}
	for _, key := range keys() {
		byName[Variable(key)] = key
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if !strings.HasPrefix(name, "SIOGW_") || foreign.MatchString(name) {
			continue
		}
		d.layer = layer{source: name}
		d.sources = append(d.sources, name)
		key, ok := byName[name]
		if ok {
			d.assign(key, vars[name])
			continue
		}
		msg := "unknown variable"
		if meant := Nearest(name, slices.Sorted(maps.Keys(upper(byName)))); meant != "" {
			msg += ", did you mean " + upper(byName)[meant] + "?"
		}
		d.failAt(&yaml.Node{}, "", "%s", msg)
	}
}

// upper maps lower-cased names, which nearest compares, to the names.
func upper(byName map[string]string) map[string]string {
	out := map[string]string{}
	for name := range byName {
		out[strings.ToLower(name)] = name
	}
	return out
}

// set decodes one --set.
func (d *decoder) set(arg string) {
	key, text, ok := strings.Cut(arg, "=")
	d.layer = layer{source: "--set " + key}
	d.sources = append(d.sources, d.layer.source)
	if !ok || key == "" {
		d.failAt(&yaml.Node{}, "", "want section.key=value")
		return
	}
	d.assign(key, text)
}

// assign decodes the text of a variable or --set into the field of key.
func (d *decoder) assign(key, text string) {
	d.reach(reflect.ValueOf(d.cfg).Elem(), "", key, func(v reflect.Value, tag reflect.StructTag) {
		if n, ok := d.node(v, key, text); ok {
			d.value(n, v, key, tag)
		}
	})
}

// reach finds the field of the key rest below v, and hands it to do. Entries of lists go by their index,
// the first free index adds one; what follows a map's key is all of it the entry's name.
func (d *decoder) reach(v reflect.Value, key, rest string, do func(reflect.Value, reflect.StructTag)) {
	name, rest, deeper := strings.Cut(rest, ".")
	f, tag, ok := field(v, name)
	if !ok {
		d.unknown(&yaml.Node{Value: name}, v, key)
		return
	}
	key = join(key, name)
	if !deeper {
		do(f, tag)
		return
	}
	switch {
	case isScalar(f) || isFree(f):
		d.failAt(&yaml.Node{}, join(key, rest), "unknown key: %s has none below it", key)
	case f.Kind() == reflect.Struct:
		d.reach(f, key, rest, do)
	case f.Kind() == reflect.Map:
		e := reflect.New(f.Type().Elem()).Elem()
		do(e, tag)
		if f.IsNil() {
			f.Set(reflect.MakeMap(f.Type()))
		}
		f.SetMapIndex(reflect.ValueOf(rest), e)
	default:
		d.entry(f, key, rest, func(e reflect.Value) { do(e, tag) }, do)
	}
}

// entry finds an entry of the list f, or a key of one.
func (d *decoder) entry(f reflect.Value, key, rest string, whole func(reflect.Value), do func(reflect.Value, reflect.StructTag)) {
	index, rest, deeper := strings.Cut(rest, ".")
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i > f.Len() {
		d.failAt(&yaml.Node{}, join(key, index), "want an index from 0 to %d", f.Len())
		return
	}
	if i == f.Len() {
		f.Set(reflect.Append(f, reflect.Zero(f.Type().Elem())))
		defaults(f.Index(i))
	}
	switch e := f.Index(i); {
	case !deeper:
		whole(e)
	case isScalar(e):
		d.failAt(&yaml.Node{}, join(key, index+"."+rest), "unknown key: %s has none below it", join(key, index))
	default:
		d.reach(e, join(key, index), rest, do)
	}
}

// node makes the YAML of a text: verbatim for a scalar, so that a secret needs no quoting; a list also
// with commas between.
func (d *decoder) node(v reflect.Value, key, text string) (*yaml.Node, bool) {
	verbatim := func(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }
	if isScalar(v) && !isFree(v) {
		return verbatim(text), true
	}
	if v.Kind() == reflect.Slice && !isFree(v) && !strings.HasPrefix(strings.TrimSpace(text), "[") {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list.Content = append(list.Content, verbatim(item))
			}
		}
		return list, true
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
		d.failAt(&doc, key, "not YAML, such as {key: value} or [a, b]")
		return nil, false
	}
	return doc.Content[0], true
}
