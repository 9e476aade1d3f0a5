package socketio

import (
	"strconv"

	"github.com/siogw/siogw/internal/strictjson"
)

// Append appends the canonical text of p to dst; its attachments follow as binary messages of their own.
// Whether an event or answer is written as a binary one goes by the number of p.Attachments alone, whatever
// p.Type and p.Count say.
func Append(dst []byte, p *Packet) []byte {
	dst = append(dst, '0'+byte(p.wireType()))
	if len(p.Attachments) > 0 {
		dst = strconv.AppendInt(dst, int64(len(p.Attachments)), 10)
		dst = append(dst, '-')
	}
	if p.Namespace != "/" || p.Query != "" {
		dst = append(dst, p.Namespace...)
		if p.Query != "" {
			dst = append(dst, '?')
			dst = append(dst, p.Query...)
		}
		dst = append(dst, ',')
	}
	if p.HasID {
		dst = strconv.AppendUint(dst, p.ID, 10)
	}
	return append(dst, p.Data...)
}

func (p *Packet) wireType() PacketType {
	binary := len(p.Attachments) > 0
	switch {
	case p.IsEvent() && binary:
		return BinaryEvent
	case p.IsEvent():
		return Event
	case p.IsAck() && binary:
		return BinaryAck
	case p.IsAck():
		return Ack
	}
	return p.Type
}

// AppendEvent parts the payload of a decoded event into its name and its arguments, which it appends to dst as a JSON array
// of their own. The error is an *Error: p is no event, or was not decoded by a Decoder.
func AppendEvent(dst []byte, p *Packet) (name string, args []byte, err error) {
	first, rest, ok := strictjson.SplitFirst(p.Data)
	if !ok || !p.IsEvent() || strictjson.KindOf(first) != strictjson.Text {
		return "", dst, &Error{Code: Malformed, Msg: "no event with a name"}
	}
	return nameOf(first), append(append(append(dst, '['), rest...), ']'), nil
}

// AppendPayload appends the payload of an event: the name, then the elements of args, a JSON array.
func AppendPayload(dst []byte, name string, args []byte) []byte {
	dst = append(dst, '[')
	dst = strictjson.AppendQuote(dst, name)
	if _, _, any := strictjson.SplitFirst(args); any {
		dst = append(dst, ',')
		return append(dst, args[1:]...)
	}
	return append(dst, ']')
}
