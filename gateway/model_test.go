package gateway

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/eioserver"
	"github.com/siogw/siogw/socketio"
)

// side is one end of the session as the model sees it: it keeps what the gateway sends there, and holds it
// to the protocol.
type side struct {
	t       *testing.T
	name    string
	full    bool // Send reports no room
	paused  bool
	over    bool // the connection ended by itself
	closed  int  // calls of Close
	decoder socketio.Decoder
	take    func(p *socketio.Packet) // of the model
}

// Send implements engineio.Session.
func (d *side) Send(p engineio.Packet) bool {
	if d.closed > 0 {
		d.t.Fatalf("%s got %q after it was closed", d.name, p.Data)
	}
	var pkt *socketio.Packet
	var err error
	if p.Binary {
		pkt, err = d.decoder.Binary(bytes.Clone(p.Data))
	} else {
		pkt, err = d.decoder.Text(bytes.Clone(p.Data))
	}
	if err != nil {
		d.t.Fatalf("%s got %q: %v", d.name, p.Data, err)
	}
	if pkt != nil {
		d.take(pkt)
	}
	return !d.full
}

// Flush, Pause, Resume and Close implement engineio.Session.
func (d *side) Flush()                {}
func (d *side) Pause()                { d.paused = true }
func (d *side) Resume()               { d.paused = false }
func (d *side) Close(engineio.Reason) { d.closed++ }

// model is what the reference server would know, from what the gateway sends it: whatever it would close its
// session for must never come.
type model struct {
	t          *testing.T
	namespaces map[string]state          // at the server
	asked      map[string]map[uint64]int // questions of the server that wait, by namespace and id
	revision   socketio.Revision
	last       int                    // sequence number of the last event that came
	rooms      map[string]*modelRooms // by namespace
	policy     *modelPolicy
}

func (m *model) server(p *socketio.Packet) {
	st := m.namespaces[p.Namespace]
	switch {
	case p.Type == socketio.Connect:
		if st == connecting || st == connected {
			m.t.Fatalf("a second CONNECT to %s", p.Namespace)
		}
		m.namespaces[p.Namespace] = connecting
		m.rooms[p.Namespace] = newModelRooms()
	case st != connected:
		m.t.Fatalf("type %d to %s in state %d", p.Type, p.Namespace, st)
	case p.Type == socketio.Disconnect:
		m.namespaces[p.Namespace] = gone
		delete(m.asked, p.Namespace)
		delete(m.rooms, p.Namespace)
	case p.IsAck():
		if m.asked[p.Namespace][p.ID] == 0 {
			m.t.Fatalf("answer %d to %s, that nobody asked for", p.ID, p.Namespace)
		}
		m.asked[p.Namespace][p.ID]--
	case p.IsEvent() && m.rooms[p.Namespace].hear(p):
	case p.IsEvent():
		m.order(p)
	}
}

// order wants the numbers that the client put into its events to come rising.
func (m *model) order(p *socketio.Packet) {
	var n int
	if _, err := fmt.Sscanf(string(p.Data), `["e",%d`, &n); err != nil {
		if !strings.HasPrefix(string(p.Data), `["change"]`) {
			m.t.Fatalf("an event that was refused came: %s", p.Data)
		}
		return
	}
	if n <= m.last {
		m.t.Fatalf("event %d after %d", n, m.last)
	}
	m.last = n
}

// fromServer notes what the server says, as it would know it.
func (m *model) fromServer(text string) {
	d := socketio.Decoder{From: socketio.Server, Revision: m.revision}
	p, err := d.Text([]byte(text))
	if err != nil || p == nil {
		return
	}
	switch st := m.namespaces[p.Namespace]; {
	case p.Type == socketio.Connect && st == connecting:
		m.namespaces[p.Namespace] = connected
	case p.Type == socketio.ConnectError && st == connecting, p.Type == socketio.Disconnect && (st == connected || st == connecting):
		m.namespaces[p.Namespace] = gone
		delete(m.asked, p.Namespace)
		delete(m.rooms, p.Namespace)
	case m.rooms[p.Namespace].say(p):
	case p.IsEvent() && p.HasID && (st == connected || st == connecting):
		if m.asked[p.Namespace] == nil {
			m.asked[p.Namespace] = map[uint64]int{}
		}
		m.asked[p.Namespace][p.ID] = 1
	}
}

