package gateway

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/eioclient"
	"github.com/siogw/siogw/engineio/eioserver"
	"github.com/siogw/siogw/socketio"
)

// A client of Engine.IO 4 enters no namespace by its handshake; a server 2.x takes every session to the main one as it
// opens, with the query of the handshake for auth. So the session of such a pair has no upstream till its first CONNECT
// is allowed, whichever namespace that is for. The main one is then entered in any case, by a decision of its own.

// late is what such a session knows of its upstream. s.mu guards it.
type late struct {
	dial   func() // opens the upstream's session, which dialled takes: dialLate, or a test's
	main   mainState
	query  string           // what the main namespace is entered with
	own    string           // what of that the client has said
	who    *engine.Identity // that it proves
	sid    string           // of the upstream's session
	held   []*job           // CONNECTs that wait till it is entered
	cancel context.CancelFunc
	timer  *time.Timer
}

// mainState is where the server stands with the main namespace.
type mainState uint8

const (
	undialled mainState = iota
	entering            // dialled, or being so: the server's answer is due
	entered
	// left, or refused: servers 2.x do not tell who enters it again in the same session that they let him in.
	lost
)

// answerTimeout bounds the wait for the server's answer, the dial included.
const answerTimeout = 2 * dialTimeout

var errNoAnswer = errors.New("no answer for the main namespace")

// connectLate carries a CONNECT that passes to the server, after what that needs before.
func (s *session) connectLate(j *job) {
	l, main := s.late, j.pkt.Namespace == "/"
	own, err := s.tellLate(j)
	if err != nil {
		s.refuse(j, tellFailed(err))
		return
	}
	switch {
	case l.main == lost: // the client comes back, in a session that can enter it
		s.end(engineio.OtherSideClosed)
	case main && l.main != undialled && (own != "" && own != l.own || !sameIdentity(j.in.Identity, l.who)):
		s.refuse(j, engine.Refuse(engine.CodeLateAuth, ""))
	case main && l.main == entered: // for another namespace's sake
		s.setState(j.n, connecting)
		s.pass(&job{from: s.up, pkt: &socketio.Packet{Type: socketio.Connect, Namespace: "/"}, n: j.n}, nil)
	case l.main == entered:
		s.sendConnect(j)
	default:
		s.holdLate(j, own)
	}
}

// sendConnect sends a CONNECT to another namespace than the main one. A server 2.x adds to its query what that of the
// handshake has beside, where the main namespace's auth is: that is put back to the client's own.
func (s *session) sendConnect(j *job) {
	own, _ := url.ParseQuery(j.pkt.Query) // as connectLate wrote it
	main, _ := url.ParseQuery(s.late.query)
	client := s.ownQuery()
	for key := range main {
		if !own.Has(key) {
			own.Set(key, client.Get(key))
		}
	}
	j.pkt.Query = own.Encode()
	s.send(j, nil)
}

// sameIdentity reports whether two identities are of the same subject, or of nobody.
func sameIdentity(a, b *engine.Identity) bool {
	known := func(id *engine.Identity) bool { return id != nil && id.Authenticated }
	if !known(a) || !known(b) {
		return known(a) == known(b)
	}
	return a.Sub == b.Sub && a.Issuer == b.Issuer
}

// holdLate keeps a CONNECT till the main namespace is entered, and has it entered if nobody does.
func (s *session) holdLate(j *job, own string) {
	l := s.late
	if l.main == undialled {
		if d := s.enterLate(j, own); d != nil {
			s.reject(j, d)
			return
		}
		l.main, l.timer = entering, time.AfterFunc(answerTimeout, s.lateDue)
		l.dial()
	}
	l.held = append(l.held, j.keep(&socketio.Packet{Type: socketio.Connect, Namespace: j.n.name, Query: j.pkt.Query}))
	s.setState(j.n, connecting)
}

