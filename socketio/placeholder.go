package socketio

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/siogw/siogw/internal/strictjson"
)

const placeholderKey = "_placeholder"

// mayHoldPlaceholder is quick: false means that no key of data, however it is escaped, is the one of
// placeholders.
func mayHoldPlaceholder(data []byte) bool {
	return bytes.Contains(data, []byte(placeholderKey)) || bytes.Contains(data, []byte(`\u`))
}

// checkPlaceholders wants each announced attachment named by exactly one placeholder, and no key of
// placeholders anywhere else: there some parsers would put an attachment, and others pass an object.
func (r *reader) checkPlaceholders() *Error {
	seen := make([]bool, r.packet.Count)
	left := r.packet.Count
	at, ok := placeholders(r.packet.Data, func(_, _, num int) bool {
		if num >= len(seen) || seen[num] {
			return false
		}
		seen[num] = true
		left--
		return true
	})
	switch {
	case !ok:
		r.pos += at
		return r.refuse(Malformed, "bad placeholder")
	case left > 0:
		return r.refuse(Malformed, "attachment without a placeholder")
	}
	return nil
}

// placeholders calls visit for each placeholder in data with its bounds and number. ok is false when visit
// returns false and when the key of placeholders stands in another object than {"_placeholder":true,"num":N}
// or that in the other order; at is where.
func placeholders(data []byte, visit func(from, to, num int) bool) (at int, ok bool) {
	for at < len(data) {
		switch data[at] {
		case '{':
			if num, n := placeholder(data[at:]); n > 0 {
				if !visit(at, at+n, num) {
					return at, false
				}
				at += n
				continue
			}
		case '"':
			end := strictjson.StringEnd(data, at)
			if followedByColon(data[end:]) && strictjson.Is(data[at:end], placeholderKey) {
				return at, false
			}
			at = end
			continue
		}
		at++
	}
	return at, true
}

func followedByColon(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == ':'
}

// placeholder reads a placeholder at the front of b; n is its length, 0 when there is none.
func placeholder(b []byte) (num, n int) {
	const mark, number = `"_placeholder":true`, `"num":`
	rest, marked := bytes.CutPrefix(b[1:], []byte(mark+","))
	rest, ok := bytes.CutPrefix(rest, []byte(number))
	if !ok {
		return 0, 0
	}
	value, digits := decimal(rest)
	if digits == 0 || value > 1<<31-1 {
		return 0, 0
	}
	rest = rest[digits:]
	if !marked {
		if rest, ok = bytes.CutPrefix(rest, []byte(","+mark)); !ok {
			return 0, 0
		}
	}
	if len(rest) == 0 || rest[0] != '}' {
		return 0, 0
	}
	return int(value), len(b) - len(rest) + 1
}

func appendPlaceholder(dst []byte, num int) []byte {
	dst = append(dst, `{"_placeholder":true,"num":`...)
	dst = strconv.AppendInt(dst, int64(num), 10)
	return append(dst, '}')
}

// Renumber makes a payload and its attachments whole again after a change: placeholders are numbered from 0
// in order of appearance, and attachments that none names are dropped. data is strict JSON. A placeholder
// that names no attachment, or one that another names too, and a key of placeholders anywhere else, are an
// *Error.
func Renumber(data []byte, attachments [][]byte) ([]byte, [][]byte, error) {
	if !mayHoldPlaceholder(data) {
		return data, nil, nil
	}
	var kept [][]byte
	out, done := make([]byte, 0, len(data)+8), 0
	seen := make([]bool, len(attachments))
	at, ok := placeholders(data, func(from, to, num int) bool {
		if num >= len(seen) || seen[num] {
			return false
		}
		seen[num] = true
		out = append(out, data[done:from]...)
		out = appendPlaceholder(out, len(kept))
		kept = append(kept, attachments[num])
		done = to
		return true
	})
	if !ok {
		return nil, nil, &Error{Code: Malformed, Offset: at, Msg: "bad placeholder"}
	}
	return append(out, data[done:]...), kept, nil
}

// DropPlaceholders puts null in the place of the placeholders with these numbers; the other numbers stay. data is strict
// JSON. It fails with an *Error as [Renumber] does for what is no placeholder.
func DropPlaceholders(data []byte, numbers []int) ([]byte, error) {
	out, done := make([]byte, 0, len(data)), 0
	at, ok := placeholders(data, func(from, to, num int) bool {
		if slices.Contains(numbers, num) {
			out = append(append(out, data[done:from]...), "null"...)
			done = to
		}
		return true
	})
	if !ok {
		return nil, &Error{Code: Malformed, Offset: at, Msg: "bad placeholder"}
	}
	return append(out, data[done:]...), nil
}
