package contract

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// file loads one file of the configuration.
func (c *Contract) file(name string) []error {
	dir := filepath.Dir(name)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return []error{&Error{File: name, Message: plain(err).Error()}}
	}
	defer root.Close()
	l := &loader{c: c, root: root, dir: dir, docs: map[string]*document{}}
	doc, err := l.document(filepath.Base(name))
	var own *Error
	if errors.As(err, &own) {
		return []error{own}
	}
	if err != nil {
		return []error{&Error{File: name, Message: err.Error()}}
	}
	l.read(spot{doc: doc, node: doc.root})
	if len(l.errs) == 0 {
		l.compile()
	}
	return l.errs
}

func (l *loader) read(root spot) {
	switch {
	case root.get("asyncapi").there():
		l.asyncapi(root)
	case root.get("namespaces").there():
		l.plain(root)
	default:
		l.fail(root, "no contract: want asyncapi: 3.0.0 (or 2.6.0), or namespaces:")
		return
	}
	if len(l.specs) == 0 && len(l.errs) == 0 {
		l.fail(root, "describes no events: an AsyncAPI 3 document needs operations, an AsyncAPI 2 document publish or subscribe")
	}
}

// add takes one event; what the file says of it at several places, any of them may fit.
func (l *loader) add(s spec) {
	for _, other := range l.specs {
		if other.namespace == s.namespace && other.out == s.out && other.name == s.name {
			merge(other, &s)
			return
		}
	}
	l.specs = append(l.specs, &s)
}

func (l *loader) namespaceName(at spot, name string) bool {
	if strings.HasPrefix(name, "/") {
		return true
	}
	l.fail(at, "want a namespace, which begins with a slash, found %q (in AsyncAPI 3 the channel's address)", name)
	return false
}

var parameter = regexp.MustCompile(`\{[^{}/]*\}`)

// namespace gives the one of that name, making it.
func (c *Contract) namespace(name string) *namespace {
	if i := slices.IndexFunc(c.order, func(n *namespace) bool { return n.name == name }); i >= 0 {
		return c.order[i]
	}
	n := &namespace{name: name, in: map[string]*event{}, out: map[string]*event{}}
	c.order = append(c.order, n)
	if !parameter.MatchString(name) {
		c.exact[name] = n
		return n
	}
	var pattern strings.Builder
	rest := 0
	for _, at := range parameter.FindAllStringIndex(name, -1) {
		pattern.WriteString(regexp.QuoteMeta(name[rest:at[0]]) + `[^/]+`)
		rest = at[1]
	}
	n.pattern = regexp.MustCompile(`^` + pattern.String() + regexp.QuoteMeta(name[rest:]) + `$`)
	c.patterns = append(c.patterns, n)
	return n
}

// keep puts a compiled event in its place. It reports the place of one that is there already.
func (c *Contract) keep(s *spec, ev *event) (taken string) {
	n := c.namespace(s.namespace)
	events := n.in
	if s.out {
		events = n.out
	}
	if other := events[s.name]; other != nil {
		return other.place
	}
	events[s.name] = ev
	return ""
}

// remember notes the names of members that a document uses, which a reason may tell.
func (c *Contract) remember(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if v := n.Content[i+1]; n.Content[i].Value == "properties" && v.Kind == yaml.MappingNode {
				for k := 0; k < len(v.Content); k += 2 {
					c.names[v.Content[k].Value] = true
				}
			}
		}
	}
	for _, e := range n.Content {
		c.remember(e)
	}
}

// Load implements [jsonschema.URLLoader] for files that schemas refer to.
func (l *loader) Load(url string) (any, error) {
	name, ok := strings.CutPrefix(url, (&document{}).url(""))
	if !ok {
		return nil, errors.New("references lead to files beside this one, not to the network")
	}
	d, err := l.document(path.Clean(name))
	if err != nil {
		return nil, err
	}
	return d.schema, nil
}
