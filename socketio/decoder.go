package socketio

import "bytes"

// Sender says whose packets are read: the two may send different ones.
type Sender uint8

// The senders.
const (
	Client Sender = iota
	Server
)

// Revision is a revision of the Socket.IO protocol. The zero value reads as V5.
type Revision uint8

// The revisions.
const (
	V4 Revision = 4 // spoken over Engine.IO 3, by clients and servers 1.x and 2.x
	V5 Revision = 5 // spoken over Engine.IO 4, by clients and servers 3.x and 4.x
)

// Decoder reads the packets of one sender in one session, in order. The zero value reads those of a
// revision 5 client within DefaultLimits. It is not safe for concurrent use.
//
// Where the payload or the attachments alone are refused, the error comes with the packet's header (all
// before the payload): the decoder drops the attachments that it announced and stays in step, so a caller
// may answer that packet and go on. After an error without a packet the session should end.
type Decoder struct {
	Limits   Limits
	From     Sender
	Revision Revision
	Parser   Parser // the form of the packets

	packet  Packet
	missing int    // attachments still to come
	drop    bool   // they belong to a packet that was refused
	room    int    // bytes that they may have
	last    string // the namespace of the packet before, kept since most go to the same
}

// Text reads a text message. It gives nil and no error when attachments must come first. The packet and
// its slices, which may be parts of data, are valid until the next call, or until data is overwritten.
// The error is an *Error.
func (d *Decoder) Text(data []byte) (*Packet, error) {
	if d.Parser == Msgpack {
		return nil, &Error{Code: Malformed, Msg: "text where msgpack is spoken"}
	}
	if d.missing > 0 {
		d.forget()
		return nil, &Error{Code: Malformed, Msg: "text where an attachment is due"}
	}
	d.packet = Packet{}
	r := reader{data: data, decoder: d, limits: d.Limits.withDefaults(), packet: &d.packet}
	if err := r.readHeader(); err != nil {
		d.packet = Packet{}
		return nil, err
	}
	d.missing, d.room = d.packet.Count, r.limits.AttachmentBytes
	if err := r.readPayload(); err != nil {
		return d.refuse(err)
	}
	if d.missing == 0 {
		return &d.packet, nil
	}
	d.packet.Data = bytes.Clone(d.packet.Data)
	return nil, nil
}

// Again gives the packet of a text whose head and rest were read as before, by a decoder with the same limits; c is that text,
// cut. It is Text without looking at them.
func (d *Decoder) Again(before *Packet, c Cut) *Packet {
	d.packet = *before
	d.packet.ID, d.packet.Data = c.ID, c.Rest
	return &d.packet
}

// Binary reads an attachment, of which it keeps a copy. It gives the packet when this was its last one, nil and
// no error before. The packet is valid until the next call. The error is an *Error.
//
// With Msgpack it reads a whole packet, whose attachments are parts of data.
func (d *Decoder) Binary(data []byte) (*Packet, error) {
	if d.Parser == Msgpack {
		return d.msgpack(data)
	}
	if d.missing == 0 {
		return nil, &Error{Code: Malformed, Msg: "attachment of no packet"}
	}
	d.missing--
	if d.drop {
		d.drop = d.missing > 0
		return nil, nil
	}
	if d.room -= len(data); d.room < 0 {
		return d.refuse((&Error{Code: TooLarge, Msg: "attachments too large"}).over("AttachmentBytes"))
	}
	d.packet.Attachments = append(d.packet.Attachments, append([]byte{}, data...))
	if d.missing > 0 {
		return nil, nil
	}
	return &d.packet, nil
}

// refuse leaves the header of the packet at hand, and drops its attachments.
func (d *Decoder) refuse(err *Error) (*Packet, error) {
	d.packet.Data, d.packet.Attachments = nil, nil
	d.drop = d.missing > 0
	return &d.packet, err
}

// Pending gives the number of attachments that are still to come, those that will be dropped counted.
func (d *Decoder) Pending() int { return d.missing }

// Done forgets the packet that was given last: it would hold on to the bytes that it came in. It need not be called.
func (d *Decoder) Done() {
	if d.missing == 0 {
		d.packet = Packet{}
	}
}

// Held gives the number of bytes kept of a packet whose attachments are not all there, 0 when there is none.
func (d *Decoder) Held() int {
	if d.missing == 0 || d.drop {
		return 0
	}
	n := len(d.packet.Data)
	for _, a := range d.packet.Attachments {
		n += len(a)
	}
	return n
}

func (d *Decoder) forget() {
	d.packet, d.missing, d.drop = Packet{}, 0, false
}
