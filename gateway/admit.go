package gateway

import (
	"errors"
	"net/http"
	"slices"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/socketio"
)

// admit holds a packet against the state machine and the limits, and gives it its input where it is one
// that is decided. The reference closes the whole session on a packet out of place, so none may pass.
func (s *session) admit(j *job) engine.Code {
	if s.outlived(j) {
		return engine.CodeIdentityExpired
	}
	if j.from.dir == engine.Out {
		return s.admitOut(j)
	}
	switch n := j.n; {
	case j.pkt.Type == socketio.Connect:
		return s.admitConnect(j)
	case n == nil:
		return engine.CodeState
	case n.state == gone: // what the client sent before it heard that it is out
		return engine.CodeNamespaceState
	case n.state == connecting:
		return engine.CodeState
	}
	switch {
	case j.pkt.Type == socketio.Disconnect:
		return engine.CodeNone
	case j.pkt.IsEvent():
		return s.admitEvent(j)
	case j.pkt.IsAck():
		return s.admitAck(j)
	}
	return engine.CodeState // CONNECT_ERROR is the server's alone
}

// admitConnect takes a CONNECT to a namespace that is not, or no longer, connected.
func (s *session) admitConnect(j *job) engine.Code {
	switch {
	case j.n != nil && j.n.state != gone:
		return engine.CodeState
	case s.stranded():
		return engine.CodeNamespaceState
	case !s.mayConnect(j.now):
		return engine.CodeConnectRate
	}
	j.epoch = s.g.passes.epoch.Load() // before anything that a pass judges again is looked at
	if code := j.readQuery(); code != engine.CodeNone {
		return code
	}
	if j.n == nil {
		if !s.makeRoom() {
			return engine.CodeNamespaces
		}
		j.n = &namespace{name: j.pkt.Namespace, state: gone}
		s.namespaces = append(s.namespaces, j.n)
	}
	j.input(engine.Connect)
	in := j.in
	in.Auth, in.Bytes = j.pkt.Data, size(j)
	if in.Auth == nil {
		in.Auth = []byte("{}")
	}
	id, denial := s.gen.verify(Credentials{Request: s.said().request, Auth: in.Auth, Addr: s.addr, Namespace: j.n.name, Turn: s, Before: s.identity})
	in.Identity = id
	if denial != nil {
		j.why = errors.New(denial.Reason)
		return denial.Code
	}
	u, code := s.own(id, in.Time)
	if code != engine.CodeNone {
		return code
	}
	j.n.identity, j.n.user = id, u
	return engine.CodeNone
}

// makeRoom reports whether one more namespace may be remembered, forgetting one that is gone if need be.
func (s *session) makeRoom() bool {
	if len(s.namespaces) < s.gen.Limits.Namespaces {
		return true
	}
	for i, n := range s.namespaces {
		if n.state == gone {
			s.namespaces = slices.Delete(s.namespaces, i, i+1)
			return true
		}
	}
	return false
}

func (s *session) admitEvent(j *job) engine.Code {
	if code := s.eventInput(j, engine.Event); code != engine.CodeNone {
		return code
	}
	refresh, args := s.isRefresh(j.in.Event), j.in.Args
	if refresh {
		j.in.Args = nil // a token, which no log is to have
	}
	if code := s.admitRate(j); code != engine.CodeNone {
		return code
	}
	if s.gen.TellEvent != "" && j.in.Event == s.gen.TellEvent { // the gateway's word to the upstream
		return engine.CodeReservedEvent
	}
	if refresh {
		return s.admitRefresh(j, args)
	}
	return s.admitRooms(j)
}

func (s *session) admitAck(j *job) engine.Code {
	asked, ok := j.n.toClient.take(j.pkt.ID)
	s.ackInput(j, asked.event)
	if !ok {
		return engine.CodeUnknownAck
	}
	return engine.CodeNone
}

// admitOut takes what the server sends. Missed events of a recovered session come before the CONNECT
// answer, so a namespace that is still connecting takes events.
func (s *session) admitOut(j *job) engine.Code {
	if j.n == nil || j.n.state == gone {
		return engine.CodeNamespaceState
	}
	switch {
	case j.pkt.Type == socketio.ConnectError && j.from.v4() && j.n.state == connected:
		s.errorInput(j)
	case j.pkt.Type == socketio.Connect, j.pkt.Type == socketio.ConnectError:
		if j.n.state != connecting {
			return engine.CodeState
		}
		return engine.CodeNone
	case j.pkt.IsEvent():
		if code := s.eventInput(j, engine.Emit); code != engine.CodeNone {
			return code
		}
		return s.admitRoomsOut(j)
	case j.pkt.IsAck():
		asked, _ := j.n.toServer.take(j.pkt.ID)
		s.settleJoin(j, asked)
		s.ackInput(j, asked.event)
	}
	return engine.CodeNone
}

func (s *session) eventInput(j *job, kind engine.Kind) engine.Code {
	j.input(kind)
	if j.same != nil {
		j.same.event(j.in)
		j.in.Last = &j.from.decoder.last
		return engine.CodeNone
	}
	var err error
	if j.in.Event, j.args, err = socketio.AppendEvent(j.args[:0], j.pkt); err != nil {
		return engine.CodeMalformed
	}
	j.in.Args, j.in.Ack = j.args, j.pkt.HasID
	j.payload()
	return engine.CodeNone
}

func (s *session) ackInput(j *job, event string) {
	j.input(engine.Ack)
	if j.same != nil {
		j.same.answer(j.in, event)
		j.in.Last = &j.from.decoder.last
		return
	}
	j.in.Event, j.in.Args = event, j.pkt.Data
	j.payload()
}

// payload describes what the packet carries.
func (j *job) payload() {
	j.in.Bytes = size(j)
	for _, a := range j.pkt.Attachments {
		j.in.Attachments = append(j.in.Attachments, engine.Attachment{Data: a, Type: http.DetectContentType(a)})
	}
}

func size(j *job) int {
	if j.raw != nil {
		return len(j.raw)
	}
	n := len(j.pkt.Data)
	for _, a := range j.pkt.Attachments {
		n += len(a)
	}
	return n
}
