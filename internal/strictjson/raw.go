package strictjson

import (
	"bytes"
	"iter"
)

// Kind is the kind of a JSON value. The zero value is none.
type Kind byte

// The kinds.
const (
	Null Kind = iota + 1
	Bool
	Number
	Text // a string
	Array
	Object
)

// KindOf gives the kind of a raw value, by its first byte.
func KindOf(raw []byte) Kind {
	if len(raw) == 0 {
		return 0
	}
	switch c := raw[0]; {
	case c == '"':
		return Text
	case c == '{':
		return Object
	case c == '[':
		return Array
	case c == 'n':
		return Null
	case c == 't' || c == 'f':
		return Bool
	case c == '-' || isDigit(c):
		return Number
	}
	return 0
}

// Elements gives the raw elements of an array in order, nothing for another kind of value.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for at := enter(array, '['); at < len(array); {
			end := skip(array, at)
			if end == at || !yield(array[at:end]) {
				return
			}
			at = after(array, end, ',')
		}
	}
}

// Members gives the raw members of an object in order, nothing for another kind of value. The key has
// its quotes: see String and Is.
func Members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		for at := enter(object, '{'); at < len(object); {
			colon := skip(object, at)
			key := object[at:colon]
			from := after(object, colon, ':')
			end := skip(object, from)
			if end == from || !yield(key, object[from:end]) {
				return
			}
			at = after(object, end, ',')
		}
	}
}

// Member gives the raw value of a key of an object.
func Member(object []byte, key string) (raw []byte, ok bool) {
	for k, v := range Members(object) {
		if Is(k, key) {
			return v, true
		}
	}
	return nil, false
}

// SplitFirst parts an array after its first element: rest is the text of the others, without the comma
// before them and the bracket behind them; empty when there are none. ok is false for an empty array
// and for what is no array.
func SplitFirst(array []byte) (first, rest []byte, ok bool) {
	at := enter(array, '[')
	if at >= len(array) {
		return nil, nil, false
	}
	end := skip(array, at)
	if end == at {
		return nil, nil, false
	}
	if from := after(array, end, ','); from < len(array)-1 {
		rest = array[from : len(array)-1]
	}
	return array[at:end], rest, true
}

// enter gives the place of the first element of a container that opens with open, or the end of data.
func enter(data []byte, open byte) int {
	if len(data) < 2 || data[0] != open {
		return len(data)
	}
	at := skipSpace(data, 1)
	if at < len(data) && (data[at] == ']' || data[at] == '}') {
		return len(data)
	}
	return at
}

// after gives the place after the separator that comes at or after at, or the end of data.
func after(data []byte, at int, sep byte) int {
	at = skipSpace(data, at)
	if at >= len(data) || data[at] != sep {
		return len(data)
	}
	return skipSpace(data, at+1)
}

func skipSpace(data []byte, at int) int {
	for at < len(data) && isSpace(data[at]) {
		at++
	}
	return at
}

// skip gives the end of the value at at: at itself only when none begins there.
func skip(data []byte, at int) int {
	depth := 0
	for at < len(data) {
		switch data[at] {
		case '"':
			at = StringEnd(data, at)
		case '{', '[':
			depth++
			at++
		case '}', ']':
			if depth == 0 {
				return at
			}
			depth--
			at++
		case ',', ':', ' ', '\n', '\r', '\t':
			if depth == 0 {
				return at
			}
			at++
			continue
		default:
			at = skipWord(data, at)
		}
		if depth == 0 {
			return at
		}
	}
	return at
}

// ValueEnd gives the place after the value at at: at itself only when none begins there.
func ValueEnd(data []byte, at int) int { return skip(data, at) }

// SkipSpace gives the place of the first byte from at on that is no white space, or the end of data.
func SkipSpace(data []byte, at int) int { return skipSpace(data, at) }

// StringEnd gives the place after the string that begins (with its quote) at at.
func StringEnd(data []byte, at int) int {
	for i := at + 1; i < len(data); {
		n := bytes.IndexByte(data[i:], '"')
		if n < 0 {
			break
		}
		slashes := 0
		for k := i + n - 1; k > at && data[k] == '\\'; k-- {
			slashes++
		}
		if i += n + 1; slashes%2 == 0 {
			return i
		}
	}
	return len(data)
}

// skipWord gives the place after a number or literal.
func skipWord(data []byte, at int) int {
	for at < len(data) {
		switch data[at] {
		case ',', ':', ']', '}', '{', '[', '"', ' ', '\n', '\r', '\t':
			return at
		}
		at++
	}
	return at
}
