package gateway

import (
	"context"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/internal/shields"
	"github.com/siogw/siogw/socketio"
)

// forward is the straight line of one packet, the same for both directions. What has no decision of its
// own (the answers to CONNECT, DISCONNECT) follows the state machine only.
func (s *session) forward(from *end, m decoded) {
	if s.late != nil && from == s.up && !s.hearLate(m.pkt) {
		return
	}
	j := takeJob(from, m)
	s.judge(j)
	j.done()
}

func (s *session) judge(j *job) {
	j.n = s.namespace(j.pkt.Namespace)
	if code := s.admit(j); code != engine.CodeNone {
		s.gen.Shields.Count(shields.OfRefusal(code, j.pkt))
		d := engine.Refuse(code, "")
		if j.why != nil {
			d.Steps = []engine.Step{{Plugin: "identity", Verdict: engine.Failed(code, j.why)}}
		}
		s.refuse(j, d)
		if code == engine.CodeIdentityExpired && !s.closed {
			s.lapse(j)
		}
		return
	}
	if j.in == nil {
		s.pass(j, nil)
		return
	}
	stopped, noted := j.shields()
	if stopped != nil {
		s.refuse(j, shieldRefusal(stopped))
		return
	}
	d := s.decide(j)
	if j.from.dir == engine.In {
		s.events.spent(s.gen.Limits.DecisionTime, d.Took, j.read)
	}
	if len(noted) > 0 {
		d.Steps, d.Made = append(d.Steps, shieldSteps(noted)...), nil
	}
	s.settle(j, d)
}

// decide asks the engine, about each room where there are several.
func (s *session) decide(j *job) *engine.Decision {
	d := &j.decision
	if len(j.mapped.Rooms) > 1 {
		*d = j.mapped.Decide(context.Background(), s.gen.Engine, j.in, func(one *engine.Decision) { s.log(j.in, one) })
	} else {
		s.gen.Engine.DecideInto(context.Background(), j.in, d)
	}
	return d
}

// settle logs a decision and carries it out.
func (s *session) settle(j *job, d *engine.Decision) {
	s.log(j.in, d)
	if d.Effect != engine.Allow {
		s.reject(j, d)
		return
	}
	if !s.keepProof(j) {
		s.refuse(j, engine.Refuse(engine.CodeKept, ""))
		return
	}
	if j.refresh {
		told, err := s.tellRenewal(j)
		if err != nil {
			s.refuse(j, tellFailed(err))
			return
		}
		s.renew(j, told)
		return
	}
	if d.Transformed() {
		if err := j.transform(d, &s.gen.Limits); err != nil {
			failed := engine.Refuse(engine.CodeTransform, "")
			failed.Steps = []engine.Step{{Plugin: "gateway", Verdict: engine.Failed(engine.CodeTransform, err)}}
			s.log(j.in, &failed)
			s.reject(j, &failed)
			return
		}
	}
	s.pass(j, d)
}

// pass lets the packet go to the other side.
func (s *session) pass(j *job, d *engine.Decision) {
	if j.from == s.down && j.pkt.Type == socketio.Connect {
		if s.late != nil {
			s.connectLate(j)
			return
		}
		if err := s.tellConnect(j); err != nil {
			s.refuse(j, tellFailed(err))
			return
		}
	}
	s.send(j, d)
}

// send writes the packet to the other side and notes what it changes.
func (s *session) send(j *job, d *engine.Decision) {
	j.translate()
	message := j.raw
	if d != nil && d.Transformed() {
		message = j.written
	}
	if message == nil {
		message = s.g.opt.Parser.Append(nil, j.pkt)
	}
	s.note(j)
	j.from.peer.send(j.from, message, j.pkt.Attachments)
	if j.pkt.Type == socketio.Connect && j.from.dir == engine.Out {
		s.catchUp(j.n)
		s.rest(time.Now()) // many clients only listen from here on
	}
}

// note keeps the state that a forwarded packet leads to.
func (s *session) note(j *job) {
	switch j.pkt.Type {
	case socketio.Connect:
		if j.from.dir == engine.In {
			s.setState(j.n, connecting)
		} else {
			s.setState(j.n, connected)
		}
	case socketio.ConnectError:
		if j.n.state == connecting {
			s.setState(j.n, gone)
		}
	case socketio.Disconnect:
		s.logEnd(j.from.dir, j.n, "namespace left")
		s.setState(j.n, gone)
	case socketio.Event, socketio.BinaryEvent:
		s.noteEvent(j)
	}
}

// asked gives the questions that travelled in dir and wait for an answer, to add one.
func (n *namespace) asked(dir engine.Direction) *asked {
	of := &n.toClient
	if dir == engine.In {
		of = &n.toServer
	}
	if *of == nil {
		*of = &asked{}
	}
	return *of
}

// malformed handles what the decoder refused. Where the header is whole, that one packet is refused and
// answered; else the session of a client ends, while a server's bad packet is kept from its clients, and
// the session lives on.
func (s *session) malformed(e *end, pkt *socketio.Packet, err error) {
	s.gen.Shields.Count(shields.OfPacket(err))
	d := engine.Refuse(codeOf(err), "")
	d.Steps = []engine.Step{{Plugin: "gateway", Verdict: engine.Failed(d.Code, err)}}
	if pkt != nil && e.dir == engine.In {
		n := s.namespace(pkt.Namespace)
		opening := pkt.Type == socketio.Connect && (n == nil || n.state == gone)
		if opening || pkt.Type != socketio.Connect && n != nil && n.state == connected {
			s.refuse(&job{from: e, pkt: pkt, n: n}, d)
			return
		}
	}
	kind := engine.Event
	if e.dir == engine.Out {
		kind = engine.Emit
	}
	s.log(s.input(kind, e.dir, nil), &d)
	if e.dir == engine.In {
		s.respond(s.input(kind, e.dir, nil), &d)
		s.end(engineio.ParseError)
	}
}