// What the two may say; %d is a number that rises.
var clientSays = []string{"40", "40/a,", `40/a,{"token":1}`, "41", "41/a,", `42["e",%d]`, `421["e",%d]`, `42/a,["e",%d]`, `42/a,7["e",%d]`,
	`42["deny"]`, `423["deny"]`, `42["change",{"_":%d}]`, `431["x"]`, `43/a,2["x"]`, `439["x"]`, `451-["e",%d,{"_placeholder":true,"num":0}]`,
	`42/b,["e",%d]`, `44{"message":"x"}`, `42["x",{"a":1,"a":2}]`, "nonsense", `40[]`, `42/a,["disconnect"]`, `461-1[{"_placeholder":true,"num":0}]`, "40/c,", "40/d,", "40/e,",
	`42["join","r1"]`, `4230["join","r1"]`, `4231["join",["r1","r2"]]`, `4231["join","r3"]`, `42/a,30["join","r2"]`, `42/a,["join",["r3","no"]]`, `42["leave","r1"]`, `4232["leave",["r2","r3"]]`, `42["join",7]`}
var serverSays = []string{`40{"sid":"s"}`, `40/a,{"sid":"t"}`, `44/a,{"message":"no"}`, "41", "41/a,", `42["e",1]`, `421["ask"]`, `42/a,2["ask"]`, `431["y"]`,
	`43/a,7["y"]`, `451-["b",{"_placeholder":true,"num":0}]`, `42["x",{"__proto__":1}]`, "nonsense", `40/b,{"sid":"u"}`, `44{"message":"no"}`, `42["deny"]`,
	`4330[]`, `4331["ok"]`, `4330[false]`, `4331[{"error":1}]`, `43/a,30[true]`, `42["joined","r4"]`, `42["left",["r1","r4"]]`, `42/a,["joined","r2"]`, `42["about","r1"]`, `42["about",["r1","r2"]]`}

// FuzzSession drives a session with any sequence of what a client, a server and their connections may do. Whatever
// comes: the server never gets what it would close for, order holds, each side is closed once and hears nothing
// after, and nothing stays counted.
func FuzzSession(f *testing.F) {
	f.Add([]byte{0, 128, 5, 133, 6, 136})
	f.Add([]byte{1, 129, 7, 135, 13, 200, 0, 128, 3, 0, 128, 5})
	f.Add([]byte{0, 128, 15, 120, 10, 11, 9, 140, 121, 122, 125, 126})
	f.Add([]byte{0, 1, 2, 23, 24, 25, 128, 129, 139, 9, 9, 9, 9, 9, 9})
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 400 {
			return
		}
		g, s, down, up, m := rigModel(t)
		for i, op := range ops {
			play(s, down, up, m, int(op), i+1)
			m.compare(s)
		}
		finish(t, g, s, down, up)
	})
}

func rigModel(t *testing.T) (*Gateway, *session, *side, *side, *model) {
	g, s, down, up, m := rigRevisions(t, 4, 4)
	s.enter()
	return g, s, down, up, m
}

// rigRevisions is a session between a client and a server of these revisions of Engine.IO, before it is entered.
func rigRevisions(t *testing.T, client, server int) (*Gateway, *session, *side, *side, *model) {
	strict := &modelPolicy{}
	policy, err := engine.New(engine.Stage{Name: "model", Phase: engine.Policy, Plugin: strict})
	if err != nil {
		t.Fatal(err)
	}
	upstream, _ := url.Parse("http://127.0.0.1:1")
	g, err := New(Options{Fixed: Fixed{Path: "/socket.io/", Upstream: upstream, UpstreamEIO: server, Translate: server == 4},
		Rules: Rules{Front: Front{EIO3: true}, Engine: policy, Limits: Limits{Namespaces: 3}, Rooms: roomsOfModel, Deny: Deny{Event: "siogw:denied", MaxPerMinute: 5}}})
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddr("127.0.0.1")
	s := g.newSession(&eioserver.Opening{Request: httptest.NewRequest("GET", "/socket.io/", nil), ID: "id", EIO: client, Transport: "websocket", Addr: addr})
	if code := s.room(s.base.opened); code != engine.CodeNone {
		t.Fatal(code)
	}
	s.client = nil
	s.memory.add(sessionMemory)
	m := &model{t: t, namespaces: map[string]state{}, asked: map[string]map[uint64]int{}, revision: revisionOf(server), rooms: map[string]*modelRooms{}, policy: strict}
	down := &side{t: t, name: "the client", decoder: socketio.Decoder{From: socketio.Server, Revision: revisionOf(client)}, take: m.client}
	up := &side{t: t, name: "the server", decoder: socketio.Decoder{Revision: m.revision}, take: m.server}
	s.down.eio, s.up.eio = down, up
	g.stats.open.Add(1)
	return g, s, down, up, m
}

