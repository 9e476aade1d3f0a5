package socketio

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/siogw/siogw/internal/strictjson"
)

// AppendMsgpack appends p as a message of socket.io-msgpack-parser to dst: its attachments in the places of
// their placeholders. p.Data is strict JSON; its values are written as the reference writes them, in the
// shortest form, but for whole numbers from 2^63 on, some of which it garbles.
func AppendMsgpack(dst []byte, p *Packet) []byte {
	kind, members := p.Type, 2
	switch {
	case p.IsEvent():
		kind = Event
	case p.IsAck():
		kind = Ack
	}
	if p.Data != nil {
		members++
	}
	if p.HasID {
		members++
	}
	dst = appendLength(dst, formMap, members)
	dst = append(appendString(dst, "type"), byte(kind))
	dst = appendString(appendString(dst, "nsp"), p.Namespace)
	if p.Data != nil {
		e := encoder{json: p.Data, attachments: p.Attachments, out: appendString(dst, "data")}
		e.value()
		dst = e.out
	}
	if p.HasID {
		dst = appendUint(appendString(dst, "id"), p.ID)
	}
	return dst
}

// encoder writes strict JSON as msgpack.
type encoder struct {
	json        []byte
	at          int
	attachments [][]byte
	out         []byte
}

func (e *encoder) value() {
	switch e.peek() {
	case '"':
		e.out = appendString(e.out, strictjson.String(e.str()))
	case '{':
		if num, n := placeholder(e.json[e.at:]); n > 0 && num < len(e.attachments) {
			e.at += n
			e.out = appendLength(e.out, formBin, len(e.attachments[num]))
			e.out = append(e.out, e.attachments[num]...)
			return
		}
		if ms, n := date(e.json[e.at:]); n > 0 {
			e.at += n
			e.out = binary.BigEndian.AppendUint64(append(e.out, 0xd7, 0), uint64(ms))
			return
		}
		e.container('}', formMap)
	case '[':
		e.container(']', formArray)
	case 't':
		e.word(0xc3, "true")
	case 'f':
		e.word(0xc2, "false")
	case 'n':
		e.word(0xc0, "null")
	default:
		e.number()
	}
}

func (e *encoder) word(c byte, text string) {
	e.out = append(e.out, c)
	e.at = min(e.at+len(text), len(e.json))
}

// str passes a string and gives it, with its quotes.
func (e *encoder) str() []byte {
	from := e.at
	e.at = strictjson.StringEnd(e.json, from)
	return e.json[from:e.at]
}

// peek passes white space and gives the byte after it, 0 at the end.
func (e *encoder) peek() byte {
	for e.at < len(e.json) {
		switch c := e.json[e.at]; c {
		case ' ', '\t', '\r', '\n':
			e.at++
		default:
			return c
		}
	}
	return 0
}

// container writes an array or object. How many elements it has is known at its end only; most have so
// few that their number fits the one byte kept for it.
func (e *encoder) container(end byte, f form) {
	start, n := len(e.out), 0
	e.out = append(e.out, 0)
	e.at++
	for c := e.peek(); c != end && c != 0; c = e.peek() {
		switch {
		case c == ',':
			e.at++
			continue
		case f == formMap:
			e.peek()
			e.out = appendString(e.out, strictjson.String(e.str()))
			e.peek()
			e.at++ // the colon
		}
		e.value()
		n++
	}
	e.at++
	var head [5]byte
	h := appendLength(head[:0], f, n)
	e.out = append(e.out, h[1:]...) // any bytes: to make room
	copy(e.out[start+len(h):], e.out[start+1:])
	copy(e.out[start:], h)
}

// number writes whole numbers as integers, however they are written in JSON, but for those from 2^63 on.
func (e *encoder) number() {
	from := e.at
	for e.at++; e.at < len(e.json); e.at++ {
		if c := e.json[e.at]; c-'0' > 9 && c != '.' && c != '-' && c != '+' && c|0x20 != 'e' {
			break
		}
	}
	f, _ := strconv.ParseFloat(string(e.json[from:e.at]), 64) // strict JSON overflows no double
	if f == math.Trunc(f) && math.Abs(f) < 1<<63 {
		e.out = appendInt(e.out, int64(f))
		return
	}
	e.out = binary.BigEndian.AppendUint64(append(e.out, 0xcb), math.Float64bits(f))
}

// date reads {"$date":N} at the front of b; n is its length, 0 when there is none.
func date(b []byte) (ms int64, n int) {
	const start = `{"` + dateKey + `":`
	if len(b) <= len(start) || string(b[:len(start)]) != start {
		return 0, 0
	}
	for n = len(start); n < len(b) && b[n] != '}'; n++ {
		if c := b[n]; c-'0' > 9 && c != '-' || n > len(start)+20 {
			return 0, 0
		}
	}
	ms, err := strconv.ParseInt(string(b[len(start):n]), 10, 64)
	if err != nil || ms < -maxDate || ms > maxDate || n == len(b) {
		return 0, 0
	}
	return ms, n + 1
}

func appendString(dst []byte, s string) []byte {
	return append(appendLength(dst, formString, len(s)), s...)
}

// appendLength writes the head of a string, bin, array or map.
func appendLength(dst []byte, f form, n int) []byte {
	var short, limit, first byte // the one-byte form, up to where it goes, and that of the longer ones
	switch f {
	case formString:
		short, limit, first = 0xa0, 0x20, 0xd9
	case formBin:
		first = 0xc4
	case formArray:
		short, limit, first = 0x90, 0x10, 0xdc
	case formMap:
		short, limit, first = 0x80, 0x10, 0xde
	}
	wide := f == formArray || f == formMap // these have no length of one byte
	switch {
	case n < int(limit):
		return append(dst, short|byte(n))
	case n < 1<<8 && !wide:
		return append(dst, first, byte(n))
	case n < 1<<16 && wide:
		return binary.BigEndian.AppendUint16(append(dst, first), uint16(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, first+1), uint16(n))
	case wide:
		return binary.BigEndian.AppendUint32(append(dst, first+1), uint32(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, first+2), uint32(n))
}

func appendUint(dst []byte, n uint64) []byte {
	switch {
	case n < 0x80:
		return append(dst, byte(n))
	case n < 1<<8:
		return append(dst, 0xcc, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcf), n)
}

func appendInt(dst []byte, n int64) []byte {
	switch {
	case n >= 0:
		return appendUint(dst, uint64(n))
	case n >= -0x20:
		return append(dst, byte(n))
	case n >= math.MinInt8:
		return append(dst, 0xd0, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, 0xd1), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(n))
}
