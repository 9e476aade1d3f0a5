package decisionlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/siogw/siogw/internal/strictjson"
)

// maxValue is the most bytes of auth or args that a line holds; a larger value is told by its size.
const maxValue = 64 << 10

const hidden = `"***"`

// masks is what lines hide.
type masks struct {
	auth, args *mask
}

// mask is one level of a JSON value: all of it is hidden, or parts below.
type mask struct {
	all   bool
	below map[string]*mask // by member name or index
}

func (m *masks) parse(paths []string) error {
	for _, p := range paths {
		root, rest, deeper := strings.Cut(strings.TrimPrefix(p, "/"), "/")
		if deeper && !strings.HasPrefix(p, "/") {
			return fmt.Errorf("decision log: %q is no mask", p)
		}
		var at **mask
		switch root {
		case "auth":
			at = &m.auth
		case "args":
			at = &m.args
		default:
			return fmt.Errorf("decision log: %q is no mask", p)
		}
		tokens := []string{}
		if deeper {
			tokens = strings.Split(rest, "/")
		}
		hide(at, tokens)
	}
	return nil
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~") // RFC 6901 section 4

func hide(at **mask, tokens []string) {
	if *at == nil {
		*at = &mask{below: map[string]*mask{}}
	}
	if len(tokens) == 0 {
		(*at).all = true
		return
	}
	token := unescape.Replace(tokens[0])
	child := (*at).below[token]
	hide(&child, tokens[1:])
	(*at).below[token] = child
}

// appendValue appends raw on one line, with what m names hidden.
func (m *mask) appendValue(dst, raw []byte) []byte {
	raw = bytes.Trim(raw, " \t\r\n")
	switch {
	case m != nil && m.all:
		return append(dst, hidden...)
	case len(raw) > maxValue:
		return fmt.Appendf(dst, `"*** %d bytes"`, len(raw))
	case !json.Valid(raw): // nothing that is no JSON may end up in the log
		return append(dst, `"*** not JSON"`...)
	}
	return m.copy(dst, raw)
}

// copy appends a valid JSON value without the blanks between its tokens.
func (m *mask) copy(dst, raw []byte) []byte {
	if m != nil && m.all {
		return append(dst, hidden...)
	}
	switch strictjson.KindOf(raw) {
	case strictjson.Object:
		dst = append(dst, '{')
		first := true
		for key, value := range strictjson.Members(raw) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(append(dst, key...), ':')
			dst = m.member(key).copy(dst, value)
		}
		return append(dst, '}')
	case strictjson.Array:
		dst = append(dst, '[')
		i := 0
		for value := range strictjson.Elements(raw) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = m.element(i).copy(dst, value)
			i++
		}
		return append(dst, ']')
	}
	return append(dst, raw...)
}

func (m *mask) member(key []byte) *mask {
	if m == nil || len(m.below) == 0 {
		return nil
	}
	return m.below[strictjson.String(key)]
}

func (m *mask) element(i int) *mask {
	if m == nil || len(m.below) == 0 {
		return nil
	}
	return m.below[strconv.Itoa(i)]
}
