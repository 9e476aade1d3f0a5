package socketio

import "github.com/siogw/siogw/internal/strictjson"

// Limits bounds what a Decoder accepts. A zero field takes that of DefaultLimits. The length of a whole
// text or attachment is the transport's to bound.
type Limits struct {
	Depth           int // nested arrays and objects of the payload, the outermost counted
	Elements        int // array elements and object members of the payload, all levels together
	Number          int // bytes of one number in JSON text
	Attachments     int // binary attachments of one packet
	AttachmentBytes int // all attachments of one packet together
	Namespace       int // bytes of a namespace, without its query
	Query           int // bytes of the query of a revision 4 CONNECT
	EventName       int // bytes of an event name
}

// DefaultLimits are the limits that a zero field takes.
var DefaultLimits = Limits{
	Depth:           32,
	Elements:        65536,
	Number:          128,
	Attachments:     16,
	AttachmentBytes: 16 << 20,
	Namespace:       256,
	Query:           8192,
	EventName:       256,
}

func (l Limits) json() strictjson.Limits {
	return strictjson.Limits{Depth: l.Depth, Elements: l.Elements, Number: l.Number}
}

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

func (l Limits) withDefaults() Limits {
	d := &DefaultLimits
	return Limits{
		Depth:           orDefault(l.Depth, d.Depth),
		Elements:        orDefault(l.Elements, d.Elements),
		Number:          orDefault(l.Number, d.Number),
		Attachments:     orDefault(l.Attachments, d.Attachments),
		AttachmentBytes: orDefault(l.AttachmentBytes, d.AttachmentBytes),
		Namespace:       orDefault(l.Namespace, d.Namespace),
		Query:           orDefault(l.Query, d.Query),
		EventName:       orDefault(l.EventName, d.EventName),
	}
}
