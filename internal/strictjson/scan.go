package strictjson

import "strconv"

// Scan reports whether data is exactly one strict JSON value within l. The error is an *Error.
// It does not allocate on ordinary input: fewer than 17 keys to an object and no escapes in keys.
func Scan(data []byte, l Limits) error {
	_, err := ScanFor(data, l, "")
	return err
}

// ScanFor is Scan, and reports whether some object has the key, however that is escaped; one of "" is not looked for.
func ScanFor(data []byte, l Limits, key string) (has bool, err error) {
	l = l.withDefaults()
	s := scanner{data: data, limits: l, left: l.Elements, wanted: key}
	if s.value(1, false) && s.pos == len(data) {
		return s.has, nil
	}
	if s.kind == nil {
		s.fail(ErrSyntax, "data after the value")
	}
	return false, &Error{Offset: s.pos, Msg: s.msg, Kind: s.kind}
}

// scanner is the state of one Scan. Its methods return false once something is wrong; then pos is the place.
type scanner struct {
	data   []byte
	pos    int
	limits Limits
	left   int // elements still allowed
	kind   error
	msg    string
	wanted string   // a key
	has    bool     // it came
	used   int      // of keys
	keys   [40]span // the keys of the open objects that are still small; an array, so that nothing is allocated
}

// span is a part of the data, from the first byte to before the last.
type span struct{ from, to int }

func (s *scanner) fail(kind error, msg string) bool {
	s.kind, s.msg = kind, msg
	return false
}

func (s *scanner) unexpected() bool {
	if s.pos >= len(s.data) {
		return s.fail(ErrSyntax, "unexpected end")
	}
	return s.fail(ErrSyntax, "unexpected character")
}

// peek gives the byte at hand, 0 at the end: no JSON token starts with 0.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for s.pos < len(s.data) && isSpace(s.data[s.pos]) {
		s.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// value reads one value. ctor says that it is the value of a key "constructor".
func (s *scanner) value(depth int, ctor bool) bool {
	switch c := s.peek(); {
	case c == '"':
		_, ok := s.str()
		return ok
	case c == '{':
		return s.deep(depth) && s.object(depth, ctor)
	case c == '[':
		return s.deep(depth) && s.array(depth)
	case c == '-' || isDigit(c):
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.unexpected()
}

func (s *scanner) deep(depth int) bool {
	if depth > s.limits.Depth {
		return s.fail(ErrDepth, "nested too deeply")
	}
	return true
}

func (s *scanner) count() bool {
	if s.left--; s.left < 0 {
		return s.fail(ErrSize, "too many elements")
	}
	return true
}

func (s *scanner) literal(word string) bool {
	for i := range len(word) {
		if s.peek() != word[i] {
			return s.unexpected()
		}
		s.pos++
	}
	return true
}

func (s *scanner) array(depth int) bool {
	s.pos++
	if s.space(); s.peek() == ']' {
		s.pos++
		return true
	}
	for {
		if !s.count() || !s.value(depth+1, false) {
			return false
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
		case ']':
			s.pos++
			return true
		default:
			return s.unexpected()
		}
	}
}

func (s *scanner) object(depth int, ctor bool) bool {
	o := object{base: s.used, ctor: ctor}
	s.pos++
	if s.space(); s.peek() == '}' {
		s.pos++
		return true
	}
	for {
		if !s.count() || !s.key(&o) || !s.colon() || !s.value(depth+1, o.next) {
			return false
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
			s.space()
		case '}':
			s.pos++
			s.used = o.base
			return true
		default:
			return s.unexpected()
		}
	}
}

func (s *scanner) colon() bool {
	if s.space(); s.peek() != ':' {
		return s.unexpected()
	}
	s.pos++
	s.space()
	return true
}

func isDigit(c byte) bool { return c-'0' < 10 }

// digits reads one digit or more.
func (s *scanner) digits() bool {
	if !isDigit(s.peek()) {
		return s.unexpected()
	}
	for isDigit(s.peek()) {
		s.pos++
	}
	return true
}

// number reads a number, RFC 8259, section 6.
func (s *scanner) number() bool {
	from := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return false
	}
	big := s.pos-from > 200 // only then, or with an exponent of three digits, can a double overflow
	if s.peek() == '.' {
		if s.pos++; !s.digits() {
			return false
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		if s.pos++; s.peek() == '+' || s.peek() == '-' {
			s.pos++
		}
		exponent := s.pos
		if !s.digits() {
			return false
		}
		big = big || s.pos-exponent > 2
	}
	if s.pos-from > s.limits.Number {
		s.pos = from
		return s.fail(ErrNumber, "number too long")
	}
	if big {
		if _, err := strconv.ParseFloat(string(s.data[from:s.pos]), 64); err != nil {
			s.pos = from
			return s.fail(ErrSyntax, "number too large for a double")
		}
	}
	return true
}
