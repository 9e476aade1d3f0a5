package engineio

import (
	"bytes"
	"encoding/base64"
	"iter"
	"strconv"
	"unicode/utf8"
)

// DecodePacket3 reads one revision 3 packet from its text: a WebSocket text message, or a part of a polling
// payload. "b4" and base64 is a binary message. The error is a *DecodeError.
func DecodePacket3(text []byte) (Packet, error) {
	if len(text) == 0 || text[0] != 'b' {
		return decodeText(text)
	}
	if len(text) < 2 || text[1] != '0'+byte(Message) {
		return Packet{}, malformed(1, "binary packet that is no message")
	}
	data, err := decodeBase64(text[2:])
	if err != nil {
		return Packet{}, moved(err, 2)
	}
	return Packet{Type: Message, Binary: true, Data: data}, nil
}

// AppendPacket3 appends the revision 3 text of p to dst: for a binary message "b4" and padded base64.
func AppendPacket3(dst []byte, p Packet) []byte {
	if p.Binary {
		return base64.StdEncoding.AppendEncode(append(dst, 'b', '0'+byte(p.Type)), p.Data)
	}
	return AppendPacket(dst, p)
}

// DecodeFrame3 reads a binary WebSocket message of revision 3: a type byte and data. The data is a part of
// frame. The error is a *DecodeError.
func DecodeFrame3(frame []byte) (Packet, error) {
	if len(frame) == 0 || frame[0] != byte(Message) {
		return Packet{}, malformed(0, "binary packet that is no message")
	}
	return Packet{Type: Message, Binary: true, Data: frame[1:]}, nil
}

// DecodeMessage reads a WebSocket message of either revision, 3 or 4; one of text is valid UTF-8, which the WebSocket has
// seen to (RFC 6455, 8.1). The data of a binary one is a part of data. The error is a *DecodeError.
func DecodeMessage(revision int, binary bool, data []byte) (Packet, error) {
	switch {
	case revision == 3 && binary:
		return DecodeFrame3(data)
	case binary:
		return Packet{Type: Message, Binary: true, Data: data}, nil
	case len(data) > 0 && data[0] != 'b':
		return decodeUTF8(data)
	case revision == 3:
		return DecodePacket3(data)
	}
	return DecodePacket(data)
}

// AppendFrame3 appends the binary WebSocket message of revision 3 for a binary packet.
func AppendFrame3(dst []byte, p Packet) []byte {
	return append(append(dst, byte(p.Type)), p.Data...)
}

// Payload3 gives the packets of a revision 3 polling payload of text: each is LENGTH ":" PACKET, the length
// in UTF-16 units. It ends like Payload, and limit is the same.
func Payload3(payload []byte, limit int) iter.Seq2[Packet, error] {
	return func(yield func(Packet, error) bool) {
		for at, n := 0, 0; n == 0 || at < len(payload); n++ {
			if n == orMax(limit) {
				yield(Packet{}, tooMany(at))
				return
			}
			from, end, err := part3(payload, at)
			if err != nil {
				yield(Packet{}, err)
				return
			}
			p, e := DecodePacket3(payload[from:end])
			if e != nil {
				yield(Packet{}, moved(e, from))
				return
			}
			if !yield(p, nil) {
				return
			}
			at = end
		}
	}
}

// maxLength3 is the number of digits that a length may have.
const maxLength3 = 9

// part3 gives the bounds of the packet whose length is written at at.
func part3(payload []byte, at int) (from, end int, err *DecodeError) {
	digits := bytes.IndexByte(payload[at:min(len(payload), at+maxLength3+1)], ':')
	if digits < 0 {
		return 0, 0, malformed(at, "no length")
	}
	units, ok := length3(payload[at : at+digits])
	if !ok {
		return 0, 0, malformed(at, "bad length")
	}
	from = at + digits + 1
	n := utf16Prefix(payload[from:], units)
	if n < 0 {
		return 0, 0, malformed(at, "length that ends in no place")
	}
	return from, from + n, nil
}

// length3 reads a length in canonical decimal, at least 1.
func length3(b []byte) (int, bool) {
	if len(b) == 0 || len(b) > maxLength3 || b[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// utf16Prefix gives the number of bytes of s that are units long in UTF-16, -1 when s is shorter or that
// many units end within a character.
func utf16Prefix(s []byte, units int) int {
	at := 0
	for units > 0 && at < len(s) {
		r, n := utf8.DecodeRune(s[at:])
		if at += n; r > 0xffff {
			units--
		}
		units--
	}
	if units != 0 {
		return -1
	}
	return at
}

func utf16Len(s []byte) int {
	n := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		if n++; r > 0xffff {
			n++
		}
		s = s[size:]
	}
	return n
}

// AppendPayload3 appends packets as a revision 3 polling payload of text.
func AppendPayload3(dst []byte, packets ...Packet) []byte {
	var text []byte
	for _, p := range packets {
		text = AppendPacket3(text[:0], p)
		dst = strconv.AppendInt(dst, int64(utf16Len(text)), 10)
		dst = append(dst, ':')
		dst = append(dst, text...)
	}
	return dst
}
