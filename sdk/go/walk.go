package siogw

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// NodeKind says what a Node is.
type NodeKind uint8

// The kinds of node.
const (
	Key    NodeKind = iota + 1 // of an object's member
	Text                       // a string
	Number                     // as it is written
	Word                       // true, false or null
)

// Node is one place in JSON text that Walk comes by. It is valid during the visit.
type Node struct {
	Kind NodeKind
	Text string // of a key or string without its escapes; it may share the text's memory
	path []step
}

type step struct {
	key   string
	index int // of an array's element; -1 where key counts
}

// maxWalk is how deep arrays and objects may be nested; the gateway's own limit is lower.
const maxWalk = 128

var errJSON = errors.New("not JSON, or nested too deep")

// Walk goes through JSON text, as the views args, fields and input and the configuration are, without
// building anything of it: for a key or a scalar it costs some nanoseconds. It ends at visit's first error.
// The host has checked the text; of text that is not JSON, Walk says so or visits what it takes for nodes.
func Walk(text []byte, visit func(n *Node) error) error {
	w := &walker{text: text, visit: visit}
	w.node.path = w.room[:0]
	if err := w.value(); err != nil {
		return err
	}
	if w.space(); w.at != len(text) {
		return errJSON
	}
	return nil
}

// Pointer gives the JSON pointer (RFC 6901) of a node; of a key that of its value.
func (n *Node) Pointer() string {
	var b []byte
	for _, s := range n.path {
		b = append(b, '/')
		if s.index >= 0 {
			b = strconv.AppendInt(b, int64(s.index), 10)
			continue
		}
		b = append(b, strings.ReplaceAll(strings.ReplaceAll(s.key, "~", "~0"), "/", "~1")...)
	}
	return string(b)
}

// Depth gives how many arrays and objects are around a node.
func (n *Node) Depth() int { return len(n.path) }

// Parent gives the key of the member that holds the object or array around a node, "" for none.
func (n *Node) Parent() string {
	if len(n.path) < 2 || n.path[len(n.path)-2].index >= 0 {
		return ""
	}
	return n.path[len(n.path)-2].key
}

type walker struct {
	text  []byte
	at    int
	node  Node
	room  [8]step // for the path of what is nested as is usual
	visit func(*Node) error
}

func (w *walker) space() {
	for w.at < len(w.text) && (w.text[w.at] == ' ' || w.text[w.at] == '\n' || w.text[w.at] == '\t' || w.text[w.at] == '\r') {
		w.at++
	}
}

// take skips white space and c; false when something else is there.
func (w *walker) take(c byte) bool {
	if w.space(); w.at == len(w.text) || w.text[w.at] != c {
		return false
	}
	w.at++
	return true
}

func (w *walker) tell(kind NodeKind, text string) error {
	w.node.Kind, w.node.Text = kind, text
	return w.visit(&w.node)
}

func (w *walker) value() error {
	if w.space(); w.at == len(w.text) || len(w.node.path) > maxWalk {
		return errJSON
	}
	switch w.text[w.at] {
	case '{':
		return w.members('}')
	case '[':
		return w.members(']')
	case '"':
		s, ok := w.quoted()
		if !ok {
			return errJSON
		}
		return w.tell(Text, s)
	}
	return w.scalar()
}

// members reads what is between brackets, at the end of the path.
func (w *walker) members(end byte) error {
	w.at++
	w.node.path = append(w.node.path, step{index: -1})
	if !w.take(end) {
		for {
			if err := w.one(end); err != nil {
				return err
			}
			if w.take(end) {
				break
			}
			if !w.take(',') {
				return errJSON
			}
		}
	}
	w.node.path = w.node.path[:len(w.node.path)-1]
	return nil
}

// one reads an element, or a member.
func (w *walker) one(end byte) error {
	if end == ']' {
		w.node.path[len(w.node.path)-1].index++
		return w.value()
	}
	w.space()
	key, ok := w.quoted()
	if !ok {
		return errJSON
	}
	w.node.path[len(w.node.path)-1].key = key
	if err := w.tell(Key, key); err != nil {
		return err
	}
	if !w.take(':') {
		return errJSON
	}
	return w.value()
}

func (w *walker) scalar() error {
	from := w.at
	for w.at < len(w.text) && strings.IndexByte(",]} \n\t\r", w.text[w.at]) < 0 {
		w.at++
	}
	if from == w.at {
		return errJSON
	}
	kind := Number
	if c := w.text[from]; c == 't' || c == 'f' || c == 'n' {
		kind = Word
	}
	return w.tell(kind, unsafe.String(&w.text[from], w.at-from))
}

// quoted reads a string. Without escapes it shares the text's memory.
func (w *walker) quoted() (string, bool) {
	if w.at == len(w.text) || w.text[w.at] != '"' {
		return "", false
	}
	w.at++
	from := w.at
	for ; w.at < len(w.text); w.at++ {
		switch w.text[w.at] {
		case '"':
			s := unsafe.String(unsafe.SliceData(w.text[from:]), w.at-from)
			w.at++
			return s, true
		case '\\':
			return w.escaped(append(make([]byte, 0, 2*(w.at-from)+32), w.text[from:w.at]...))
		}
	}
	return "", false
}

// escaped reads on from the first escape.
func (w *walker) escaped(out []byte) (string, bool) {
	for w.at < len(w.text) {
		c := w.text[w.at]
		w.at++
		if c == '"' {
			return unsafe.String(unsafe.SliceData(out), len(out)), true
		}
		if c != '\\' {
			out = append(out, c)
			continue
		}
		if w.at == len(w.text) {
			break
		}
		c = w.text[w.at]
		w.at++
		if i := strings.IndexByte("bfnrt", c); i >= 0 {
			c = "\b\f\n\r\t"[i]
		}
		if c != 'u' {
			out = append(out, c)
			continue
		}
		r, ok := w.hex4()
		if !ok {
			break
		}
		out = utf8.AppendRune(out, w.pair(r))
	}
	return "", false
}

// pair joins a high surrogate and the low one after it; a surrogate alone becomes U+FFFD.
func (w *walker) pair(r rune) rune {
	if r < 0xd800 || r >= 0xdc00 || w.at+1 >= len(w.text) || w.text[w.at] != '\\' || w.text[w.at+1] != 'u' {
		return r
	}
	back := w.at
	w.at += 2
	if low, ok := w.hex4(); ok && low >= 0xdc00 && low < 0xe000 {
		return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
	}
	w.at = back
	return utf8.RuneError
}

func (w *walker) hex4() (r rune, ok bool) {
	if len(w.text)-w.at < 4 {
		return 0, false
	}
	for _, c := range w.text[w.at : w.at+4] {
		i := strings.IndexByte("0123456789abcdef", c)
		if c >= 'A' && c <= 'F' {
			i = int(c - 'A' + 10)
		}
		if i < 0 {
			return 0, false
		}
		r = r<<4 | rune(i)
	}
	w.at += 4
	return r, true
}
