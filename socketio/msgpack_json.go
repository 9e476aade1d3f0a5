package socketio

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/siogw/siogw/internal/strictjson"
)

// dateKey marks a Date in the JSON of a msgpack packet: {"$date":N}, N being milliseconds since 1970 (as in
// Extended JSON). A string, which is what the JSON parser makes of a Date, would hide from a contract that
// the receiver gets an object.
const dateKey = "$date"

// maxDate is the largest Date, in milliseconds on either side of 1970 (ECMA-262, section "Time Values").
const maxDate = 8_640_000_000_000_000

// transcoder writes a msgpack value, whose structure was checked, as JSON. Binary data becomes a
// placeholder and an attachment. What strictjson.Scan refuses is left to it, but for what it cannot see.
type transcoder struct {
	data        []byte
	at          int
	limits      *Limits
	out         []byte
	attachments [][]byte
	bytes       int  // of the attachments
	elements    int  // of arrays and maps, so far
	undefined   bool // a member is undefined
	drop        bool // leave such members out, as JSON.stringify does; otherwise they are null
}

func (t *transcoder) refuse(code Code, msg string) *Error {
	return &Error{Code: code, Offset: t.at, Msg: msg}
}

func (t *transcoder) value(depth int) *Error {
	h, msg := readHead(t.data, t.at)
	if msg != "" {
		return t.refuse(Malformed, msg)
	}
	switch h.form {
	case formNil, formUndefined:
		t.out = append(t.out, "null"...)
	case formFalse:
		t.out = append(t.out, "false"...)
	case formTrue:
		t.out = append(t.out, "true"...)
	case formInt, formUint, formFloat, formDate:
		if err := t.number(&h); err != nil {
			return err
		}
	case formString, formBin:
		return t.bytesOf(&h)
	default:
		return t.container(&h, depth)
	}
	t.at = h.next
	return nil
}

// number writes a number that every implementation keeps exactly: what a double cannot hold is rounded by
// some, and NaN and the infinities are null to others.
func (t *transcoder) number(h *head) *Error {
	switch n := int64(h.bits); h.form {
	case formInt:
		if !exact(magnitude(n)) {
			return t.refuse(Malformed, "integer that a double cannot hold")
		}
		t.out = appendWhole(t.out, n, float64(n))
	case formUint:
		if !exact(h.bits) {
			return t.refuse(Malformed, "integer that a double cannot hold")
		}
		t.out = appendWhole(t.out, n, float64(h.bits))
	case formFloat:
		f := math.Float64frombits(h.bits)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return t.refuse(Malformed, "number that JSON does not have")
		}
		t.out = appendFloat(t.out, f)
	case formDate:
		if n < -maxDate || n > maxDate {
			return t.refuse(Malformed, "date out of range")
		}
		t.out = append(t.out, `{"`+dateKey+`":`...)
		t.out = strconv.AppendInt(t.out, n, 10)
		t.out = append(t.out, '}')
	}
	return nil
}

// appendWhole writes a whole number, f in value and n as well where that is not beyond 2^53.
func appendWhole(dst []byte, n int64, f float64) []byte {
	if math.Abs(f) <= maxID {
		return strconv.AppendInt(dst, n, 10)
	}
	return appendFloat(dst, f)
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// exact reports whether a double can hold n: at most 53 bits from its first to its last one.
func exact(n uint64) bool {
	for n > 1<<53 && n&1 == 0 {
		n >>= 1
	}
	return n <= 1<<53
}

// bytesOf writes a string, or keeps binary data.
func (t *transcoder) bytesOf(h *head) *Error {
	end := h.next + h.n
	raw := t.data[h.next:end:end]
	if h.form == formString {
		if !utf8.Valid(raw) {
			return t.refuse(Malformed, "invalid UTF-8")
		}
		t.out = strictjson.AppendQuote(t.out, string(raw))
	} else {
		switch t.bytes += h.n; {
		case len(t.attachments) == t.limits.Attachments:
			return t.refuse(TooManyAttachments, "too many attachments")
		case t.bytes > t.limits.AttachmentBytes:
			return t.refuse(TooLarge, "attachments too large").over("AttachmentBytes")
		}
		t.out = appendPlaceholder(t.out, len(t.attachments))
		t.attachments = append(t.attachments, raw)
	}
	t.at = end
	return nil
}

// container writes an array or a map.
func (t *transcoder) container(h *head, depth int) *Error {
	switch t.elements += h.n; {
	case depth > t.limits.Depth:
		return t.refuse(TooDeep, "nested too deeply")
	case t.elements > t.limits.Elements:
		return t.refuse(TooLarge, "too many elements").over("Elements")
	}
	t.at = h.next
	if h.form == formMap {
		return t.object(h.n, depth)
	}
	t.out = append(t.out, '[')
	for i := range h.n {
		if i > 0 {
			t.out = append(t.out, ',')
		}
		if err := t.value(depth + 1); err != nil {
			return err
		}
	}
	t.out = append(t.out, ']')
	return nil
}

func (t *transcoder) object(n, depth int) *Error {
	t.out = append(t.out, '{')
	for first := true; n > 0; n-- {
		mark := len(t.out)
		if !first {
			t.out = append(t.out, ',')
		}
		if err := t.member(depth); err != nil {
			return err
		}
		if h, _ := readHead(t.data, t.at); h.form == formUndefined {
			t.undefined = true
			if t.drop {
				t.out, t.at = t.out[:mark], h.next
				continue
			}
		}
		first = false
		if err := t.value(depth + 1); err != nil {
			return err
		}
	}
	t.out = append(t.out, '}')
	return nil
}

// member writes a key with its colon. JavaScript makes strings of other keys, so that 1 and "1" are the same.
func (t *transcoder) member(depth int) *Error {
	h, msg := readHead(t.data, t.at)
	switch {
	case msg != "":
		return t.refuse(Malformed, msg)
	case h.form != formString:
		return t.refuse(Malformed, "key is no string")
	case string(t.data[h.next:h.next+h.n]) == dateKey:
		return t.refuse(Malformed, "key that stands for a date")
	}
	if err := t.bytesOf(&h); err != nil {
		return err
	}
	t.out = append(t.out, ':')
	return nil
}

// floatBits gives the bits of a double for those of a number of that many bytes.
func floatBits(v uint64, width int) uint64 {
	if width == 4 {
		return math.Float64bits(float64(math.Float32frombits(uint32(v))))
	}
	return v
}

// appendFloat writes f as JSON.stringify does (ECMA-262, Number::toString), but for -0, which stays.
func appendFloat(dst []byte, f float64) []byte {
	if a := math.Abs(f); a == 0 || a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); dst[n-4] == 'e' && dst[n-2] == '0' { // e-09 is e-9
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}
