package gateway

import (
	"errors"
	"fmt"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/socketio"
)

// codeOf gives the numbered reason for what a decoder refused.
func codeOf(err error) engine.Code {
	var e *socketio.Error
	if !errors.As(err, &e) {
		return engine.CodeMalformed
	}
	switch e.Code {
	case socketio.TooDeep:
		return engine.CodeTooDeep
	case socketio.TooLarge:
		return sizeCodes[e.Limit]
	case socketio.TooManyAttachments:
		return engine.CodeAttachments
	case socketio.ReservedEvent:
		return engine.CodeReservedEvent
	}
	return engine.CodeMalformed
}

// sizeCodes are the numbered reasons by the limit that a decoder names.
var sizeCodes = map[string]engine.Code{
	"Elements": engine.CodeElements, "Number": engine.CodeNumber, "EventName": engine.CodeEventName,
	"Namespace": engine.CodeNamespaceName, "Query": engine.CodeNamespaceName, "AttachmentBytes": engine.CodeAttachmentBytes,
}

// check holds a packet that a plugin changed to what the receiver takes.
func (j *job) check(lim *Limits) error {
	want := strictjson.Array
	if j.pkt.Type == socketio.Connect {
		want = strictjson.Object
	}
	if strictjson.KindOf(j.pkt.Data) != want {
		return errors.New("the result has another type than the payload")
	}
	if err := strictjson.Scan(j.pkt.Data, strictjson.Limits{Depth: lim.Depth, Elements: lim.Elements, Number: lim.Number}); err != nil {
		return fmt.Errorf("the result: %w", err)
	}
	limit := j.from.s.payload
	if j.from.dir == engine.Out {
		limit = lim.UpstreamPayload
	}
	total := len(j.pkt.Data)
	for _, a := range j.pkt.Attachments {
		total += len(a)
	}
	if total > limit || len(j.pkt.Attachments) > lim.Attachments {
		return errors.New("the result is above the limits")
	}
	return nil
}
