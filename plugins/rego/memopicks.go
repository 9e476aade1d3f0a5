package rego

import (
	"github.com/siogw/siogw/internal/strictjson"
)

// picks are what of one text a plan reads, so that all of it is found in one pass.
type picks struct {
	leaf  byte // not 0: this value, by this number
	count bool // of a text there its count alone
	keys  []branch
	items []*picks // by their places in an array; nil where nothing is read
}

type branch struct {
	key string
	*picks
}

// newPicks makes those of paths, none of which is within another; nil where there are none.
func newPicks(list []source) *picks {
	if len(list) == 0 {
		return nil
	}
	root := &picks{}
	for i, s := range list {
		t := root
		for j := range s.path {
			t = t.grow(&s.path[j])
		}
		t.leaf, t.count = byte(i+1), s.count // at most maxPaths
	}
	return root
}

func (t *picks) grow(s *step) *picks {
	if s.isKey() {
		for _, b := range t.keys {
			if b.key == s.key {
				return b.picks
			}
		}
		t.keys = append(t.keys, branch{s.key, &picks{}})
		return t.keys[len(t.keys)-1].picks
	}
	for len(t.items) <= s.index {
		t.items = append(t.items, nil)
	}
	if t.items[s.index] == nil {
		t.items[s.index] = &picks{}
	}
	return t.items[s.index]
}

func (t *picks) key(raw []byte) *picks {
	for i := range t.keys {
		if strictjson.Is(raw, t.keys[i].key) {
			return t.keys[i].picks
		}
	}
	return nil
}

// append appends to dst the values picked that text has, each with its number and length, and a 0. ok is
// false where the evaluator may refuse the text.
func (t *picks) append(dst, text []byte) (out []byte, ok bool) {
	ok = true
	if text != nil {
		at := space(text, 0)
		if dst, at, ok = t.walk(dst, text, at); space(text, at) != len(text) {
			ok = false
		}
	}
	return append(dst, 0), ok
}

// walk reads the value at at, and gives the place after it.
func (t *picks) walk(dst, text []byte, at int) (out []byte, end int, ok bool) {
	switch {
	case t != nil && t.leaf == 0 && at < len(text) && text[at] == '{' && len(t.keys) > 0:
		return t.object(dst, text, at)
	case t != nil && t.leaf == 0 && at < len(text) && text[at] == '[' && len(t.items) > 0:
		return t.array(dst, text, at)
	}
	end, ok = pass(text, at)
	if t != nil && t.leaf != 0 {
		dst = t.value(append(dst, t.leaf), text[at:end])
	}
	return dst, end, ok && end > at
}

func (t *picks) value(dst, raw []byte) []byte {
	if t.count {
		return appendCount(dst, raw)
	}
	return appendRaw(dst, raw, true)
}

func (t *picks) object(dst, text []byte, at int) (out []byte, end int, ok bool) {
	for at = space(text, at+1); at < len(text) && text[at] == '"'; {
		key := text[at:strictjson.StringEnd(text, at)]
		if at = space(text, at+len(key)); at >= len(text) || text[at] != ':' {
			return dst, at, false
		}
		if dst, at, ok = t.key(key).walk(dst, text, space(text, at+1)); !ok {
			return dst, at, false
		}
		if at = space(text, at); at < len(text) && text[at] == ',' {
			at = space(text, at+1)
		}
	}
	return dst, at + 1, at < len(text) && text[at] == '}'
}

func (t *picks) array(dst, text []byte, at int) (out []byte, end int, ok bool) {
	at = space(text, at+1)
	for i := 0; at < len(text) && text[at] != ']'; i++ {
		var item *picks
		if i < len(t.items) {
			item = t.items[i]
		}
		if dst, at, ok = item.walk(dst, text, at); !ok {
			return dst, at, false
		}
		if at = space(text, at); at < len(text) && text[at] == ',' {
			at = space(text, at+1)
		}
	}
	return dst, at + 1, at < len(text)
}

func space(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r') {
		at++
	}
	return at
}

// pass gives the place after the value at at. ok is false unless parse surely takes the value, in a text that has passed
// strictjson.Scan with whatever limits: it is false for some that are fine, such as those with an exponent.
func pass(text []byte, at int) (end int, ok bool) {
	depth, number := 0, 0
	for at < len(text) {
		switch c := text[at]; {
		case c == '"':
			at, number = strictjson.StringEnd(text, at)-1, 0
			if depth == 0 {
				return at + 1, true
			}
		case c == '[' || c == '{':
			if depth++; depth > maxDepth-maxSteps {
				return at, false
			}
			number = 0
		case c == ']' || c == '}':
			if depth--; depth < 0 {
				return at, true
			}
			if number = 0; depth == 0 {
				return at + 1, true
			}
		case c == ',' || c == ':' || c <= ' ':
			if number = 0; depth == 0 {
				return at, true
			}
		case number > 0 && (c == 'e' || c == 'E') || number > scanLimits.Number-2:
			return at, false
		case c >= '0' && c <= '9' || number > 0 && c == '.':
			number++
		default:
			number = 0
		}
		at++
	}
	return at, len(text) < scanLimits.Elements
}
