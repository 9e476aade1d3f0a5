// Package socketio is the vocabulary and codec of the Socket.IO protocol, revisions 5 and 4: no I/O, no
// goroutines. It reads strictly: what two parsers could read differently is refused.
//
// Source: https://socket.io/docs/v4/socket-io-protocol/ (revision 5).
package socketio

// PacketType is the first character of an encoded packet.
type PacketType uint8

// The packet types, section "Packet types" of the protocol.
const (
	Connect      PacketType = 0
	Disconnect   PacketType = 1
	Event        PacketType = 2
	Ack          PacketType = 3
	ConnectError PacketType = 4
	BinaryEvent  PacketType = 5
	BinaryAck    PacketType = 6
)

// Packet is one decoded packet. Its byte slices are parts of what was decoded, not copies.
type Packet struct {
	Type      PacketType
	Namespace string // with its leading slash, "/" for the main one
	// Query is what followed "?" in the namespace of a revision 4 CONNECT; "" in revision 5.
	Query string
	ID    uint64 // ack id; meaningful when HasID
	HasID bool
	// Data is the JSON payload as it came: an array for events and acks, an object for a CONNECT,
	// nil for none.
	Data []byte
	// Attachments holds the binary payloads, in the order of their placeholders; empty until they came.
	Attachments [][]byte
	// Count is the number of attachments that the header announced.
	Count int
}

// IsEvent reports whether p is an event, with attachments or without.
func (p *Packet) IsEvent() bool { return p.Type == Event || p.Type == BinaryEvent }

// IsAck reports whether p is an answer, with attachments or without.
func (p *Packet) IsAck() bool { return p.Type == Ack || p.Type == BinaryAck }
