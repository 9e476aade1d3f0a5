// Package engineio is the vocabulary and codec of the Engine.IO protocol, revisions 4 and 3: no I/O, no
// goroutines. Packages eioserver and eioclient move its packets.
//
// Source: https://socket.io/docs/v4/engine-io-protocol/ (revision 4).
package engineio

// PacketType is the first character of an encoded packet.
type PacketType uint8

// The packet types, section "Protocol" of the specification.
const (
	Open    PacketType = 0
	Close   PacketType = 1
	Ping    PacketType = 2
	Pong    PacketType = 3
	Message PacketType = 4
	Upgrade PacketType = 5
	Noop    PacketType = 6
)

// Packet is one packet. Data is UTF-8 text unless Binary; only a Message is ever Binary.
type Packet struct {
	Type   PacketType
	Binary bool
	Data   []byte
}
