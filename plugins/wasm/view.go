package wasm

import (
	"cmp"
	"encoding/binary"
	"unsafe"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
	"github.com/siogw/siogw/internal/strictjson"
)

// view renders what the guest gets to see. picked, when not nil, holds the number among all strings of
// each string in a narrowed strings view.
func (p *Plugin) view(dst []byte, in *engine.Input) (view []byte, picked []int) {
	return p.manifest.view(dst, in, p.fields)
}

// view is the same; fields narrow a strings view.
func (m *Manifest) view(dst []byte, in *engine.Input, fields []string) (view []byte, picked []int) {
	switch m.View {
	case ViewArgs:
		if in.Args == nil {
			return append(dst, "[]"...), nil
		}
		return in.Args, nil
	case ViewFields:
		return fieldsView(dst, in, m.Fields), nil
	case ViewStrings:
		return stringsView(dst, in.Args, fields)
	case ViewBinary:
		return attachmentsView(dst, in.Attachments, cmp.Or(m.Prefix, DefaultPrefix)), nil
	}
	return inputjson.Append(dst, in), nil
}

// fieldsView gives the values that the pointers name as one JSON array, null where there is none. The
// whole input is rendered behind it first, out of the way.
func fieldsView(dst []byte, in *engine.Input, pointers []string) []byte {
	whole := inputjson.Append(nil, in)
	for i, ptr := range pointers {
		dst = append(dst, "[,"[min(i, 1)])
		if raw, ok := strictjson.Pointer(whole, ptr); ok {
			dst = append(dst, raw...)
		} else {
			dst = append(dst, "null"...)
		}
	}
	return append(dst, ']')
}

// stringsView gives the strings of args, those under fields only if there are any, as count and
// length-prefixed UTF-8, numbers little endian.
func stringsView(dst, args []byte, fields []string) (view []byte, picked []int) {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	ranges := fieldRanges(args, fields)
	n, i := uint32(0), 0
	for raw := range strictjson.Strings(args) {
		if fields == nil || within(ranges, offset(args, raw)) {
			if fields != nil {
				picked = append(picked, i)
			}
			length := len(dst)
			dst = strictjson.AppendString(append(dst, 0, 0, 0, 0), raw)
			binary.LittleEndian.PutUint32(dst[length:], uint32(len(dst)-length-4))
			n++
		}
		i++
	}
	binary.LittleEndian.PutUint32(dst[at:], n)
	if fields != nil && picked == nil {
		picked = []int{}
	}
	return dst, picked
}

// attachmentsView gives the count, and of each attachment its size, the size of what is shown, and that.
func attachmentsView(dst []byte, all []engine.Attachment, prefix int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(all)))
	for _, a := range all {
		shown := a.Data[:min(len(a.Data), prefix)]
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(a.Data)))
		dst = append(binary.LittleEndian.AppendUint32(dst, uint32(len(shown))), shown...)
	}
	return dst
}

type byteRange struct{ from, to int }

func fieldRanges(args []byte, fields []string) (out []byteRange) {
	for _, f := range fields {
		if raw, ok := strictjson.Pointer(args, f); ok {
			from := offset(args, raw)
			out = append(out, byteRange{from, from + len(raw)})
		}
	}
	return out
}

func within(ranges []byteRange, at int) bool {
	for _, r := range ranges {
		if r.from <= at && at < r.to {
			return true
		}
	}
	return false
}

// offset gives where part, which is a part of whole, begins.
func offset(whole, part []byte) int {
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(part))) - uintptr(unsafe.Pointer(unsafe.SliceData(whole))))
}

func sameArray(a, b []byte) bool { return unsafe.SliceData(a) == unsafe.SliceData(b) }
