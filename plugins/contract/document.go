package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxFile  = 4 << 20 // bytes
	maxNodes = 200_000 // of one file, aliases counted as often as they are used
	maxFiles = 256     // that one file leads to
)

// document is one file, parsed.
type document struct {
	path   string // relative to the folder of the file that is loaded, with slashes
	shown  string // as the operator named it
	root   *yaml.Node
	schema any // the whole file as JSON, its schemas in the form of 2020-12
}

// url is where the schema compiler finds the document.
func (d *document) url(ptr string) string {
	u := url.URL{Scheme: "contract", Host: "file", Path: "/" + d.path, Fragment: ptr}
	return u.String()
}

// loader reads one file of the configuration and what it leads to.
type loader struct {
	c     *Contract
	root  *os.Root // the file's folder: no reference leads out of it
	dir   string
	docs  map[string]*document
	specs []*spec
	errs  []error
}

func (l *loader) fail(a spot, format string, args ...any) {
	e := &Error{File: a.doc.shown, Path: keyPath(a.ptr), Message: fmt.Sprintf(format, args...)}
	if a.node != nil {
		e.Line, e.Column = a.node.Line, a.node.Column
	}
	l.errs = append(l.errs, e)
}

// document reads a file, once.
func (l *loader) document(name string) (*document, error) {
	name = path.Clean(name)
	if d := l.docs[name]; d != nil {
		return d, nil
	}
	if len(l.docs) == maxFiles {
		return nil, fmt.Errorf("leads to more than %d files", maxFiles)
	}
	f, err := l.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, plain(err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("larger than %d bytes", maxFile)
	}
	d := &document{path: name, shown: filepath.Join(l.dir, filepath.FromSlash(name))}
	if err := d.parse(data); err != nil {
		return nil, err
	}
	l.docs[name] = d
	return d, nil
}

// plain takes the path out of an error, as the place names it already.
func plain(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (d *document) parse(data []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		return fmt.Errorf("not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return errors.New("more than one document; a contract is one")
	}
	d.root = doc.Content[0]
	c := converter{left: maxNodes}
	d.schema = c.value(d.root, inObject)
	if c.err != nil {
		return &Error{File: d.shown, Line: c.at.Line, Column: c.at.Column, Message: c.err.Error()}
	}
	return nil
}

// converter makes JSON of YAML.
type converter struct {
	left, depth int
	err         error
	at          *yaml.Node
}

func (c *converter) fail(n *yaml.Node, format string, args ...any) any {
	if c.err == nil {
		c.err, c.at = fmt.Errorf(format, args...), n
	}
	return nil
}

func (c *converter) value(n *yaml.Node, in state) any {
	if c.left--; c.left < 0 {
		return c.fail(n, "more than %d values", maxNodes)
	}
	if c.depth++; c.depth > 200 {
		return c.fail(n, "nested too deeply")
	}
	defer func() { c.depth-- }()
	switch n.Kind {
	case yaml.AliasNode:
		return c.value(n.Alias, in)
	case yaml.MappingNode:
		return c.mapping(n, in)
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, e := range n.Content {
			out[i] = c.value(e, in)
		}
		return out
	}
	return c.scalar(n)
}

func (c *converter) mapping(n *yaml.Node, in state) any {
	out := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		_, twice := out[k.Value]
		switch {
		case k.Kind != yaml.ScalarNode:
			return c.fail(k, "a key must be a name")
		case k.Tag == "!!merge":
			return c.fail(k, "merge keys (<<) are not supported: use $ref")
		case twice:
			return c.fail(k, "%s is given twice", k.Value)
		}
		out[k.Value] = c.value(n.Content[i+1], in.below(k.Value))
	}
	if in == inObject {
		if err := modernize(out); err != nil {
			return c.fail(n, "%v", err)
		}
	}
	return out
}

func (c *converter) scalar(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) != nil {
			return c.fail(n, "want true or false")
		}
		return b
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
		var f float64
		if n.Decode(&f) != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return c.fail(n, "no JSON has the number %s", n.Value)
		}
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return n.Value
}
