package strictjson

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// plain marks the bytes that stand for themselves in a JSON string and are ASCII.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// str reads a string with its quotes and reports whether it has escapes.
func (s *scanner) str() (escaped, ok bool) {
	s.pos++
	for {
		i, data := s.pos, s.data
		for i < len(data) && plain[data[i]] {
			i++
		}
		if s.pos = i; i >= len(data) {
			return escaped, s.unexpected()
		}
		c := data[i]
		switch {
		case c == '"':
			s.pos++
			return escaped, true
		case c == '\\':
			escaped = true
			if !s.escape() {
				return escaped, false
			}
		case c < ' ':
			return escaped, s.fail(ErrSyntax, "control character in a string")
		default:
			r, n := utf8.DecodeRune(s.data[s.pos:])
			if r == utf8.RuneError && n == 1 {
				return escaped, s.fail(ErrSyntax, "invalid UTF-8")
			}
			s.pos += n
		}
	}
}

// escape reads one escape; a surrogate counts only as the half of a pair (RFC 7493, section 2.1).
func (s *scanner) escape() bool {
	if s.pos+1 >= len(s.data) {
		s.pos = len(s.data)
		return s.unexpected()
	}
	if s.data[s.pos+1] != 'u' {
		if short(s.data[s.pos+1]) == 0 {
			return s.fail(ErrSyntax, "unknown escape")
		}
		s.pos += 2
		return true
	}
	_, n := escapedRune(s.data[s.pos:])
	if n == 0 {
		return s.fail(ErrSyntax, "bad \\u escape or lone surrogate")
	}
	s.pos += n
	return true
}

// short gives what the escape of one letter stands for, 0 when there is none.
func short(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return 0
}

// escapedRune reads \uXXXX or a pair of them; n is the number of bytes, 0 when they are none.
func escapedRune(b []byte) (r rune, n int) {
	r, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := hex4(b[6:])
	if !ok {
		return 0, 0
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// String gives what a raw string (with its quotes) says. It is "" for what is no string.
func String(raw []byte) string {
	inner, escaped := inside(raw)
	if !escaped {
		return string(inner)
	}
	return string(appendUnescaped(make([]byte, 0, len(inner)), inner))
}

// AppendString appends what a raw string says to dst; nothing for what is no string.
func AppendString(dst, raw []byte) []byte {
	inner, escaped := inside(raw)
	if !escaped {
		return append(dst, inner...)
	}
	return appendUnescaped(dst, inner)
}

// Is reports whether the raw string says s, without allocating when it has no escapes.
func Is(raw []byte, s string) bool {
	inner, escaped := inside(raw)
	if !escaped {
		return len(raw) >= 2 && string(inner) == s
	}
	return len(inner) >= len(s) && string(appendUnescaped(nil, inner)) == s
}

// inside gives a raw string without its quotes; nil when it has none.
func inside(raw []byte) (inner []byte, escaped bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return nil, false
	}
	inner = raw[1 : len(raw)-1]
	return inner, bytes.IndexByte(inner, '\\') >= 0
}

func appendUnescaped(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			dst = append(dst, s[i])
			i++
			continue
		}
		if r, n := escapedRune(s[i:]); n > 0 {
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		dst = append(dst, short(s[i+1]))
		i += 2
	}
	return dst
}

// AppendQuote appends s as a JSON string in the canonical form of RFC 8785, section 3.2.2.2 (that of
// JSON.stringify): the fewest escapes. Bytes that are no UTF-8 become U+FFFD.
func AppendQuote(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			dst = append(dst, c)
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = appendEscape(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	const hex, from, to = "0123456789abcdef", "\"\\\b\f\n\r\t", `"\bfnrt`
	for i := range len(from) {
		if from[i] == c {
			return append(dst, '\\', to[i])
		}
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