// modelPolicy denies events called deny, and changes those called change. When it is strict it denies more.
type modelPolicy struct{ strict bool }

func (p *modelPolicy) Decide(_ context.Context, in *engine.Input) engine.Verdict {
	switch {
	case in.Event == "deny", in.Room == "no", p.strict && in.Room == "r3", p.strict && in.Namespace == "/a" && in.Kind == engine.Connect:
		return engine.Denied(engine.CodePolicyDenied, "")
	case in.Event == "change":
		return engine.Verdict{Effect: engine.Allow, Args: []byte(`[]`)}
	}
	return engine.Verdict{Effect: engine.Allow}
}

// play does one thing.
func play(s *session, down, up *side, m *model, op, n int) {
	playSaid(s, down, up, m, op, n, clientSays, serverSays)
}

func playSaid(s *session, down, up *side, m *model, op, n int, clientSays, serverSays []string) {
	fill := func(text string) []byte { return []byte(strings.ReplaceAll(text, "%d", fmt.Sprint(n))) }
	text := func(e *end, data []byte) {
		e.Packet(engineio.Packet{Type: engineio.Message, Data: data[1:]})
	}
	switch {
	case op < len(clientSays) && !down.over:
		text(s.down, append([]byte{}, fill(clientSays[op])...))
	case op >= 128 && op < 128+len(serverSays) && !up.over:
		said := serverSays[op-128]
		if !s.closed && s.up.reader().Pending() == 0 { // else it is no packet to the gateway
			m.fromServer(strings.TrimPrefix(said, "4"))
		}
		text(s.up, fill(said))
	case op == 120 && !down.over:
		s.down.Packet(engineio.Packet{Type: engineio.Message, Binary: true, Data: []byte("bin")})
	case op == 250 && !up.over:
		s.up.Packet(engineio.Packet{Type: engineio.Message, Binary: true, Data: []byte("bin")})
	case op == 121:
		s.down.PassEnd()
	case op == 115: // the policy changes, and all is judged again
		m.policy.strict = !m.policy.strict
		s.g.judgeSession(s, s.g.passes.epoch.Add(1))
	case op == 122:
		down.full = !down.full
	case op == 123:
		up.full = !up.full
	case op == 124 && !down.full:
		s.down.Writable()
	case op == 125 && !up.full:
		s.up.Writable()
	case op == 126 && !down.over:
		down.over = true
		s.down.Closed(engineio.PeerClosed)
	case op == 127 && !up.over:
		up.over = true
		s.up.Closed(engineio.TransportError)
	}
}

// finish ends what still goes on, and counts.
func finish(t *testing.T, g *Gateway, s *session, down, up *side) {
	if !down.over && !up.over {
		down.full, up.full = false, false
		s.down.Writable()
		s.up.Writable()
		if !s.closed && (down.paused || up.paused) {
			t.Fatalf("a side stays paused: client %v, server %v", down.paused, up.paused)
		}
	}
	ended := s.closed
	if !down.over {
		down.over = true
		s.down.Closed(engineio.PeerClosed)
	}
	if !up.over {
		up.over = true
		s.up.Closed(engineio.PeerClosed)
	}
	if down.closed > 1 || up.closed > 1 || ended && down.closed+up.closed == 0 {
		t.Fatalf("closed: client %d times, server %d times", down.closed, up.closed)
	}
	if n := g.stats.open.Load(); n != 0 || g.conns.total != 0 || g.memory.held.Load() != 0 || g.unfinished.Load() != 0 || len(g.sessions.all()) != 0 || s.gen.users.Load() != 1 {
		t.Fatalf("left behind: %d open, %d counted, %d bytes, %d unfinished, %d users of the rules", n, g.conns.total, g.memory.held.Load(), g.unfinished.Load(), s.gen.users.Load())
	}
	if s.early != nil || s.throttled != nil {
		t.Fatal("a timer is left")
	}
}
