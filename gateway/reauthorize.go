package gateway

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/socketio"
)

// Reauthorize says how live connections are judged again when rules change.
type Reauthorize struct {
	Off    bool          // they are not
	Within time.Duration // in which all are, evenly spread; default 30 s
	Keep   int           // bytes that a session keeps of its CONNECTs and joins to be judged by; default 32 KiB
}

func (r *Reauthorize) complete() {
	if r.Within <= 0 {
		r.Within = 30 * time.Second
	}
	if r.Keep <= 0 {
		r.Keep = 32 << 10
	}
}

// OnRevoked is what happens when a join would not be allowed any more. The zero value is RevokedDisconnect.
type OnRevoked string

// What can happen then.
const (
	RevokedDisconnect OnRevoked = "disconnect" // the namespace is left, on both sides
	RevokedLeave      OnRevoked = "leave"      // the server gets a mapped leave event; where there is none, as RevokedDisconnect
	RevokedDenyEmits  OnRevoked = "deny_emits" // emits that are about the room are kept from the client
)

// judgeAgain judges all that the session was let in to before epoch. s.mu is held.
func (s *session) judgeAgain(epoch uint64) {
	s.judged.Store(epoch)
	if s.closed || !s.entered || s.gen.Reauthorize.Off {
		return
	}
	s.adopt()
	stale := func(n *namespace) bool { return n.state == connected && n.proof.epoch < epoch }
	all := slices.DeleteFunc(slices.Clone(s.namespaces), func(n *namespace) bool { return !stale(n) })
	if len(all) == 0 {
		return
	}
	s.proveHandshake()
	slices.SortFunc(all, func(a, b *namespace) int { return strings.Compare(a.name, b.name) })
	for _, n := range all {
		if s.closed {
			return
		}
		if stale(n) {
			s.judgeNamespace(n, epoch)
		}
	}
	if !s.closed {
		s.flush()
	}
}

// proveHandshake verifies what the handshake brought: namespaces without a token of their own live by it.
func (s *session) proveHandshake() {
	id, denial := s.gen.verify(Credentials{Request: s.said().request, Addr: s.addr, Turn: s, Before: s.identity, Again: true})
	if denial == nil {
		s.identity = id
	} else if !s.outlives(denial) {
		s.identity = nil
	}
}

// outlives reports whether a token that does not verify now is no reason to end what it has proved: its keys cannot be
// had at the moment, or its end is ignored.
func (s *session) outlives(why *engine.Denial) bool {
	return why.Code == engine.CodeKeys || why.Code == engine.CodeTokenExpired && s.gen.OnExpiry == ExpiryIgnore
}

// judgeNamespace asks as if the client came now with what it said then: first for the namespace, then for each room.
func (s *session) judgeNamespace(n *namespace, epoch uint64) {
	n.proof.epoch = epoch
	in, d := s.judgeConnect(n)
	if d.Effect != engine.Allow {
		s.log(in, &d)
		s.g.stats.revoked.Add(1)
		s.revoke(n, &d)
		return
	}
	s.g.stats.kept.Add(1)
	s.awaitExpiry()
	for _, room := range n.rooms { // a change of it makes another slice
		e := n.entries[room]
		if e == nil { // by the server's own word
			continue
		}
		in, d := s.judgeJoin(n, room, e)
		if d.Effect == engine.Allow {
			s.g.stats.keptRooms.Add(1)
			continue
		}
		s.log(in, &d)
		s.g.stats.revokedRooms.Add(1)
		s.revokeRoom(n, room, &d)
		if s.closed || n.state != connected {
			return
		}
	}
}

