package socketio

import "bytes"

// envelope says where in a message the values of a packet's keys begin, 0 for those that are not there.
type envelope struct{ kind, namespace, data, id, options int }

// key gives the place of a key, nil for one that packets do not have.
func (e *envelope) key(name []byte) *int {
	switch string(name) {
	case "type":
		return &e.kind
	case "nsp":
		return &e.namespace
	case "data":
		return &e.data
	case "id":
		return &e.id
	case "options":
		return &e.options
	}
	return nil
}

// msgpack reads a message of socket.io-msgpack-parser: one map {type, nsp, data, id, options}, its keys in
// any order. Where the payload alone is refused the header comes with the error, as for a text.
func (d *Decoder) msgpack(data []byte) (*Packet, error) {
	d.packet = Packet{}
	r := reader{data: data, decoder: d, limits: d.Limits.withDefaults(), packet: &d.packet}
	e, err := r.readEnvelope()
	if err == nil {
		err = r.readFields(e)
	}
	if err != nil {
		d.packet = Packet{}
		return nil, err
	}
	if e.data != 0 {
		err = r.readData(e.data)
	} else {
		r.data, r.pos = nil, 0
		err = r.readPayload()
	}
	if err != nil {
		return d.refuse(err)
	}
	return &d.packet, nil
}

// readEnvelope finds the values and checks the structure of all of them: nothing after it reads past the end.
func (r *reader) readEnvelope() (e envelope, err *Error) {
	h, msg := readHead(r.data, 0)
	if msg == "" && h.form != formMap {
		msg = "packet is no map"
	}
	if msg != "" {
		return e, r.refuse(Malformed, msg)
	}
	r.pos = h.next
	for range h.n {
		name, msg := r.readKey()
		if msg != "" {
			return e, r.refuse(Malformed, msg)
		}
		place := e.key(name)
		if place == nil || *place != 0 {
			return e, r.refuse(Malformed, "unknown key, or a key given twice")
		}
		*place = r.pos
		if r.pos, msg = skipValue(r.data, r.pos); msg != "" {
			return e, r.refuse(Malformed, msg)
		}
	}
	if r.pos != len(r.data) {
		return e, r.refuse(Malformed, "data after the packet")
	}
	return e, nil
}

// readKey reads the key of a map, which is a string.
func (r *reader) readKey() (name []byte, msg string) {
	h, msg := readHead(r.data, r.pos)
	switch {
	case msg != "":
		return nil, msg
	case h.form != formString:
		return nil, "key is no string"
	}
	r.pos = h.next + h.n
	return r.data[h.next:r.pos], ""
}

// readFields reads everything but the payload.
func (r *reader) readFields(e envelope) *Error {
	if e.kind == 0 || e.namespace == 0 {
		return r.refuse(Malformed, "packet without a type or namespace")
	}
	r.pos = e.kind
	h, _ := readHead(r.data, e.kind)
	if n, ok := h.natural(); !ok || n > uint64(ConnectError) {
		return r.refuse(Malformed, "unknown packet type")
	}
	if err := r.setType(PacketType(h.bits)); err != nil {
		return err
	}
	if err := r.readName(e.namespace); err != nil {
		return err
	}
	if err := r.readNumber(e.id); err != nil {
		return err
	}
	return r.readOptions(e.options)
}

// natural gives the value of a whole number from 0 on.
func (h *head) natural() (n uint64, ok bool) {
	return h.bits, h.form == formUint || h.form == formInt && int64(h.bits) >= 0
}

// readName reads the namespace. What ends it in the text of a packet cannot be in it here either.
func (r *reader) readName(at int) *Error {
	h, _ := readHead(r.data, at)
	r.pos = at
	if h.form != formString {
		return r.refuse(Malformed, "namespace is no string")
	}
	name := r.data[h.next : h.next+h.n]
	if len(name) == 0 || name[0] != '/' || bytes.ContainsAny(name, "?,") {
		return r.refuse(Malformed, "bad namespace")
	}
	return r.setNamespace(name)
}

// readNumber reads an ack id. The reference takes one that is undefined as absent.
func (r *reader) readNumber(at int) *Error {
	h, _ := readHead(r.data, at)
	if at == 0 || h.form == formUndefined {
		return r.setID(0, false)
	}
	r.pos = at
	n, ok := h.natural()
	if !ok || n > maxID {
		return r.refuse(Malformed, "bad id")
	}
	return r.setID(n, true)
}

// readOptions checks what clients since 3.0 add to events, {compress: boolean}, which no server reads.
func (r *reader) readOptions(at int) *Error {
	h, _ := readHead(r.data, at)
	if at == 0 || h.form == formUndefined {
		return nil
	}
	r.pos = at
	if h.form != formMap || h.n > 1 {
		return r.refuse(Malformed, "unknown options")
	}
	if r.pos = h.next; h.n == 0 {
		return nil
	}
	name, msg := r.readKey()
	if msg == "" {
		h, msg = readHead(r.data, r.pos)
	}
	if msg != "" || string(name) != "compress" || h.form != formTrue && h.form != formFalse {
		return r.refuse(Malformed, "unknown options")
	}
	return nil
}

// readData reads the payload as the JSON that a policy sees, and holds that to what a text is held to.
func (r *reader) readData(at int) *Error {
	h, _ := readHead(r.data, at)
	t := transcoder{data: r.data, at: at, limits: &r.limits, out: make([]byte, 0, len(r.data)+len(r.data)/2)}
	if h.form != formNil && h.form != formUndefined { // which both stand for none, here
		if err := t.value(1); err != nil {
			return err
		}
	}
	p := r.packet
	if n := len(t.attachments); n > 0 {
		switch p.Type {
		case Event:
			p.Type = BinaryEvent
		case Ack:
			p.Type = BinaryAck
		default:
			return r.refuse(Malformed, "binary data in a packet that has none")
		}
		p.Count = n
	}
	r.data, r.pos = t.out, 0
	if err := r.readPayload(); err != nil {
		err.Offset = at // that of the JSON text would mean nothing to the sender
		return err
	}
	if t.undefined {
		t = transcoder{data: t.data, at: at, limits: &r.limits, drop: true}
		if err := t.value(1); err != nil {
			return err
		}
		p.Data = t.out
	}
	p.Attachments = t.attachments
	return nil
}
