package contract

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/siogw/siogw/internal/strictjson"
)

// maxQuick bounds how deep schemas and values are followed.
const maxQuick = 64

// fits reports whether text, which passed the strict scan, is an array that surely fits.
func (q *quick) fits(text []byte) bool {
	if q == nil || len(text) == 0 || text[0] != '[' {
		return false
	}
	end, ok := q.value(text, 0, 0)
	return ok && end == len(text)
}

// value looks at the value at at, and gives the place after it.
func (q *quick) value(text []byte, at, depth int) (end int, ok bool) {
	if at >= len(text) || depth > maxQuick {
		return at, false
	}
	if q.all {
		return strictjson.ValueEnd(text, at), true
	}
	k := strictjson.KindOf(text[at:])
	if !q.kind[k] || k == 0 || q.only != nil && k != strictjson.Text {
		return at, false
	}
	switch k {
	case strictjson.Object:
		end, ok = q.object(text, at, depth+1)
	case strictjson.Array:
		end, ok = q.array(text, at, depth+1)
	case strictjson.Text:
		end = strictjson.StringEnd(text, at)
		ok = q.text(text[at:end])
	case strictjson.Number:
		end = strictjson.ValueEnd(text, at)
		ok = q.number(text[at:end])
	default:
		end, ok = strictjson.ValueEnd(text, at), true
	}
	return end, ok && q.beside(text, at, depth+1)
}

// beside looks at the same value by the other schemas that are for it.
func (q *quick) beside(text []byte, at, depth int) bool {
	for _, other := range q.and {
		if _, ok := other.value(text, at, depth); !ok {
			return false
		}
	}
	return len(q.or) == 0 || slices.ContainsFunc(q.or, func(other *quick) bool {
		_, ok := other.value(text, at, depth)
		return ok
	})
}

func (q *quick) object(text []byte, at, depth int) (end int, ok bool) {
	n, left := 0, q.required
	for at = strictjson.SkipSpace(text, at+1); at < len(text) && text[at] == '"'; n++ {
		key := text[at:strictjson.StringEnd(text, at)]
		if at = strictjson.SkipSpace(text, at+len(key)); at >= len(text) || text[at] != ':' || bytes.IndexByte(key, '\\') >= 0 {
			return at, false
		}
		if string(key) == `"`+placeholderKey+`"` { // the validator does not see it as it is
			return at, false
		}
		one := q.others
		if m := q.members[string(key[1:len(key)-1])]; m != nil {
			one, left = m.quick, left&^m.bit
		}
		if one == nil {
			return at, false
		}
		if at, ok = one.value(text, strictjson.SkipSpace(text, at+1), depth); !ok {
			return at, false
		}
		if at = strictjson.SkipSpace(text, at); at < len(text) && text[at] == ',' {
			at = strictjson.SkipSpace(text, at+1)
		}
	}
	return at + 1, at < len(text) && text[at] == '}' && left == 0 && n >= q.fewest && (q.mostMembers < 0 || n <= q.mostMembers)
}

func (q *quick) array(text []byte, at, depth int) (end int, ok bool) {
	n := 0
	for at = strictjson.SkipSpace(text, at+1); at < len(text) && text[at] != ']'; n++ {
		one := q.rest
		if n < len(q.first) {
			one = q.first[n]
		}
		if at, ok = one.value(text, at, depth); !ok {
			return at, false
		}
		if at = strictjson.SkipSpace(text, at); at < len(text) && text[at] == ',' {
			at = strictjson.SkipSpace(text, at+1)
		}
	}
	return at + 1, at < len(text) && n >= q.shortest && (q.mostLength < 0 || n <= q.mostLength)
}

func (q *quick) text(raw []byte) bool {
	if len(raw) < 2 {
		return false
	}
	inner := raw[1 : len(raw)-1]
	if q.least == 0 && q.most < 0 && q.only == nil {
		return true
	}
	if bytes.IndexByte(inner, '\\') >= 0 {
		return false
	}
	if q.only != nil && !slices.ContainsFunc(q.only, func(s string) bool { return s == string(inner) }) {
		return false
	}
	if len(inner) >= q.least*utf8.UTFMax && (q.most < 0 || len(inner) <= q.most) {
		return true
	}
	n := utf8.RuneCount(inner)
	return n >= q.least && (q.most < 0 || n <= q.most)
}

// maxDigits is how long the text of an integer may be that surely fits in 64 bits.
const maxDigits = 18

func (q *quick) number(raw []byte) bool {
	if !q.bounded && q.fraction {
		return bytes.IndexByte(raw, 'e') < 0 && bytes.IndexByte(raw, 'E') < 0
	}
	if len(raw) > maxDigits {
		return false
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return err == nil && q.from <= n && n <= q.to
}
