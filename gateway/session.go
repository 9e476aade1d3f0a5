package gateway

import (
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/engineio/eioserver"
	"github.com/siogw/siogw/internal/alarm"
	"github.com/siogw/siogw/internal/shields"
	"github.com/siogw/siogw/socketio"
)

// session joins a client's Engine.IO session to one at the upstream. One lock serialises both
// directions: what a packet of one changes (namespaces, rooms, unanswered questions) the next of either
// sees. The sessions below never call back from inside a call, so holding it over Send is safe.
type session struct {
	mu sync.Mutex

	// What each packet looks at stands together, for of most sessions none of it is in a cache. mu guards it.
	closed     bool
	away       bool // see Leave
	entered    bool // the handshake is through; before that nobody else has the session
	g          *Gateway
	gen        *generation // by which the packet at hand is judged
	client     *eioserver.Session
	down, up   *end
	late       *late            // nil where the upstream is dialled for the handshake
	namespaces []*namespace     // that were ever asked for
	identity   *engine.Identity // of the handshake; namespaces may have their own
	payload    int              // Limits.Payload of the handshake, which the client was told
	events     eventLimits
	muted      time.Time // until then events are dropped

	addr   netip.Addr
	hello  hello  // constant
	facts  *facts // of it; nil when nobody looks, see said
	base   base
	target *target // the upstream's server; nil for none

	judged    atomic.Uint64 // the last pass that has judged it again
	denials   denialCount
	users     []*user // the identities that it counts under
	memory    account
	connects  tally       // CONNECTs
	tallies   []tally     // refusals, for each of Rules.Responses; nil before the first
	throttled *time.Timer // till reading goes on; nil while it does
	early     *time.Timer // till a namespace must be connected; nil once one is
	expiry    alarm.Alarm // till the first identity of a namespace ends
}

// base is what does not change of the session as policies see it.
type base struct {
	id        string
	transport string // of the handshake
	opened    time.Time
	eio       uint8
	secure    bool
}

// end is one side of a session; it receives the side's packets.
type end struct {
	s        *session
	dir      engine.Direction // in which its packets travel
	eio      engineio.Session
	peer     *end
	decoder  *decoder // nil while the side rests, see reader
	revision socketio.Revision
	dirty    bool // holds packets that were not flushed yet

	unfinished unfinished
	waits      struct {
		own, peer bool // reading has stopped until that side's send buffer is written
	}
}

// Packet implements engineio.Handler: the start of the one straight line.
func (e *end) Packet(p engineio.Packet) {
	s := e.s
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.survive()
	if s.closed {
		return
	}
	s.adopt()
	if e.dir == engine.In {
		s.g.stats.packetsIn.Add(1)
	} else {
		s.g.stats.packetsOut.Add(1)
	}
	m, err := e.decode(p)
	if m.same == nil && !e.keepUnfinished() { // it had no attachments, nor had one before it that is unfinished
		return
	}
	switch {
	case err != nil:
		s.malformed(e, m.pkt, err)
	case m.pkt != nil:
		s.forward(e, m)
	}
	if e.decoder != nil {
		e.decoder.Done()
	}
}

// survive ends what was done under s.mu, which is held: the session is back if it had left, and a defect in it ends neither
// the others nor the process.
func (s *session) survive() {
	s.back()
	if defect := recover(); defect != nil {
		s.g.opt.Logger.Error("defect: session closed", "panic", defect, "stack", string(debug.Stack()))
		s.end(engineio.InternalError)
	}
}

// decoded is a packet as it came.
type decoded struct {
	pkt  *socketio.Packet // nil while attachments are missing
	raw  []byte           // the message of a packet that may go on as it came; nil where it must be written anew
	same *repeat
}

// decoder reads the packets of a side that does not rest, and remembers the last one that had come before.
type decoder struct {
	socketio.Decoder
	before *place // of the generation that the session judges by; nil for none
	last   engine.Last
}

// reader gives what reads the side's packets.
func (e *end) reader() *decoder {
	if e.decoder == nil {
		e.decoder = &decoder{Decoder: socketio.Decoder{Limits: e.limits(), Revision: e.revision, Parser: e.s.g.opt.Parser}}
		if e.dir == engine.Out {
			e.decoder.From = socketio.Server
		}
	}
	return e.decoder
}

// limits gives those of the side's packets.
func (e *end) limits() socketio.Limits {
	client, server := e.s.gen.Limits.packets(e.s.payload)
	if e.dir == engine.In {
		return client
	}
	return server
}

