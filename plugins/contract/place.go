package contract

import (
	"fmt"
	"iter"
	"net/url"
	"path"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// spot is a value in a document. The zero value is none.
type spot struct {
	doc  *document
	ptr  string // JSON pointer from the root
	node *yaml.Node
}

func (s spot) there() bool { return s.node != nil && s.node.Tag != "!!null" }

func (s spot) child(key string, n *yaml.Node) spot {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return spot{s.doc, s.ptr + "/" + escapeToken.Replace(key), n}
}

// members gives the members of a mapping in their order; none of another value.
func (s spot) members() iter.Seq2[string, spot] {
	return func(yield func(string, spot) bool) {
		if s.node == nil || s.node.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(s.node.Content); i += 2 {
			key := s.node.Content[i].Value
			if !yield(key, s.child(key, s.node.Content[i+1])) {
				return
			}
		}
	}
}

func (s spot) get(key string) spot {
	for k, v := range s.members() {
		if k == key {
			return v
		}
	}
	return spot{}
}

// items gives the elements of a list; none of another value.
func (s spot) items() (out []spot) {
	if s.node == nil || s.node.Kind != yaml.SequenceNode {
		return nil
	}
	for i, n := range s.node.Content {
		out = append(out, s.child(strconv.Itoa(i), n))
	}
	return out
}

// text gives a scalar's text, "" for any other value.
func (s spot) text() string {
	if !s.there() || s.node.Kind != yaml.ScalarNode {
		return ""
	}
	return s.node.Value
}

func (s spot) is(kind yaml.Kind) bool { return s.node != nil && s.node.Kind == kind }

func (s spot) place() string { return fmt.Sprintf("%s:%d", s.doc.shown, s.node.Line) }

const maxHops = 32

// resolve follows references till a value that is none. name is the last part of the first reference.
// It reports false, and notes the mistake, when one leads nowhere.
func (l *loader) resolve(s spot) (to spot, name string, ok bool) {
	for range maxHops {
		ref := s.get("$ref")
		if ref.text() == "" {
			return s, name, true
		}
		next, err := l.follow(s.doc, ref.text())
		if err != nil {
			l.fail(ref, "%v", err)
			return s, "", false
		}
		if name == "" {
			name = unescapeToken.Replace(ref.text()[strings.LastIndexAny(ref.text(), "/#")+1:])
		}
		s = next
	}
	l.fail(s, "references without an end")
	return s, "", false
}

func (l *loader) follow(from *document, ref string) (spot, error) {
	file, fragment, _ := strings.Cut(ref, "#")
	if u, err := url.Parse(file); err != nil || u.IsAbs() || u.Host != "" {
		return spot{}, fmt.Errorf("%s: references lead to files beside this one, not to the network", ref)
	}
	doc := from
	if file != "" {
		var err error
		if doc, err = l.document(path.Join(path.Dir(from.path), file)); err != nil {
			return spot{}, fmt.Errorf("%s: %w", ref, err)
		}
	}
	fragment, err := url.PathUnescape(fragment)
	if err != nil {
		return spot{}, fmt.Errorf("%s: %w", ref, err)
	}
	to, whole := doc.find(fragment)
	if !whole {
		return spot{}, fmt.Errorf("%s: nothing is there", ref)
	}
	return to, nil
}

var unescapeToken = strings.NewReplacer("~1", "/", "~0", "~")

// find gives the value at a JSON pointer, or the nearest around it and false. The pointer may be one into
// the modernized form.
func (d *document) find(ptr string) (spot, bool) {
	at := spot{doc: d, node: d.root}
	if ptr == "" {
		return at, true
	}
	if ptr[0] != '/' {
		return at, false
	}
	for token := range strings.SplitSeq(ptr[1:], "/") {
		next := at.step(unescapeToken.Replace(token))
		if next.node == nil {
			return at, false
		}
		at = next
	}
	return at, true
}

func (s spot) step(token string) spot {
	if i, err := strconv.Atoi(token); err == nil && s.is(yaml.SequenceNode) {
		if list := s.items(); i >= 0 && i < len(list) {
			return list[i]
		}
		return spot{}
	}
	if v := s.get(token); v.node != nil {
		return v
	}
	if old := map[string]string{"prefixItems": "items", "items": "additionalItems"}[token]; old != "" {
		return s.get(old)
	}
	return spot{}
}

// keyPath writes a JSON pointer as messages do: channels./chat.publish.
func keyPath(ptr string) string {
	if ptr == "" {
		return ""
	}
	tokens := strings.Split(ptr[1:], "/")
	for i, t := range tokens {
		tokens[i] = unescapeToken.Replace(t)
	}
	return strings.Join(tokens, ".")
}

// oneOf gives the first that is there, else the last.
func oneOf(s, or spot) spot {
	if s.there() {
		return s
	}
	return or
}
