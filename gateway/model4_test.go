package gateway

import (
	"errors"
	"testing"

	"github.com/siogw/siogw/engineio/eioclient"
	"github.com/siogw/siogw/socketio"
)

// What the two say in revision 4, where it is not what they say in revision 5.
var (
	clientSays4 = []string{"40", "40/a,", "40/a?token=1,", "41", "41/a,", `42["e",%d]`, `421["e",%d]`, `42/a,["e",%d]`, `42/a,7["e",%d]`,
		`42["deny"]`, `423["deny"]`, `42["change",{"_":%d}]`, `431["x"]`, `43/a,2["x"]`, `439["x"]`, `451-["e",%d,{"_placeholder":true,"num":0}]`,
		`42/b,["e",%d]`, `44"x"`, `42["x",{"a":1,"a":2}]`, "nonsense", "40/a?x=1&x=2,", `42/a,["disconnect"]`, `461-1[{"_placeholder":true,"num":0}]`, "40/c,", "40//d,", "40/e"}
	serverSays4 = []string{"40", "40/a,", `44/a,{"message":"no"}`, "41", "41/a,", `42["e",1]`, `421["ask"]`, `42/a,2["ask"]`, `431["y"]`,
		`43/a,7["y"]`, `451-["b",{"_placeholder":true,"num":0}]`, `42["x",{"__proto__":1}]`, "nonsense", "40/b,", `44"no"`, `42["deny"]`, "44", "40/c", `44/c,7`}
)

// FuzzSession4 is FuzzSession where one side, or both, speak revision 4. The first byte tells which.
func FuzzSession4(f *testing.F) {
	f.Add([]byte{0, 128, 1, 129, 7, 135, 13, 4, 132, 14, 3, 0})
	f.Add([]byte{1, 128, 1, 129, 7, 135, 13, 142, 144, 3, 131})
	f.Add([]byte{2, 1, 0, 119, 128, 129, 7, 142, 144, 3, 131, 0})
	f.Add([]byte{2, 0, 118, 0, 119, 142, 0})
	f.Add([]byte{2, 1, 23, 119, 133, 128, 0, 5, 145, 41, 117})
	f.Add([]byte{2, 0, 116})
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) == 0 || len(ops) > 400 {
			return
		}
		switch ops[0] % 3 {
		case 0:
			sameRevision4(t, ops[1:])
		case 1:
			oldClient(t, ops[1:])
		default:
			oldServer(t, ops[1:])
		}
	})
}

// sameRevision4: the server, being dialled, has the client in the main namespace.
func sameRevision4(t *testing.T, ops []byte) {
	g, s, down, up, m := rigRevisions(t, 3, 3)
	s.up.eio = nowhere{}
	s.enterMain()
	s.up.eio = up
	m.enterMain()
	s.enter()
	for i, op := range ops {
		playSaid(s, down, up, m, int(op), i+1, clientSays4, serverSays4)
	}
	finish(t, g, s, down, up)
}

// enterMain is what a server of revision 4 does with each session.
func (m *model) enterMain() { m.namespaces["/"], m.rooms["/"] = connecting, newModelRooms() }

func oldClient(t *testing.T, ops []byte) {
	g, s, down, up, m := rigRevisions(t, 3, 4)
	s.enterMain()
	s.enter()
	for i, op := range ops {
		playSaid(s, down, up, m, int(op), i+1, clientSays4, serverSays)
	}
	finish(t, g, s, down, up)
}

// oldServer also has the upstream dialled, with any outcome, and not heard of for too long.
func oldServer(t *testing.T, ops []byte) {
	g, s, down, up, m := rigRevisions(t, 4, 3)
	pending, dialled, asked := false, false, false
	s.late, s.up.eio = &late{dial: func() { pending = true }}, nowhere{}
	down.take = func(p *socketio.Packet) {
		if p.Namespace == "/" && !asked {
			t.Fatalf("the client got a packet of type %d for a namespace that it has not asked for", p.Type)
		}
	}
	up.take = func(p *socketio.Packet) {
		switch {
		case p.Type == socketio.Connect && p.Namespace == "/":
			t.Fatal("a CONNECT to the main namespace")
		case p.Type == socketio.Connect && m.namespaces["/"] != connected:
			t.Fatalf("a CONNECT to %s before the main namespace was entered", p.Namespace)
		}
		m.server(p)
	}
	outcome := func(err error) {
		if pending = false; err != nil {
			s.dialled(nil, nil, err)
			return
		}
		dialled = true
		m.enterMain()
		s.joinLate(up, "sid")
	}
	s.enter()
	for i, op := range ops {
		switch {
		case op == 116:
			s.lateDue()
		case op == 117 && pending && !s.closed:
			outcome(errors.New("down"))
		case op == 118 && pending && !s.closed:
			outcome(&eioclient.Refused{Status: 403})
		case op == 119 && pending && !s.closed:
			outcome(nil)
		case op >= 128 && !dialled: // there is no server yet
		case op != 125 && op != 127 || dialled:
			asked = asked || int(op) < len(clientSays) && clientSays[op][:2] == "40" && (len(clientSays[op]) == 2 || clientSays[op][2] != '/')
			playSaid(s, down, up, m, int(op), i+1, clientSays, serverSays4)
		}
	}
	if !dialled {
		up.over, up.closed = true, 1
	}
	finish(t, g, s, down, up)
	if s.late.timer != nil && s.late.timer.Stop() {
		t.Fatal("the timer of the upstream's answer is left")
	}
}

// A server that does not say whether it let the client in holds it no longer than answerTimeout.
func TestServerWithoutAnswer(t *testing.T) {
	for _, dialled := range []bool{false, true} {
		g, s, down, up, m := rigRevisions(t, 4, 3)
		s.late, s.up.eio = &late{dial: func() {}}, nowhere{}
		s.enter()
		s.lateDue()
		if s.closed {
			t.Fatal("closed before the server was asked")
		}
		playSaid(s, down, up, m, 0, 1, clientSays, serverSays4)
		if s.late.timer == nil {
			t.Fatal("nobody looks at the clock")
		}
		if dialled {
			s.joinLate(up, "sid")
		}
		s.lateDue()
		if !s.closed || down.closed != 1 || dialled != (up.closed == 1) {
			t.Fatalf("closed %v: client %d times, server %d times", s.closed, down.closed, up.closed)
		}
		up.closed = 1
		finish(t, g, s, down, up)
	}
}
