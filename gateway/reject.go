package gateway

import (
	"encoding/json"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/socketio"
)

// refusal is what a refused client reads.
type refusal struct {
	Code       json.RawMessage `json:"code"`
	Reason     string          `json:"reason,omitempty"`
	DecisionID string          `json:"decision_id"`
	Event      string          `json:"event,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
}

// refuse logs a decision that was made before the engine was asked, and carries it out.
func (s *session) refuse(j *job, d engine.Decision) {
	if j.in == nil {
		j.in = s.input(kindOf(j), j.from.dir, j.n)
		j.in.Namespace, j.in.Bytes = j.pkt.Namespace, size(j)
	}
	s.log(j.in, &d)
	switch {
	case j.from.dir == engine.Out, d.Code == engine.CodeUnknownAck,
		d.Code == engine.CodeNamespaceState && j.pkt.Type != socketio.Connect:
		if j.from.dir == engine.In { // nobody waits for an answer to these
			s.respond(j.in, &d)
			s.countDenial(j.from)
		}
	case d.Code == engine.CodeMuted: // was told when it began
	case d.Code == engine.CodeState:
		s.respond(j.in, &d)
		s.end(engineio.ProtocolViolation)
	default:
		s.reject(j, &d)
	}
}

// kindOf gives the kind that a packet would have been decided as.
func kindOf(j *job) engine.Kind {
	switch {
	case j.pkt.Type == socketio.Connect, j.pkt.Type == socketio.ConnectError:
		return engine.Connect
	case j.pkt.Type == socketio.Disconnect:
		return engine.Disconnect
	case j.pkt.IsAck():
		return engine.Ack
	case j.from.dir == engine.Out:
		return engine.Emit
	}
	return engine.Event
}

// reject tells who sent a refused packet, in the form that its kind has for a refusal.
func (s *session) reject(j *job, d *engine.Decision) {
	if j.from.dir == engine.Out {
		s.tellSender(j, d)
		return
	}
	due := s.due(j.in, d)
	if !dropped(due) {
		s.tellSender(j, d)
	}
	s.act(due, j.in, d)
	s.countDenial(j.from)
}

// tellSender answers a refused packet.
func (s *session) tellSender(j *job, d *engine.Decision) {
	no := refusal{Code: d.Shown(), Reason: d.Reason, DecisionID: d.ID.String(), Event: j.in.Event, Data: d.Data}
	if j.refresh {
		no.Event = s.gen.RefreshEvent
	}
	switch {
	case j.pkt.Type == socketio.Connect:
		s.rejectConnect(j, no)
	case j.from.dir == engine.Out && j.pkt.IsAck(): // the client waits for this answer
		s.answer(j, no)
	case j.from.dir == engine.Out: // an emit that is refused is not sent; the server's own time-out tells it
	case j.pkt.IsEvent() && j.pkt.HasID && !s.gen.Deny.NoAck:
		s.answer(j, no)
	case s.gen.Deny.Event != "":
		s.tell(j, no)
	}
}

// rejectConnect answers with a CONNECT_ERROR; the namespace is gone, so that what follows ends here.
func (s *session) rejectConnect(j *job, no refusal) {
	message := struct {
		Message string  `json:"message"`
		Data    refusal `json:"data"`
	}{no.Reason, no}
	message.Data.Reason, message.Data.Event = "", ""
	payload := marshal(message)
	if s.down.v4() { // no form is set there: the same object as in an ack
		no.Event = ""
		payload = marshal(no)
	}
	s.reply(&socketio.Packet{Type: socketio.ConnectError, Namespace: j.pkt.Namespace, Data: payload})
}

// answer gives the error ack [{"error":{…}}].
func (s *session) answer(j *job, no refusal) {
	s.answerWith(j, map[string]refusal{"error": no})
}

// answerWith answers a client's question in the server's place.
func (s *session) answerWith(j *job, what any) {
	s.reply(&socketio.Packet{Type: socketio.Ack, Namespace: j.pkt.Namespace, HasID: true, ID: j.pkt.ID, Data: marshal([]any{what})})
}

// tell emits the configured event with the same object.
func (s *session) tell(j *job, no refusal) {
	s.reply(&socketio.Packet{Type: socketio.Event, Namespace: j.pkt.Namespace,
		Data: marshal([]any{s.gen.Deny.Event, map[string]refusal{"error": no}})})
}

// reply sends a packet of the gateway's own to the client.
func (s *session) reply(p *socketio.Packet) {
	s.down.send(s.down, s.g.opt.Parser.Append(nil, p), nil)
}

// marshal writes values of this package, whose types always marshal; raw parts were checked when they
// were made.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte(`{}`)
	}
	return b
}

// denialCount counts the denials of the current minute.
type denialCount struct {
	since time.Time
	n     int
}

// countDenial disconnects a client that was refused too often.
func (s *session) countDenial(from *end) {
	limit := s.gen.Deny.MaxPerMinute
	if from.dir == engine.Out || limit <= 0 || s.closed {
		return
	}
	now := time.Now()
	if now.Sub(s.denials.since) >= time.Minute {
		s.denials = denialCount{since: now}
	}
	s.denials.n++
	if s.denials.n <= limit {
		return
	}
	d := engine.Refuse(engine.CodeTooManyDenials, "")
	s.log(s.input(engine.Event, engine.In, nil), &d)
	s.disconnect()
}
