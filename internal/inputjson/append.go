package inputjson

import (
	"strconv"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// Append appends in as one JSON object. Args, Auth, Claims and Labels are copied as they are: they must
// be valid JSON of their kind already.
func Append(dst []byte, in *engine.Input) []byte {
	dst = append(dst, `{"version":"`+engine.Version+`","kind":`...)
	dst = strictjson.AppendQuote(dst, in.Kind.String())
	dst = append(dst, `,"direction":`...)
	dst = strictjson.AppendQuote(dst, in.Direction.String())
	dst = append(dst, `,"time":"`...)
	dst = AppendTime(dst, in.Time)
	dst = append(dst, '"')
	dst = appendPacket(dst, in)
	dst = append(dst, `,"identity":`...)
	dst = append(dst, identity(in.Identity)...)
	dst = append(dst, `,"session":`...)
	dst = appendSession(dst, in)
	return append(appendPlugins(dst, in.Plugins), '}')
}

// appendPacket appends what comes from the packet itself.
func appendPacket(dst []byte, in *engine.Input) []byte {
	if HasNamespace(in) {
		dst = append(dst, `,"namespace":`...)
		dst = strictjson.AppendQuote(dst, in.Namespace)
	}
	if HasEvent(in) {
		dst = append(dst, `,"event":`...)
		dst = strictjson.AppendQuote(dst, in.Event)
	}
	if in.Args != nil {
		dst = append(dst, `,"args":`...)
		dst = append(dst, in.Args...)
	}
	if in.Room != "" {
		dst = append(dst, `,"room":`...)
		dst = strictjson.AppendQuote(dst, in.Room)
	}
	if HasAck(in) {
		dst = append(dst, `,"ack":`...)
		dst = strconv.AppendBool(dst, in.Ack)
	}
	dst = append(dst, `,"bytes":`...)
	dst = strconv.AppendInt(dst, int64(in.Bytes), 10)
	if in.Args != nil {
		dst = appendAttachments(dst, in.Attachments)
	}
	if in.Auth != nil {
		dst = append(dst, `,"auth":`...)
		dst = append(dst, in.Auth...)
	}
	return dst
}

func appendAttachments(dst []byte, list []engine.Attachment) []byte {
	dst = append(dst, `,"attachments":[`...)
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"bytes":`...)
		dst = strconv.AppendInt(dst, int64(len(list[i].Data)), 10)
		dst = append(dst, `,"type":`...)
		dst = strictjson.AppendQuote(dst, list[i].Type)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendPlugins(dst []byte, list []engine.Output) []byte {
	dst = append(dst, `,"plugins":{`...)
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strictjson.AppendQuote(dst, list[i].Plugin)
		dst = append(dst, ':')
		dst = append(dst, list[i].Labels...)
	}
	return append(dst, '}')
}

// AppendTime appends t as input.time has it: RFC 3339 in UTC, with as many decimals as it needs.
func AppendTime(dst []byte, t time.Time) []byte { return t.UTC().AppendFormat(dst, time.RFC3339Nano) }

// HasNamespace reports whether the document has namespace.
func HasNamespace(in *engine.Input) bool { return in.Kind != engine.Handshake }

// HasEvent reports whether the document has event: always for the kinds that are events, for an ack when
// the event it answers is known.
func HasEvent(in *engine.Input) bool { return isEvent(in.Kind) || in.Event != "" }

// HasAck reports whether the document has ack.
func HasAck(in *engine.Input) bool { return isEvent(in.Kind) }

func isEvent(k engine.Kind) bool {
	return k == engine.Event || k == engine.Emit || k == engine.Join || k == engine.Leave
}
