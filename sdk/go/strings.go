package siogw

import (
	"encoding/binary"
	"errors"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

var errView = errors.New("not a strings view; does the manifest ask for it?")

// nextString cuts the first string off a strings view without its count. It shares the view's memory.
func nextString(view []byte) (s string, rest []byte, err error) {
	if len(view) < 4 {
		return "", nil, errView
	}
	n := binary.LittleEndian.Uint32(view)
	if uint64(n) > uint64(len(view)-4) {
		return "", nil, errView
	}
	return unsafe.String(unsafe.SliceData(view[4:]), n), view[4+n:], nil
}

// countStrings reads a strings view's count; each string takes at least four bytes.
func countStrings(view []byte) (n int, rest []byte, err error) {
	if len(view) < 4 {
		return 0, nil, errView
	}
	c := binary.LittleEndian.Uint32(view)
	if uint64(c) > uint64(len(view)-4)/4 {
		return 0, nil, errView
	}
	return int(c), view[4:], nil
}

func splitStrings(view []byte) ([]string, error) {
	n, rest, err := countStrings(view)
	all := make([]string, n)
	for i := 0; i < n && err == nil; i++ {
		all[i], rest, err = nextString(rest)
	}
	if err == nil && len(rest) > 0 {
		err = errView
	}
	return all, err
}

// replaceStrings gives the verdict with the replacements, nil when there is none.
func replaceStrings(view []byte, replace func(i int, s string) (string, bool)) ([]byte, error) {
	n, rest, err := countStrings(view)
	var out []byte
	for i := 0; i < n && err == nil; i++ {
		var s string
		if s, rest, err = nextString(rest); err != nil {
			break
		}
		if text, ok := replace(i, s); ok {
			out = appendReplacement(out, i, text)
		}
	}
	if err == nil && len(rest) > 0 {
		err = errView
	}
	if err != nil || out == nil {
		return nil, err
	}
	return append(out, "}}"...), nil
}

func appendReplacement(out []byte, i int, text string) []byte {
	if out == nil {
		out = append(out, `{"effect":"allow","strings":{`...)
	} else {
		out = append(out, ',')
	}
	out = append(out, '"')
	out = strconv.AppendInt(out, int64(i), 10)
	return AppendText(append(out, `":`...), text)
}

const hex = "0123456789abcdef"

// AppendText appends s as a JSON string; bytes that are no UTF-8 become U+FFFD.
func AppendText(out []byte, s string) []byte {
	out = append(out, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ':
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			out = append(out, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		i++
	}
	return append(out, '"')
}
