package gateway

import (
	"errors"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/socketio"
)

// transform puts what a decision replaces into the packet. The result is held to the same limits and
// the same canonical form as what comes from outside: a plugin is not trusted with them.
func (j *job) transform(d *engine.Decision, lim *Limits) error {
	if j.in.Kind == engine.Connect {
		if d.Auth == nil {
			return nil
		}
		j.pkt.Data = d.Auth
		if err := j.check(lim); err != nil {
			return err
		}
		return j.writeQuery()
	}
	if d.Args == nil && d.Attachments == nil {
		return nil
	}
	if j.same != nil && d.Shared != nil && j.in.Kind == engine.Emit && !j.pkt.HasID {
		return j.rewrite(d, lim)
	}
	return j.replace(d, lim)
}

// replace puts other arguments into the packet.
func (j *job) replace(d *engine.Decision, lim *Limits) error {
	payload := j.in.Args
	if d.Args != nil {
		payload = d.Args
	}
	if strictjson.KindOf(payload) != strictjson.Array {
		return errors.New("the arguments are no array")
	}
	if j.pkt.Type == socketio.ConnectError {
		return j.setError(payload, lim)
	}
	if j.mapped.Follow(j.in, payload) != engine.CodeNone {
		return errors.New("no rooms that could be used are named any more")
	}
	if !j.from.s.roomsLeft(j) {
		return errors.New("the session would be in too many rooms")
	}
	if j.pkt.IsEvent() {
		payload = socketio.AppendPayload(nil, j.in.Event, payload)
	}
	data, attachments, err := socketio.Renumber(payload, j.attachments(d))
	if err != nil {
		return err
	}
	j.pkt.Data, j.pkt.Attachments, j.pkt.Count = data, attachments, len(attachments)
	return j.check(lim)
}

// attachments gives the binary payloads that d leaves: the packet's own where it replaces none.
func (j *job) attachments(d *engine.Decision) [][]byte {
	if d.Attachments == nil {
		return j.pkt.Attachments
	}
	data := make([][]byte, len(d.Attachments))
	for i, a := range d.Attachments {
		data[i] = a.Data
	}
	return data
}
