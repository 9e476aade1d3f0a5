package wasmtest

import (
	"fmt"
	"strconv"
	"strings"
)

// op is an instruction: its bytes, then its immediates: u and s for unsigned and signed numbers, t for a
// block type (a letter, or - for none), m for a zero byte, x for a byte as given.
type op struct{ code, imm string }

var ops = map[string]op{
	"unreachable": {"\x00", ""}, "nop": {"\x01", ""}, "block": {"\x02", "t"}, "loop": {"\x03", "t"}, "if": {"\x04", "t"},
	"else": {"\x05", ""}, "end": {"\x0b", ""}, "br": {"\x0c", "u"}, "br_if": {"\x0d", "u"}, "return": {"\x0f", ""},
	"call": {"\x10", "u"}, "call_indirect": {"\x11", "um"}, "drop": {"\x1a", ""}, "select": {"\x1b", ""},
	"local.get": {"\x20", "u"}, "local.set": {"\x21", "u"}, "local.tee": {"\x22", "u"},
	"global.get": {"\x23", "u"}, "global.set": {"\x24", "u"}, "table.get": {"\x25", "u"}, "table.set": {"\x26", "u"},
	"i32.load": {"\x28\x02", "u"}, "i64.load": {"\x29\x03", "u"}, "i32.load8_u": {"\x2d\x00", "u"},
	"i32.store": {"\x36\x02", "u"}, "i64.store": {"\x37\x03", "u"}, "i32.store8": {"\x3a\x00", "u"},
	"memory.size": {"\x3f", "m"}, "memory.grow": {"\x40", "m"}, "i32.const": {"\x41", "s"}, "i64.const": {"\x42", "s"},
	"i32.eqz": {"\x45", ""}, "i32.eq": {"\x46", ""}, "i32.lt_u": {"\x49", ""}, "i32.gt_u": {"\x4b", ""}, "i64.eqz": {"\x50", ""},
	"i32.add": {"\x6a", ""}, "i32.sub": {"\x6b", ""}, "i32.mul": {"\x6c", ""}, "i32.div_u": {"\x6e", ""}, "i32.and": {"\x71", ""},
	"i32.or": {"\x72", ""}, "i32.xor": {"\x73", ""}, "i32.shl": {"\x74", ""}, "i32.rotl": {"\x77", ""},
	"i64.add": {"\x7c", ""}, "i64.sub": {"\x7d", ""}, "i64.mul": {"\x7e", ""}, "i64.or": {"\x84", ""}, "i64.xor": {"\x85", ""},
	"i64.shl": {"\x86", ""}, "i32.wrap_i64": {"\xa7", ""}, "i64.extend_i32_u": {"\xad", ""}, "i64.extend_i32_s": {"\xac", ""},
	"i32.extend8_s": {"\xc0", ""}, "ref.null": {"\xd0\x70", ""}, "ref.is_null": {"\xd1", ""}, "ref.func": {"\xd2", "u"},
	"memory.init": {"\xfc\x08", "um"}, "data.drop": {"\xfc\x09", "u"}, "memory.copy": {"\xfc\x0a", "mm"}, "memory.fill": {"\xfc\x0b", "m"},
	"table.init": {"\xfc\x0c", "um"}, "table.copy": {"\xfc\x0e", "mm"}, "table.grow": {"\xfc\x0f", "u"}, "table.size": {"\xfc\x10", "u"},
	"table.fill": {"\xfc\x11", "u"}, "i8x16.splat": {"\xfd\x0f", ""}, "i32x4.splat": {"\xfd\x11", ""}, "i32x4.add": {"\xfd\xae\x01", ""},
	"i32x4.extract_lane": {"\xfd\x1b", "u"}, "i16x8.mul": {"\xfd\x95\x01", ""}, "v128.load": {"\xfd\x00\x04", "u"}, "v128.store": {"\xfd\x0b\x04", "u"},
	"br_table": {"\x0e", "b"}, "byte": {"", "x"},
}

// Asm assembles instructions written as in the text format, flat, with every immediate given: block types
// are a letter or "-", loads and stores have their offset, br_table the number of its labels, the labels
// and the default.
func Asm(code string) (out []byte) {
	words := strings.Fields(code)
	for at := 0; at < len(words); {
		o, ok := ops[words[at]]
		if !ok {
			panic(fmt.Sprintf("wasmtest: no instruction %q", words[at]))
		}
		at++
		out = append(out, o.code...)
		for _, kind := range o.imm {
			used := 0
			out, used = immediate(out, kind, words[at:])
			at += used
		}
	}
	return out
}

func immediate(out []byte, kind rune, words []string) ([]byte, int) {
	switch kind {
	case 'x':
		return append(out, byte(number(words[0]))), 1
	case 'm':
		return append(out, 0), 0
	case 't':
		if words[0] == "-" {
			return append(out, 0x40), 1
		}
		if t, ok := types[rune(words[0][0])]; ok {
			return append(out, t), 1
		}
		return append(out, leb(int(number(words[0])))...), 1
	case 's':
		return signed(out, number(words[0])), 1
	case 'b':
		n := int(number(words[0]))
		out = append(out, leb(n)...)
		for _, w := range words[1 : n+2] {
			out = append(out, leb(int(number(w)))...)
		}
		return out, n + 2
	}
	return append(out, leb(int(number(words[0])))...), 1
}

func number(s string) int64 {
	v, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		panic("wasmtest: " + err.Error())
	}
	return v
}

func signed(out []byte, v int64) []byte {
	for v < -64 || v > 63 {
		out = append(out, byte(v)|0x80)
		v >>= 7
	}
	return append(out, byte(v)&0x7f)
}