func (s *session) judgeConnect(n *namespace) (*engine.Input, engine.Decision) {
	in := s.input(engine.Connect, engine.In, n)
	in.Session = s.viewAs(nil, n.name)
	in.Auth, in.Bytes = n.proof.auth, len(n.proof.auth)
	c := Credentials{Auth: n.proof.auth, Addr: s.addr, Namespace: n.name, Turn: s, Before: s.who(n), Again: true}
	switch {
	case n.proof.token != "":
		c.Auth, c.Token = nil, n.proof.token
	case !n.proof.renewed:
		c.Request = s.said().request
	}
	id, denial := s.gen.verify(c)
	switch {
	case denial == nil:
		in.Identity = id
	case !s.outlives(denial):
		return in, engine.Refuse(denial.Code, denial.Reason)
	}
	d := s.gen.Engine.Decide(context.Background(), in)
	if d.Effect != engine.Allow || denial != nil {
		return in, d
	}
	u, code := s.own(id, in.Time)
	if code != engine.CodeNone {
		return in, engine.Refuse(code, "")
	}
	n.identity, n.user = id, u
	return in, d
}

func (s *session) judgeJoin(n *namespace, room string, e *entry) (*engine.Input, engine.Decision) {
	in := s.input(engine.Join, engine.In, n)
	in.Session = s.viewAs(removeRoom(n.rooms, room), "")
	in.Event, in.Args, in.Room, in.Bytes = e.event, e.args, room, e.size()
	return in, s.gen.Engine.Decide(context.Background(), in)
}

// viewAs gives the session with these rooms and without a namespace, as it was before that was entered.
func (s *session) viewAs(inside []string, without string) *engine.Session {
	now := s.view(nil)
	return &engine.Session{ID: now.ID, EIO: now.EIO, Transport: now.Transport, IP: now.IP, Secure: now.Secure, Opened: now.Opened,
		Origin: now.Origin, Headers: now.Headers, Query: now.Query, Rooms: inside,
		Namespaces: slices.DeleteFunc(slices.Clone(now.Namespaces), func(name string) bool { return name == without })}
}

// revoke leaves a namespace that the client may not be in any more.
func (s *session) revoke(n *namespace, d *engine.Decision) {
	s.logEnd(engine.In, n, "no longer allowed")
	s.sendAway(n, refusal{Code: d.Shown(), Reason: d.Reason, DecisionID: d.ID.String(), Data: d.Data})
}

// revokeRoom gives up a room that the client may not be in any more.
func (s *session) revokeRoom(n *namespace, room string, d *engine.Decision) {
	var leave []byte
	if s.gen.Rooms.OnRevoked == RevokedLeave {
		if event, args, ok := s.gen.rooms.found.LeaveOf(n.name, room); ok {
			leave = s.g.opt.Parser.Append(nil, &socketio.Packet{Type: socketio.Event, Namespace: n.name, Data: socketio.AppendPayload(nil, event, args)})
		}
	}
	switch {
	case leave != nil:
		s.up.send(s.down, leave, nil)
	case s.gen.Rooms.OnRevoked != RevokedDenyEmits:
		s.revoke(n, d)
		return
	}
	if s.exit(n, []string{room}); leave == nil {
		if n.revoked == nil {
			n.revoked = map[string]bool{}
		}
		n.revoked[room] = true
		s.recount(n)
	}
	if s.gen.Deny.Event != "" {
		s.tell(&job{pkt: &socketio.Packet{Namespace: n.name}}, refusal{Code: d.Shown(), Reason: d.Reason, DecisionID: d.ID.String(),
			Event: room, Data: d.Data})
	}
}

// catchUp judges a namespace that was entered while the session was judged again.
func (s *session) catchUp(n *namespace) {
	if judged := s.judged.Load(); n.state == connected && n.proof.epoch < judged && !s.gen.Reauthorize.Off {
		s.judgeNamespace(n, judged)
	}
}

// evened says when the i-th of n sessions is judged, of a pass that takes so long.
func evened(within time.Duration, i, n int, jitter float64) time.Duration {
	return time.Duration((float64(i) + jitter) / float64(n) * float64(within))
}
