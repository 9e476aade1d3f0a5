package config

import (
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reference is ${NAME}, or $${ for a literal ${.
var reference = regexp.MustCompile(`\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{`)

// expand replaces the references in a scalar of the file.
func (d *decoder) expand(n *yaml.Node, key string) (text string, replaced, ok bool) {
	if !d.layer.file || !strings.Contains(n.Value, "${") {
		return n.Value, false, true
	}
	ok = true
	text = reference.ReplaceAllStringFunc(n.Value, func(m string) string {
		if m == "$${" {
			return "${"
		}
		name := strings.TrimSuffix(strings.TrimPrefix(m, "${"), "}")
		value, found := d.lookup(name)
		if !found || name == "" {
			d.failAt(n, key, "the environment has no %s (write $${ for a literal ${)", m)
			ok = false
		}
		return value
	})
	return text, true, ok
}

// free turns any YAML into JSON.
func (d *decoder) free(n *yaml.Node, v reflect.Value, key string) {
	before := len(d.errs)
	out := d.appendJSON(nil, n, key, 0)
	if len(d.errs) == before {
		v.SetBytes(out)
	}
}

const maxFreeDepth = 64

func (d *decoder) appendJSON(dst []byte, n *yaml.Node, key string, depth int) []byte {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if d.nodes++; d.nodes > maxNodes || depth > maxFreeDepth {
		if d.nodes == maxNodes+1 || depth == maxFreeDepth+1 {
			d.failAt(n, key, "too many values, or nested deeper than %d", maxFreeDepth)
		}
		return dst
	}
	switch n.Kind {
	case yaml.MappingNode:
		open := len(dst)
		dst = append(dst, '{')
		d.members(n, key, "", func(k, val *yaml.Node) {
			if len(dst) > open+1 {
				dst = append(dst, ',')
			}
			dst = append(appendText(dst, k.Value), ':')
			d.places[join(key, k.Value)] = d.layer.at(k)
			dst = d.appendJSON(dst, val, join(key, k.Value), depth+1)
		})
		return append(dst, '}')
	case yaml.SequenceNode:
		dst = append(dst, '[')
		for i, item := range n.Content {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = d.appendJSON(dst, item, join(key, strconv.Itoa(i)), depth+1)
		}
		return append(dst, ']')
	}
	return d.appendScalar(dst, n, key)
}

func (d *decoder) appendScalar(dst []byte, n *yaml.Node, key string) []byte {
	switch n.Tag {
	case "!!null":
		return append(dst, "null"...)
	case "!!bool", "!!int", "!!float":
		var v any
		if err := n.Decode(&v); err == nil {
			if f, ok := v.(float64); !ok || !math.IsInf(f, 0) && !math.IsNaN(f) {
				b, _ := json.Marshal(v) // a finite number or a boolean always marshals
				return append(dst, b...)
			}
		}
		d.failAt(n, key, "no JSON has %s", n.Value)
		return dst
	}
	text, _, _ := d.expand(n, key)
	return appendText(dst, text)
}

func appendText(dst []byte, s string) []byte {
	b, _ := json.Marshal(s) // a string always marshals
	return append(dst, b...)
}
