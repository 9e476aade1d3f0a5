package gateway

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/socketio"
)

// Clients of Engine.IO 3 speak revision 4 of Socket.IO, those of Engine.IO 4 revision 5. In revision 4 the
// handshake is the CONNECT to the main namespace, another CONNECT has a query in the place of auth, and a
// CONNECT_ERROR may hold anything (socket.io-protocol, "Difference between v5 and v4"). Each side of a session has
// its own; where they differ packets are put into the other's.

// revisionOf gives what is spoken over a revision of Engine.IO.
func revisionOf(eio int) socketio.Revision {
	if eio == 3 {
		return socketio.V4
	}
	return socketio.V5
}

// upstreamEIO gives the revision that the upstream is dialled with for a client's.
func (u *Upstream) upstreamEIO(client int) int {
	if u.EIO == 3 || client == 3 && !u.Translate {
		return 3
	}
	return 4
}

func (e *end) v4() bool { return e.revision == socketio.V4 }

// enterMain makes the CONNECT to the main namespace that a revision 4 client implies, and decides it like any
// other. It gives the query that a decision left it, and whether it was allowed. For an upstream of the same
// revision it comes before that is dialled, and the packet itself goes nowhere: dialling implies it there too.
func (s *session) enterMain() (query url.Values, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.survive()
	if s.closed { // by an upstream that left at once
		return nil, false
	}
	p := &socketio.Packet{Type: socketio.Connect, Namespace: "/"}
	s.forward(s.down, decoded{pkt: p})
	s.up.eio.Flush()
	n := s.namespace("/")
	if s.closed || n == nil || n.state == gone {
		return nil, false
	}
	query, err := url.ParseQuery(p.Query) // our own, or none
	return query, err == nil
}

// nowhere is the upstream's side of a session whose client was refused the main namespace before an upstream of
// revision 4 was dialled for it, or that is not dialled yet.
type nowhere struct{}

func (nowhere) Send(engineio.Packet) bool { return true }
func (nowhere) Flush()                    {}
func (nowhere) Pause()                    {}
func (nowhere) Resume()                   {}
func (nowhere) Close(engineio.Reason)     {}

// stranded reports whether the session has no upstream and will have none: as with servers 2.x, nobody enters
// another namespace who was refused the main one.
func (s *session) stranded() bool {
	_, none := s.up.eio.(nowhere)
	return none && s.late == nil && s.namespace("/") != nil
}

// readQuery makes auth of the query of a client's CONNECT.
func (j *job) readQuery() engine.Code {
	if !j.from.v4() {
		return engine.CodeNone
	}
	auth, err := socketio.QueryAuth(j.pkt.Query)
	if err != nil {
		return codeOf(err)
	}
	j.pkt.Data = auth
	return engine.CodeNone
}

// writeQuery makes a query of an auth that was changed.
func (j *job) writeQuery() error {
	if !j.from.peer.v4() {
		return nil
	}
	var err error
	j.pkt.Query, err = socketio.AuthQuery(j.pkt.Data)
	return err
}

// translate puts a packet that passes into the form of the other side.
func (j *job) translate() {
	from, to := j.from.v4(), j.from.peer.v4()
	switch {
	case j.pkt.Type == socketio.Connect && j.from.dir == engine.In:
		if to {
			j.pkt.Data = nil
		} else {
			j.pkt.Query = ""
		}
	case from == to:
		return
	case j.pkt.Type == socketio.Connect && from:
		j.pkt.Data = marshal(map[string]string{"sid": j.from.s.late.id(j.n.name)})
	case j.pkt.Type == socketio.Connect:
		j.pkt.Data = nil
	case j.pkt.Type == socketio.ConnectError && from && j.n.state == connected: // socket.error
		j.pkt.Type = socketio.Event
		j.pkt.Data = append(append([]byte(`["error",`), orNull(j.pkt.Data)...), ']')
	case j.pkt.Type == socketio.ConnectError && from:
		j.pkt.Data = longRefusal(j.pkt.Data)
	case j.pkt.Type == socketio.ConnectError:
		j.pkt.Data = shortRefusal(j.pkt.Data)
	default:
		return
	}
	if from != to {
		j.raw = nil
	}
}

// id gives the socket.id of a namespace at a server 2.x (socket.io 2.5, lib/socket.js).
func (l *late) id(namespace string) string {
	if namespace == "/" {
		return l.sid
	}
	return namespace + "#" + l.sid
}

// longRefusal gives what a revision 5 client reads of a refusal by a server 2.x, which may be anything: a message, else
// the data of one.
func longRefusal(payload []byte) []byte {
	message := []byte(`"refused by upstream"`)
	if strictjson.KindOf(payload) == strictjson.Text {
		return fmt.Appendf(nil, `{"message":%s}`, payload)
	}
	if strictjson.KindOf(payload) == strictjson.Object {
		if own, ok := strictjson.Member(payload, "message"); ok && strictjson.KindOf(own) == strictjson.Text {
			message = own
		}
	}
	return fmt.Appendf(nil, `{"message":%s,"data":%s}`, message, orNull(payload))
}

func orNull(payload []byte) []byte {
	if len(payload) == 0 {
		return []byte("null")
	}
	return payload
}

// shortRefusal gives what a server sends a revision 4 client for a refusal: the data of it, else the message
// (socket.io 4.8, lib/namespace.ts, run).
func shortRefusal(payload []byte) []byte {
	data, ok := strictjson.Member(payload, "data")
	if ok && !falsy(data) {
		return data
	}
	if message, ok := strictjson.Member(payload, "message"); ok {
		return message
	}
	return payload
}

// falsy reports whether JavaScript passes a value over in data || message.
func falsy(raw []byte) bool {
	switch string(raw) {
	case "null", "false", "0", `""`:
		return true
	}
	return false
}

// errorInput describes an error that a revision 4 server sends to a namespace that is connected (socket.error): to
// the client it is the event "error".
func (s *session) errorInput(j *job) {
	j.input(engine.Emit)
	j.args = append(append(append(j.args[:0], '['), j.pkt.Data...), ']')
	j.in.Event, j.in.Args = "error", j.args
	j.payload()
}

var errOneArgument = errors.New("an error has one argument")

// setError takes what a decision made of an error.
func (j *job) setError(args []byte, lim *Limits) error {
	j.pkt.Data = args
	if err := j.check(lim); err != nil {
		return err
	}
	first, rest, ok := strictjson.SplitFirst(args)
	if !ok || len(rest) > 0 {
		return errOneArgument
	}
	j.pkt.Data = first
	return nil
}