// enterLate decides on the main namespace, by the auth of j, which makes the session enter it. It gives the decision
// that refuses it, nil for none.
func (s *session) enterLate(j *job, own string) *engine.Decision {
	s.late.who = j.in.Identity
	if j.pkt.Namespace == "/" {
		s.late.query, s.late.own = j.pkt.Query, own
		return nil
	}
	in := s.input(engine.Connect, engine.In, nil)
	in.Namespace, in.Auth, in.Identity, in.Bytes = "/", j.in.Auth, j.in.Identity, j.in.Bytes
	stopped, noted := s.gen.Shields.Check(in)
	if stopped != nil {
		d := shieldRefusal(stopped)
		s.log(in, &d)
		return &d
	}
	d := s.gen.Engine.Decide(context.Background(), in)
	d.Steps = append(d.Steps, shieldSteps(noted)...)
	s.log(in, &d)
	if d.Effect != engine.Allow {
		return &d
	}
	p := &socketio.Packet{Type: socketio.Connect, Namespace: "/", Data: j.pkt.Data}
	entry := &job{from: j.from, pkt: p, in: in}
	err := entry.transform(&d, &s.gen.Limits)
	if err == nil {
		s.late.own, err = s.tellLate(entry)
	}
	if err == nil {
		s.late.query = p.Query
		return nil
	}
	d = tellFailed(err)
	s.log(in, &d)
	return &d
}

// dialLate opens the upstream's session, with the auth of the main namespace in the query.
func (s *session) dialLate() {
	l := s.late
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	o := &eioserver.Opening{Request: s.said().request.WithContext(ctx), Addr: s.addr, Secure: s.base.secure, EIO: int(s.base.eio), Account: s.memory.add}
	extra, _ := url.ParseQuery(l.query) // our own
	opts, err := s.dialOptions(o, extra)
	go func() {
		var up *eioclient.Session
		var t *target
		if err == nil {
			up, t, err = s.g.dialPool(o, s.g.poolOf(o.Request), opts)
		}
		s.dialled(up, t, err)
	}()
}

// dialled takes the outcome of dialLate.
func (s *session) dialled(up *eioclient.Session, t *target, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.survive()
	switch {
	case s.closed && err == nil:
		up.Close(engineio.OtherSideClosed)
		t.leave()
	case s.closed:
	case err != nil:
		s.failLate(err)
	default:
		s.target = t
		s.joinLate(up, up.Handshake().SID)
		up.Start(s.up)
	}
}

// joinLate gives the session its upstream.
func (s *session) joinLate(up engineio.Session, sid string) { s.up.eio, s.late.sid = up, sid }

// failLate answers all that wait for an upstream. One that refuses may be asked again; one that is not there ends the
// session, so that the client comes back.
func (s *session) failLate(err error) {
	l := s.late
	in := s.input(engine.Connect, engine.In, nil)
	in.Namespace = "/"
	d := s.upstreamDenial(in, err)
	if d.Code != engine.CodeUpstreamRefused {
		s.end(engineio.OtherSideClosed)
		return
	}
	l.stop()
	held := l.held
	l.main, l.held = undialled, nil
	for _, j := range held {
		s.setState(j.n, gone)
		if s.reject(j, &d); s.closed { // one refusal too many
			return
		}
	}
	s.down.eio.Flush()
}

// lateDue ends a session whose server does not say whether it let the client in.
func (s *session) lateDue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed && s.late.main == entering {
		s.failLate(errNoAnswer)
	}
}

// hearLate looks at what the server sends to the main namespace, before which it has nothing to say of others. It
// reports whether the client is to have it: not where the client has not asked for it.
func (s *session) hearLate(p *socketio.Packet) bool {
	l, n := s.late, s.namespace("/")
	if p.Namespace != "/" {
		return l.main != entering
	}
	asked := n != nil && n.state != gone
	switch held := l.held; {
	case l.main == entering && p.Type == socketio.Connect:
		l.stop()
		l.main, l.held = entered, nil
		for _, j := range held {
			if j.n.name != "/" {
				s.sendConnect(j)
			}
		}
	case l.main == entering && (p.Type == socketio.ConnectError || p.Type == socketio.Disconnect):
		l.stop()
		l.main, l.held = lost, nil
		why := p.Data
		if why == nil {
			why = []byte(`"disconnected"`)
		}
		for _, j := range held {
			if j.n.name != "/" {
				no := &socketio.Packet{Type: socketio.ConnectError, Namespace: j.n.name, Data: why}
				s.pass(&job{from: s.up, pkt: no, n: j.n}, nil)
			}
		}
	case l.main == entered && p.Type == socketio.Disconnect:
		l.main = lost
	case l.main == entering:
		return false
	}
	return asked
}

// stop ends the wait for the server's answer.
func (l *late) stop() {
	if l != nil && l.timer != nil {
		l.timer.Stop()
	}
	if l != nil && l.cancel != nil {
		l.cancel()
	}
}
