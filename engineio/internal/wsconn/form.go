package wsconn

import (
	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

// Form is how Send writes packets into messages.
type Form uint8

// The forms.
const (
	Revision4 Form = iota // text, and binary data as it is
	Revision3             // a binary message begins with its type
	Base64                // revision 3 for a peer that asked for text only: binary is "b4" and base64
)

// SetForm implements Conn.
func (c *portable) SetForm(f Form) { c.form = f }

// encode gives the message for p; buf is where it was made, to be put back, or nil.
func (f Form) encode(p engineio.Packet) (op int, msg, buf []byte) {
	switch {
	case p.Binary && f == Revision4:
		return websocket.BinaryMessage, p.Data, nil
	case p.Binary && f == Revision3:
		buf = engineio.AppendFrame3(getBuffer(), p)
		return websocket.BinaryMessage, buf, buf
	case p.Binary:
		buf = engineio.AppendPacket3(getBuffer(), p)
	default:
		buf = engineio.AppendPacket(getBuffer(), p)
	}
	return websocket.TextMessage, buf, buf
}

// split gives the message for p in two parts, which for most need not be put together; buf as encode gives it.
func (f Form) split(p engineio.Packet) (op byte, prefix, data, buf []byte) {
	if !p.Binary {
		return websocket.TextMessage, typeDigits[p.Type : p.Type+1], p.Data, nil
	}
	n, data, buf := f.encode(p)
	return byte(n), nil, data, buf
}

// typeDigits are the first characters of text packets.
var typeDigits = []byte("0123456")
