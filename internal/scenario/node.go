package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/siogw/siogw/internal/strictjson"
)

// maxNodes bounds the values of one file, against aliases that multiply, and maxDepth their nesting.
const (
	maxNodes = 200_000
	maxDepth = 200
)

// Error is a mistake in a file, at a line from 1.
type Error struct {
	File    string
	Line    int
	Message string
}

// Error gives file:line: message.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message) }

// node is a value of a file: an object (keys and items), an array (items), or a scalar (text, which is JSON).
type node struct {
	line  int
	kind  strictjson.Kind
	keys  []string
	items []*node
	text  string
}

// reader makes nodes of YAML ones, with all mistakes in them.
type reader struct {
	file  string
	count int
	errs  []error
}

func (r *reader) fail(line int, format string, args ...any) {
	r.errs = append(r.errs, &Error{r.file, line, fmt.Sprintf(format, args...)})
}

// read gives n as a node; what is wrong with it is noted, and null there.
func (r *reader) read(n *yaml.Node, depth int) *node {
	out := &node{line: n.Line, kind: strictjson.Null, text: "null"}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if r.count++; r.count > maxNodes || depth > maxDepth {
		if r.count == maxNodes+1 || depth == maxDepth+1 && r.count <= maxNodes {
			r.fail(out.line, "more than %d values, or nested deeper than %d", maxNodes, maxDepth)
		}
		return out
	}
	switch n.Kind {
	case yaml.MappingNode:
		r.mapping(out, n, depth)
	case yaml.SequenceNode:
		out.kind = strictjson.Array
		for _, e := range n.Content {
			out.items = append(out.items, r.read(e, depth+1))
		}
	default:
		r.scalar(out, n)
	}
	return out
}

func (r *reader) mapping(out *node, n *yaml.Node, depth int) {
	out.kind = strictjson.Object
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		switch {
		case k.Kind != yaml.ScalarNode || k.Tag == "!!merge":
			r.fail(k.Line, "a key must be a plain word")
		case slices.Contains(out.keys, k.Value):
			r.fail(k.Line, "%s is given twice", k.Value)
		default:
			item := r.read(n.Content[i+1], depth+1)
			item.line = k.Line
			out.keys, out.items = append(out.keys, k.Value), append(out.items, item)
		}
	}
}

// number is how JSON writes one (RFC 8259 section 6); such text is kept as it is written.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (r *reader) scalar(out *node, n *yaml.Node) {
	switch n.Tag {
	case "!!str", "!!timestamp": // JSON has no times: 2026-01-01 is as it is written
		out.kind, out.text = strictjson.Text, string(strictjson.AppendQuote(nil, n.Value))
	case "!!null":
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			out.kind, out.text = strictjson.Bool, strconv.FormatBool(b)
		}
	case "!!int", "!!float":
		if text, ok := numberText(n); ok {
			out.kind, out.text = strictjson.Number, text
			return
		}
		fallthrough
	default:
		r.fail(n.Line, "%s has no form in JSON", n.Value)
	}
}

func numberText(n *yaml.Node) (string, bool) {
	if number.MatchString(n.Value) {
		return n.Value, true
	}
	var i int64
	if n.Tag == "!!int" && n.Decode(&i) == nil { // 0x10, 1_000
		return strconv.FormatInt(i, 10), true
	}
	var f float64
	if n.Decode(&f) != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return "", false
	}
	return strconv.FormatFloat(f, 'g', -1, 64), true
}

// get gives the member key, nil for none.
func (n *node) get(key string) *node {
	if n != nil {
		if i := slices.Index(n.keys, key); i >= 0 {
			return n.items[i]
		}
	}
	return nil
}

// merge gives n with the members of over in place of its own; objects of deep are merged themselves. Either may be nil.
func (n *node) merge(over *node, deep ...string) *node {
	if n == nil {
		return over
	}
	if over == nil {
		return n
	}
	out := &node{line: over.line, kind: strictjson.Object, keys: slices.Clone(n.keys), items: slices.Clone(n.items)}
	for i, k := range over.keys {
		item := over.items[i]
		if old := n.get(k); old != nil && slices.Contains(deep, k) {
			item = old.merge(item)
		}
		out.set(k, item)
	}
	return out
}

func (n *node) set(key string, item *node) {
	if i := slices.Index(n.keys, key); i >= 0 {
		n.items[i] = item
		return
	}
	n.keys, n.items = append(n.keys, key), append(n.items, item)
}

// json appends n as JSON, and notes at which line each path below path stands.
func (n *node) json(dst []byte, path string, lines map[string]int) []byte {
	lines[path] = n.line
	switch n.kind {
	case strictjson.Object:
		dst = append(dst, '{')
		for i, k := range n.keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(strictjson.AppendQuote(dst, k), ':')
			dst = n.items[i].json(dst, path+"."+k, lines)
		}
		return append(dst, '}')
	case strictjson.Array:
		dst = append(dst, '[')
		for i, e := range n.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.json(dst, fmt.Sprintf("%s[%d]", path, i), lines)
		}
		return append(dst, ']')
	}
	return append(dst, n.text...)
}

// syntaxLine finds the line in an error of the YAML library.
var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func syntax(file string, err error) error {
	m := syntaxLine.FindStringSubmatch(err.Error())
	if m == nil {
		return &Error{file, 1, err.Error()}
	}
	line, _ := strconv.Atoi(m[1]) // digits, or none
	return &Error{file, max(line, 1), "not YAML: " + strings.TrimPrefix(err.Error(), m[0])}
}

// decode reads n, an object of known keys, into dst by its json tags.
func (r *reader) decode(n *node, what string, known []string, dst any) {
	if n.kind != strictjson.Object {
		r.fail(n.line, "%s must be an object", what)
		return
	}
	bad := false
	for i, k := range n.keys {
		if !slices.Contains(known, k) {
			r.fail(n.items[i].line, "%s.%s: there is no such key; there are %s", what, k, strings.Join(known, ", "))
			bad = true
		}
	}
	if bad || dst == nil {
		return
	}
	err := json.Unmarshal(n.json(nil, what, map[string]int{}), dst)
	var te *json.UnmarshalTypeError
	switch {
	case errors.As(err, &te):
		key, _, _ := strings.Cut(te.Field, ".")
		line := n.line
		if item := n.get(key); item != nil {
			line = item.line
		}
		r.fail(line, "%s.%s must be %s", what, te.Field, goTypes[te.Type.Kind().String()])
	case err != nil:
		r.fail(n.line, "%s: %v", what, err)
	}
}

var goTypes = map[string]string{"string": "a string", "bool": "true or false", "slice": "a list", "int": "a whole number"}
