package meter

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

var errShort = errors.New("unexpected end")

// reader reads the binary format's primitives. The first failure sticks: what is read after it is zero,
// and every count that it gives is at most the number of bytes left, so that loops end.
type reader struct {
	b   []byte
	pos int
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("at byte %d: %w", r.pos, fmt.Errorf(format, args...))
	}
	r.pos = len(r.b)
}

func (r *reader) left() int { return len(r.b) - r.pos }

func (r *reader) byte() byte {
	if r.left() < 1 {
		r.fail("%w", errShort)
		return 0
	}
	b := r.b[r.pos]
	r.pos++
	return b
}

func (r *reader) take(n int) []byte {
	if n < 0 || r.left() < n {
		r.fail("%w", errShort)
		return nil
	}
	b := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// u32 reads an unsigned LEB128 number of at most 5 bytes (padding allowed, as linkers write it).
func (r *reader) u32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if v > 0xffffffff {
				break
			}
			return uint32(v)
		}
	}
	r.fail("number too large for 32 bits")
	return 0
}

// signed reads a signed LEB128 number of the given width.
func (r *reader) signed(bits int) int64 {
	var v int64
	for shift := 0; shift < bits; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if b >= 0x80 {
			continue
		}
		if shift+7 < 64 {
			v = v << (64 - shift - 7) >> (64 - shift - 7) // extend the sign
		} else if b != 0 && b != 0x7f {
			break // the tenth byte holds one bit and its sign
		}
		if bits < 64 && (v < -1<<(bits-1) || v >= 1<<(bits-1)) {
			break
		}
		return v
	}
	r.fail("number too large for %d bits", bits)
	return 0
}

// count reads the length of a vector whose items take at least one byte each.
func (r *reader) count() int {
	n := r.u32()
	if int64(n) > int64(r.left()) {
		r.fail("%d items in %d bytes", n, r.left())
		return 0
	}
	return int(n)
}

// index reads an index below limit.
func (r *reader) index(what string, limit int) uint32 {
	i := r.u32()
	if int64(i) >= int64(limit) {
		r.fail("%s %d of %d", what, i, limit)
		return 0
	}
	return i
}

// zero reads a byte that must be 0.
func (r *reader) zero() {
	if r.byte() != 0 {
		r.fail("reserved byte is not zero")
	}
}

func (r *reader) name() string {
	b := r.take(r.count())
	if !utf8.Valid(b) {
		r.fail("name is not UTF-8")
	}
	return string(b)
}

func (r *reader) valueType() ValueType {
	t := ValueType(r.byte())
	if !isValueType(t) {
		r.fail("no value type: %#x", byte(t))
	}
	return t
}

func (r *reader) refType() ValueType {
	t := ValueType(r.byte())
	if t != FuncRef && t != ExternRef {
		r.fail("no reference type: %#x", byte(t))
	}
	return t
}

func isValueType(t ValueType) bool {
	return t >= V128 && t <= I32 || t == FuncRef || t == ExternRef
}

// appendU32 writes an unsigned LEB128 number in its shortest form.
func appendU32(dst []byte, v uint32) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// appendSigned writes a signed LEB128 number in its shortest form.
func appendSigned(dst []byte, v int64) []byte {
	for v < -64 || v > 63 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v)&0x7f)
}

func appendName(dst []byte, s string) []byte {
	return append(appendU32(dst, uint32(len(s))), s...)
}
