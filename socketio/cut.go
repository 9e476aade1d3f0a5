package socketio

import "bytes"

// Cut is the text of an event or an answer, taken apart where its ack id stands: texts that differ there alone say the same.
type Cut struct {
	Head, Rest []byte // before the id, and after it
	ID         uint64
	HasID      bool
}

// CutID cuts a text as section "Packet encoding" of the protocol has it, without looking at more than that takes. ok is false
// for packets of other types, those with attachments, and ids that a decoder refuses.
func CutID(text []byte) (c Cut, ok bool) {
	if len(text) < 2 || text[0] != '0'+byte(Event) && text[0] != '0'+byte(Ack) {
		return c, false
	}
	at := 1
	if text[1] == '/' {
		comma := bytes.IndexByte(text, ',')
		if comma < 0 {
			return c, false
		}
		at = comma + 1
	}
	c.Head, c.Rest = text[:at], text[at:]
	if len(c.Rest) == 0 || c.Rest[0]-'0' > 9 {
		return c, true
	}
	n, digits := decimal(c.Rest)
	if digits == 0 || n > maxID {
		return c, false
	}
	c.ID, c.HasID, c.Rest = n, true, c.Rest[digits:]
	return c, true
}
