package socketio

import "encoding/binary"

// form is a kind of msgpack value. Those of the reference that are not msgpack's own are extensions of
// type 0 (notepack.io 2.2, lib/encode.js): undefined, Date, and ArrayBuffer, which is formBin here.
type form uint8

const (
	formNone form = iota // never used, or an extension that the reference does not write
	formNil
	formFalse
	formTrue
	formInt
	formUint
	formFloat
	formUndefined
	formDate // milliseconds since 1970
	formString
	formBin
	formArray
	formMap
)

// head is all of a value but its contents.
type head struct {
	form form
	bits uint64 // the number: formInt and formDate as an int64, formFloat as a float64
	n    int    // bytes of a string or bin; elements of an array, members of a map
	next int    // where the contents begin, or the next value where there are none
}

// marker says what a first byte from 0xc0 on means.
type marker struct {
	form  form
	width int // bytes of the number or length that follows
	ext   int // 1: a type byte follows the length; -1: it comes before the number
}

// markers begins at 0xc0. https://github.com/msgpack/msgpack/blob/master/spec.md#formats
var markers = [32]marker{
	{form: formNil}, {}, {form: formFalse}, {form: formTrue},
	{form: formBin, width: 1}, {form: formBin, width: 2}, {form: formBin, width: 4},
	{form: formBin, width: 1, ext: 1}, {form: formBin, width: 2, ext: 1}, {form: formBin, width: 4, ext: 1},
	{form: formFloat, width: 4}, {form: formFloat, width: 8},
	{form: formUint, width: 1}, {form: formUint, width: 2}, {form: formUint, width: 4}, {form: formUint, width: 8},
	{form: formInt, width: 1}, {form: formInt, width: 2}, {form: formInt, width: 4}, {form: formInt, width: 8},
	{form: formUndefined, width: 1, ext: -1}, {}, {}, {form: formDate, width: 8, ext: -1}, {},
	{form: formString, width: 1}, {form: formString, width: 2}, {form: formString, width: 4},
	{form: formArray, width: 2}, {form: formArray, width: 4},
	{form: formMap, width: 2}, {form: formMap, width: 4},
}

// readHead reads the head of the value at at. What it says of lengths is checked against the bytes that
// are there: no caller allocates or loops for more than came. msg is "" or what is wrong.
func readHead(data []byte, at int) (h head, msg string) {
	if at >= len(data) {
		return h, "unexpected end"
	}
	h.next = at + 1
	switch c := data[at]; {
	case c < 0x80, c >= 0xe0:
		h.form, h.bits = formInt, uint64(int8(c))
	case c < 0x90:
		h.form, h.n = formMap, int(c&0x0f)
	case c < 0xa0:
		h.form, h.n = formArray, int(c&0x0f)
	case c < 0xc0:
		h.form, h.n = formString, int(c&0x1f)
	default:
		if msg := h.readRest(data, &markers[c-0xc0]); msg != "" {
			return h, msg
		}
	}
	need := h.n
	if h.form == formMap {
		need *= 2
	}
	if need > len(data)-h.next {
		return h, "unexpected end"
	}
	return h, ""
}

// readRest reads the number or length behind a marker, and checks the type of an extension.
func (h *head) readRest(data []byte, m *marker) string {
	h.form = m.form
	if m.form == formNone {
		return "type that packets do not have"
	}
	rest := data[h.next:]
	if m.ext != 0 && len(rest) <= m.width || len(rest) < m.width {
		return "unexpected end"
	}
	ext := byte(0)
	if m.ext > 0 {
		ext = rest[m.width]
		h.next++
	} else if m.ext < 0 {
		ext = rest[0]
		rest = rest[1:]
		h.next++
	}
	h.next += m.width
	h.setNumber(rest[:m.width])
	if ext != 0 || h.form == formUndefined && h.bits != 0 {
		return "extension that packets do not have"
	}
	return ""
}

// setNumber takes the big-endian number behind a marker for what it is: the value, or a length.
func (h *head) setNumber(b []byte) {
	var wide [8]byte
	copy(wide[8-len(b):], b)
	v := binary.BigEndian.Uint64(wide[:])
	switch h.form {
	case formInt:
		unused := 64 - 8*len(b)
		h.bits = uint64(int64(v<<unused) >> unused)
	case formFloat:
		h.bits = floatBits(v, len(b))
	case formString, formBin, formArray, formMap:
		h.n = int(v) // at most 32 bits
	default:
		h.bits = v
	}
}

// skipValue gives the end of the value at at. It does not recurse, and each step takes a byte or more.
func skipValue(data []byte, at int) (end int, msg string) {
	for left := 1; left > 0; left-- {
		h, msg := readHead(data, at)
		if msg != "" {
			return at, msg
		}
		at = h.next
		switch h.form {
		case formString, formBin:
			at += h.n
		case formArray:
			left += h.n
		case formMap:
			left += 2 * h.n
		}
	}
	return at, ""
}