// decode gives the packet that p completes.
func (e *end) decode(p engineio.Packet) (m decoded, err error) {
	d := e.reader()
	if !p.Binary {
		m.raw = p.Data
		if m.pkt, m.same, err = e.s.gen.text(d, p.Data); m.same != nil {
			e.s.g.stats.repeated(m.same)
		}
		return m, err
	}
	m.pkt, err = d.Binary(p.Data)
	if d.Parser == socketio.Msgpack && m.pkt != nil && m.pkt.Data != nil {
		m.raw = p.Data // no data may have been written as nil, which the reference refuses
	}
	return m, err
}

// PassEnd implements engineio.Handler: one write for each side and pass.
func (e *end) PassEnd() {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	e.s.flush()
}

func (s *session) flush() {
	for _, side := range [...]*end{s.down, s.up} {
		if side.dirty {
			side.dirty = false
			side.eio.Flush()
		}
	}
}

// Writable implements engineio.Handler: who waited for this side's buffer is read again.
func (e *end) Writable() {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	e.waits.own, e.peer.waits.peer = false, false
	for _, side := range [...]*end{e, e.peer} {
		e.s.resume(side)
	}
}

// Closed implements engineio.Handler: either side's end is the other's.
func (e *end) Closed(r engineio.Reason) {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	if code, bad := transportDenials[r]; bad && e.dir == engine.In && !e.s.closed {
		e.s.gen.Shields.Count(shields.OfEnd(r))
		d := engine.Refuse(code, "")
		in := e.s.input(engine.Event, engine.In, nil)
		e.s.log(in, &d)
		e.s.respond(in, &d)
	}
	e.s.close(r, e.peer, engineio.OtherSideClosed)
}

// transportDenials are the ends that a client's transport brings about for what it sent: a refusal like
// any other, so the log has it as one.
var transportDenials = map[engineio.Reason]engine.Code{
	engineio.TooLarge:          engine.CodeTooLarge,
	engineio.Inflated:          engine.CodeInflated,
	engineio.ParseError:        engine.CodeMalformed,
	engineio.BadUTF8:           engine.CodeMalformed,
	engineio.ProtocolViolation: engine.CodeState,
	engineio.Frames:            engine.CodeFrames,
	engineio.Compressed:        engine.CodeState,
	engineio.ControlFrames:     engine.CodeControlFrames,
	engineio.Fragments:         engine.CodeFragments,
	engineio.SlowMessage:       engine.CodeSlowMessage,
	engineio.NeverPolled:       engine.CodeNeverPolled,
}

// send puts one packet of a side's source into the buffer of to. When that is full the source waits.
func (e *end) send(source *end, message []byte, attachments [][]byte) {
	binary := e.s.g.opt.Parser == socketio.Msgpack
	if binary {
		attachments = nil // they are in the message
	}
	room := e.eio.Send(engineio.Packet{Type: engineio.Message, Binary: binary, Data: message})
	for _, a := range attachments {
		room = e.eio.Send(engineio.Packet{Type: engineio.Message, Binary: true, Data: a})
	}
	e.dirty = true
	if room {
		return
	}
	if source == e {
		source.waits.own = true
	} else {
		source.waits.peer = true
	}
	source.eio.Pause()
}

// close ends the session once. why is for the log; other is the side to be told, with the reason that
// it sees.
func (s *session) close(why engineio.Reason, other *end, told engineio.Reason) {
	if s.closed {
		return
	}
	s.closed = true
	other.eio.Close(told)
	s.leave()
	s.target.leave()
	s.g.stats.closed(why)
	s.logEnd(engine.In, nil, why.String())
}

// logEnd notes the end of a namespace's connection, or of the session when n is nil.
func (s *session) logEnd(dir engine.Direction, n *namespace, why string) {
	d := engine.Decision{ID: engine.NewID(), Effect: engine.Allow, Denial: engine.Denial{Reason: why}, By: "gateway"}
	s.log(s.input(engine.Disconnect, dir, n), &d)
}

// end closes both sides: the gateway's own decision.
func (s *session) end(r engineio.Reason) {
	if s.closed {
		return
	}
	defer s.down.eio.Close(r) // after it was counted: the client may look
	told := engineio.OtherSideClosed
	if r == engineio.OutOfMemory { // then nothing may wait to be written
		told = r
	}
	s.close(r, s.up, told)
}

// input makes what the engine sees, with the parts that every kind has.
func (s *session) input(kind engine.Kind, dir engine.Direction, n *namespace) *engine.Input {
	in := &engine.Input{}
	s.describe(in, kind, dir, n)
	in.Time = time.Now()
	return in
}

// describe sets these parts of in, which is empty, but for the time.
func (s *session) describe(in *engine.Input, kind engine.Kind, dir engine.Direction, n *namespace) {
	in.Kind, in.Direction, in.Identity, in.Session, in.Turn = kind, dir, s.who(n), s.view(n), s
	if n != nil {
		in.Namespace = n.name
	}
}
