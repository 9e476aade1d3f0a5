package socketio

import (
	"bytes"

	"github.com/siogw/siogw/internal/strictjson"
)

// readPayload reads the rest as the JSON that the type demands.
func (r *reader) readPayload() *Error {
	data := r.data[r.pos:]
	if len(data) == 0 {
		if !r.mayBeEmpty() {
			return r.refuse(Malformed, "no payload")
		}
		return nil
	}
	if msg := r.checkKind(strictjson.KindOf(data)); msg != "" {
		return r.refuse(Malformed, msg)
	}
	marked, err := strictjson.ScanFor(data, r.limits.json(), placeholderKey)
	if err != nil {
		return jsonError(err, r.pos)
	}
	r.packet.Data = data
	if r.packet.IsEvent() {
		if err := r.checkName(); err != nil {
			return err
		}
	}
	if r.packet.Count == 0 && !marked {
		return nil
	}
	return r.checkPlaceholders()
}

func (r *reader) v4() bool { return r.decoder.Revision == V4 }

func (r *reader) mayBeEmpty() bool {
	switch r.packet.Type {
	case Connect:
		return r.v4() || r.decoder.From == Client
	case ConnectError:
		return r.v4()
	}
	return r.packet.Type == Disconnect
}

// checkKind says what is wrong with a payload of kind k, "" for nothing. Section "Packet types".
func (r *reader) checkKind(k strictjson.Kind) string {
	switch {
	case r.packet.Type == Disconnect, r.packet.Type == Connect && r.v4():
		return "payload on a packet that has none"
	case r.packet.Type == Connect && k != strictjson.Object:
		return "payload is no object"
	case r.packet.Type == ConnectError && !r.v4() && k != strictjson.Object && k != strictjson.Text:
		return "payload is neither object nor string"
	case (r.packet.IsEvent() || r.packet.IsAck()) && k != strictjson.Array:
		return "payload is no array"
	}
	return ""
}

// checkName wants a string of some length in front, and not one of the protocol's own names.
func (r *reader) checkName() *Error {
	first, _, ok := strictjson.SplitFirst(r.packet.Data)
	if !ok || strictjson.KindOf(first) != strictjson.Text {
		return r.refuse(Malformed, "event name is no string")
	}
	name := first[1 : len(first)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		name = []byte(strictjson.String(first))
	}
	switch {
	case len(name) == 0:
		return r.refuse(Malformed, "event name is empty")
	case len(name) > r.limits.EventName:
		return r.refuse(TooLarge, "event name too long").over("EventName")
	case reserved(name):
		return r.refuse(ReservedEvent, "reserved event name")
	}
	return nil
}

// reserved reports whether name is one of those that servers and clients of the reference refuse or would
// confuse with events of their own.
func reserved(name []byte) bool {
	switch string(name) {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}
