package socketio

// maxID is the largest ack id that every implementation keeps exactly: 2^53-1.
const maxID = 1<<53 - 1

// reader reads one text. Its methods return nil or why they refuse.
type reader struct {
	data    []byte
	pos     int
	decoder *Decoder
	limits  Limits
	packet  *Packet
}

func (r *reader) refuse(code Code, msg string) *Error {
	return &Error{Code: code, Offset: r.pos, Msg: msg}
}

// readHeader reads all before the payload. Section "Packet encoding" of the protocol:
// TYPE [COUNT "-"] [NAMESPACE ","] [ID] [PAYLOAD].
func (r *reader) readHeader() *Error {
	if err := r.readType(); err != nil {
		return err
	}
	if err := r.readCount(); err != nil {
		return err
	}
	if err := r.readNamespace(); err != nil {
		return err
	}
	return r.readID()
}

func (r *reader) readType() *Error {
	if len(r.data) == 0 {
		return r.refuse(Malformed, "empty packet")
	}
	if r.data[0] < '0' || r.data[0] > '6' {
		return r.refuse(Malformed, "unknown packet type")
	}
	r.pos = 1
	return r.setType(PacketType(r.data[0] - '0'))
}

func (r *reader) setType(t PacketType) *Error {
	if t == ConnectError && r.decoder.From == Client {
		return r.refuse(Malformed, "packet type that only a server sends")
	}
	r.packet.Type = t
	return nil
}

// readCount reads the number of attachments of a binary packet, in canonical decimal.
func (r *reader) readCount() *Error {
	if r.packet.Type < BinaryEvent {
		return nil
	}
	n, digits := decimal(r.data[r.pos:])
	if digits == 0 || r.pos+digits == len(r.data) || r.data[r.pos+digits] != '-' {
		return r.refuse(Malformed, "bad number of attachments")
	}
	switch {
	case n == 0:
		return r.refuse(Malformed, "binary packet without attachments")
	case n > uint64(r.limits.Attachments):
		return r.refuse(TooManyAttachments, "too many attachments")
	}
	r.packet.Count = int(n)
	r.pos += digits + 1
	return nil
}

// readID reads an ack id, in canonical decimal.
func (r *reader) readID() *Error {
	if r.pos == len(r.data) || r.data[r.pos]-'0' > 9 {
		return r.setID(0, false)
	}
	n, digits := decimal(r.data[r.pos:])
	if digits == 0 || n > maxID {
		return r.refuse(Malformed, "bad id")
	}
	r.pos += digits
	return r.setID(n, true)
}

// setID notes an ack id, or that there is none. Only events may, and only answers must have one.
func (r *reader) setID(n uint64, has bool) *Error {
	switch {
	case has && !r.packet.IsEvent() && !r.packet.IsAck():
		return r.refuse(Malformed, "id on a packet that has none")
	case !has && r.packet.IsAck():
		return r.refuse(Malformed, "answer without an id")
	}
	r.packet.ID, r.packet.HasID = n, has
	return nil
}

// decimal reads a number without leading zeros; digits is 0 when there is none. What is over 2^53-1 in
// value gives a value over it.
func decimal(b []byte) (n uint64, digits int) {
	for digits < len(b) && b[digits]-'0' <= 9 {
		if n <= maxID {
			n = n*10 + uint64(b[digits]-'0')
		}
		digits++
	}
	if digits > 1 && b[0] == '0' {
		return 0, 0
	}
	return n, digits
}
