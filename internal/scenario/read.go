package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/siogw/siogw/internal/strictjson"
)

// maxFile bounds a file of scenarios, in bytes.
const maxFile = 4 << 20

var (
	fileKeys  = []string{"given", "cases"}
	caseKeys  = []string{"name", "given", "when", "then", "steps"}
	stepKeys  = []string{"when", "then"}
	givenKeys = []string{"namespace", "time", "identity", "session"}
	whenKeys  = []string{"kind", "direction", "time", "namespace", "event", "args", "auth", "ack", "bytes", "attachments"}
	thenKeys  = []string{"effect", "kind", "room", "code", "reason", "data", "by", "transformed", "args", "auth", "rooms"}
)

// Load reads the file name. Its error, a joined one of *[Error], has all mistakes.
func Load(name string) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxFile)
	}
	return Parse(name, data)
}

// Parse reads data, the content of the file name.
func Parse(name string, data []byte) (*File, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &Error{name, 1, "the file is empty"}
	} else if err != nil {
		return nil, syntax(name, err)
	}
	r := &reader{file: name}
	if err := d.Decode(&more); err == nil {
		r.fail(more.Line, "more than one document")
	} else if !errors.Is(err, io.EOF) {
		return nil, syntax(name, err)
	}
	if len(doc.Content) != 1 {
		return nil, &Error{name, 1, "the file is empty"}
	}
	f := r.parseFile(r.read(doc.Content[0], 0))
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return f, nil
}

func (r *reader) parseFile(n *node) *File {
	f := &File{Name: r.file}
	r.decode(n, "file", fileKeys, nil)
	given := r.given(n.get("given"))
	cases := n.get("cases")
	if cases == nil || cases.kind != strictjson.Array || len(cases.items) == 0 {
		r.fail(n.line, "cases must be a list of one case or more")
		return f
	}
	for _, c := range cases.items {
		f.Cases = append(f.Cases, r.parseCase(c, given))
	}
	return f
}

func (r *reader) given(n *node) *node {
	if n == nil {
		return nil
	}
	r.decode(n, "given", givenKeys, nil)
	for _, key := range []string{"identity", "session"} {
		if item := n.get(key); item != nil && item.kind != strictjson.Object {
			r.fail(item.line, "given.%s must be an object", key)
		}
	}
	return n
}

func (r *reader) parseCase(n *node, given *node) Case {
	r.decode(n, "case", caseKeys, nil)
	c := Case{Line: n.line, given: given.merge(r.given(n.get("given")), "identity", "session")}
	name := struct {
		Name string `json:"name"`
	}{}
	if v := n.get("name"); v == nil {
		r.fail(n.line, "case.name is missing")
	} else {
		r.decode(&node{line: v.line, kind: strictjson.Object, keys: []string{"name"}, items: []*node{v}}, "case", caseKeys, &name)
	}
	c.Name = name.Name
	steps := n.get("steps")
	switch {
	case steps == nil:
		c.Steps = []Step{r.step(n)}
	case n.get("when") != nil || n.get("then") != nil:
		r.fail(n.line, "a case has either steps, or when and then")
	case steps.kind != strictjson.Array || len(steps.items) == 0:
		r.fail(steps.line, "steps must be a list of one step or more")
	default:
		for _, s := range steps.items {
			r.decode(s, "step", stepKeys, nil)
			c.Steps = append(c.Steps, r.step(s))
		}
	}
	r.tryInputs(&c)
	return c
}

func (r *reader) step(n *node) Step {
	s := Step{Line: n.line, when: n.get("when"), then: n.get("then")}
	if s.when == nil {
		r.fail(n.line, "when is missing: the packet")
		s.when = &node{line: n.line, kind: strictjson.Object}
	} else {
		r.decode(s.when, "when", whenKeys, nil)
	}
	if s.then == nil {
		r.fail(n.line, "then is missing: what is to be decided")
		return s
	}
	before := len(r.errs)
	for i, k := range s.then.keys {
		if k != "data" && none(s.then.items[i]) {
			r.fail(s.then.items[i].line, "then.%s has no value", k)
		}
	}
	r.decode(s.then, "then", thenKeys, &s.want)
	if len(r.errs) > before {
		return s
	}
	if s.want.Effect != "allow" && s.want.Effect != "deny" {
		r.fail(s.then.line, "then.effect must be allow or deny")
	}
	return s
}

// tryInputs finds what is wrong with the packets before anything is decided.
func (r *reader) tryInputs(c *Case) {
	if len(r.errs) > 0 {
		return
	}
	for i := range c.Steps {
		if _, err := c.input(r.file, &c.Steps[i]); err != nil {
			r.errs = append(r.errs, err)
		}
	}
}
