package engineio

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// DecodePacket reads one revision 4 packet from its text: a WebSocket text message, or a part of a polling
// payload. "b" and base64 is a binary message, there as here: clients may force it. The data of a text
// packet is a part of text; that of a binary one is new. The error is a *DecodeError.
//
// A binary WebSocket message has no text form: it is the data of a Message as it is.
func DecodePacket(text []byte) (Packet, error) {
	if len(text) == 0 {
		return Packet{}, malformed(0, "empty packet")
	}
	if text[0] == 'b' {
		data, err := decodeBase64(text[1:])
		if err != nil {
			return Packet{}, moved(err, 1)
		}
		return Packet{Type: Message, Binary: true, Data: data}, nil
	}
	return decodeText(text)
}

// decodeText reads a type digit and data, which are the same in revisions 3 and 4.
func decodeText(text []byte) (Packet, error) {
	if len(text) > 1 && text[0]-'0' <= byte(Noop) && !utf8.Valid(text[1:]) {
		return Packet{}, &DecodeError{Offset: 1, Msg: "invalid UTF-8", Kind: ErrUTF8}
	}
	return decodeUTF8(text)
}

// decodeUTF8 is decodeText for text that was looked at.
func decodeUTF8(text []byte) (Packet, error) {
	if len(text) == 0 || text[0] < '0' || text[0] > '6' {
		return Packet{}, malformed(0, "unknown packet type")
	}
	p := Packet{Type: PacketType(text[0] - '0'), Data: text[1:]}
	if !p.mayHold(p.Data) {
		return Packet{}, malformed(1, "data on a packet that has none")
	}
	return p, nil
}

// mayHold reports whether packets of the type carry data: a heartbeat only the probe of an upgrade.
func (p Packet) mayHold(data []byte) bool {
	switch p.Type {
	case Open, Message:
		return true
	case Ping, Pong:
		return len(data) == 0 || string(data) == "probe"
	}
	return len(data) == 0
}

// AppendPacket appends the revision 4 text of p to dst: for a binary message "b" and padded base64.
func AppendPacket(dst []byte, p Packet) []byte {
	if p.Binary {
		return base64.StdEncoding.AppendEncode(append(dst, 'b'), p.Data)
	}
	return append(append(dst, '0'+byte(p.Type)), p.Data...)
}

// decodeBase64 reads the standard or the URL-safe alphabet, padded or not. Nothing else may be among it, and
// the bits that are left over must be 0, so that each spelling has one reading.
func decodeBase64(s []byte) ([]byte, error) {
	if bytes.ContainsAny(s, "\r\n") { // which encoding/base64 skips
		return nil, malformed(0, "bad base64")
	}
	if n := bytes.IndexByte(s, '='); n >= 0 {
		if len(s)%4 != 0 || len(s)-n > 2 || s[len(s)-1] != '=' {
			return nil, malformed(n, "bad base64 padding")
		}
		s = s[:n]
	}
	enc := base64.RawStdEncoding
	if bytes.ContainsAny(s, "-_") {
		enc = base64.RawURLEncoding
	}
	data := make([]byte, enc.DecodedLen(len(s)))
	n, err := enc.Strict().Decode(data, s)
	if err != nil {
		return nil, malformed(n, "bad base64")
	}
	return data[:n], nil
}
