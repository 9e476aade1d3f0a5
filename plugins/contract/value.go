package contract

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// placeholderKey marks where an attachment stands. The codec passes no object of a client with this key
// but a genuine placeholder.
const placeholderKey = "_placeholder"

var (
	errNotArgs = errors.New("the arguments are no JSON array")
	errTooDeep = errors.New("the arguments are nested too deeply")
)

// maxDepth is beyond what limits.depth may be set to in practice; it guards the stack.
const maxDepth = 1000

// reader makes values of JSON text that passed the strict scan. On other text it gives nonsense or fails,
// but never panics and always ends.
type reader struct {
	data        []byte
	pos, depth  int
	attachments []engine.Attachment
	err         error
}

// decode gives the arguments as the validator wants them: numbers keep their text, and a placeholder
// becomes an object that tells of its attachment.
func decode(raw []byte, attachments []engine.Attachment) ([]any, error) {
	if raw == nil {
		return []any{}, nil
	}
	if !isArray(raw) {
		return nil, errNotArgs
	}
	r := reader{data: raw, attachments: attachments}
	v := r.value()
	if r.err != nil {
		return nil, r.err
	}
	return v.([]any), nil // the kind of the first byte says so
}

func (r *reader) fail(err error) any {
	if r.err == nil {
		r.err = err
	}
	r.pos = len(r.data)
	return nil
}

// next skips what stands between tokens and gives the byte at hand, 0 at the end.
func (r *reader) next() byte {
	for ; r.pos < len(r.data); r.pos++ {
		switch c := r.data[r.pos]; c {
		case ' ', '\t', '\n', '\r', ',', ':':
		default:
			return c
		}
	}
	return 0
}

func (r *reader) value() any {
	switch c := r.next(); c {
	case '[':
		return r.nested(r.array)
	case '{':
		return r.nested(r.object)
	case '"':
		return r.text()
	case 't':
		return r.literal("true", true)
	case 'f':
		return r.literal("false", false)
	case 'n':
		return r.literal("null", nil)
	}
	return r.number()
}

func (r *reader) literal(word string, v any) any {
	r.pos = min(r.pos+len(word), len(r.data))
	return v
}

func (r *reader) nested(read func() any) any {
	if r.depth++; r.depth > maxDepth {
		return r.fail(errTooDeep)
	}
	r.pos++
	v := read()
	r.depth--
	return v
}

func (r *reader) array() any {
	out := []any{}
	for {
		switch r.next() {
		case ']':
			r.pos++
			return out
		case 0:
			r.fail(errNotArgs)
			return out
		}
		out = append(out, r.value())
	}
}

func (r *reader) object() any {
	out := map[string]any{}
	for {
		switch r.next() {
		case '}':
			r.pos++
			if _, binary := out[placeholderKey]; binary {
				r.describe(out)
			}
			return out
		case '"':
		default:
			r.fail(errNotArgs)
			return out
		}
		key := r.text()
		out[key] = r.value()
	}
}

func (r *reader) text() string {
	end := strictjson.StringEnd(r.data, r.pos)
	raw := r.data[r.pos:end]
	r.pos = end
	return strictjson.String(raw)
}

// number keeps the text. But the exact value of 1e-1000000 has a million digits, which a validator would
// work with: a number whose exponent has three digits or more is read as a double, as every receiver will.
func (r *reader) number() any {
	from := r.pos
	for r.pos < len(r.data) && strings.IndexByte("+-.0123456789eE", r.data[r.pos]) >= 0 {
		r.pos++
	}
	s := string(r.data[from:r.pos])
	if len(s) <= 18 {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(strings.TrimLeft(s[i+1:], "+-")) > 2 {
		f, _ := strconv.ParseFloat(s, 64)
		s = strconv.FormatFloat(f, 'g', -1, 64)
	}
	if !json.Valid([]byte(s)) { // "" too: then the place is no value, and reading must go on elsewhere
		return r.fail(errNotArgs)
	}
	return json.Number(s)
}

// describe makes a placeholder what the contract can say of an attachment.
func (r *reader) describe(out map[string]any) {
	n, _ := out["num"].(int64)
	clear(out)
	out[placeholderKey] = true
	if n >= 0 && n < int64(len(r.attachments)) {
		a := &r.attachments[n]
		out["bytes"], out["type"] = len(a.Data), a.Type
	}
}
