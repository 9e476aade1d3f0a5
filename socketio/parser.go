package socketio

// Parser is the form that packets have on the wire. Both sides must speak the same one: nothing is
// negotiated.
type Parser uint8

// The parsers.
const (
	JSON    Parser = iota // socket.io-parser, the default: a text, then its attachments as binary messages
	Msgpack               // socket.io-msgpack-parser 3: one binary message with everything; revision 5 only
)

// Append appends the message of p to dst: see Append and AppendMsgpack.
func (f Parser) Append(dst []byte, p *Packet) []byte {
	if f == Msgpack {
		return AppendMsgpack(dst, p)
	}
	return Append(dst, p)
}
