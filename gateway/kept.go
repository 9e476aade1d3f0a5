package gateway

import (
	"slices"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/socketio"
)

// What a client has said to enter a namespace and its rooms is kept, so that it can be judged again. It counts against
// Reauthorize.Keep and the session's memory.

// proof is what a namespace was entered with.
type proof struct {
	auth    []byte // as the engine sees it; nil before the first CONNECT
	token   string // of a refresh, where that was all it brought
	renewed bool   // by a refresh: the handshake does not count any more
	epoch   uint64 // when it was judged last
}

// entry is the event by which rooms were entered.
type entry struct {
	event string
	args  []byte
}

func (e *entry) size() int {
	if e == nil {
		return 0
	}
	return len(e.event) + len(e.args)
}

// size gives the bytes that n keeps.
func (n *namespace) size() int {
	total := len(n.proof.auth) + len(n.proof.token)
	for room, e := range n.entries {
		total += len(room) + e.size()
	}
	for room := range n.revoked {
		total += len(room)
	}
	for i := range n.toServer.all() {
		q := &n.toServer.list[i]
		for _, room := range q.rooms {
			total += len(room) + q.entry.size()
		}
	}
	return total
}

// mayKeep reports whether the session may keep more bytes.
func (s *session) mayKeep(more int) bool {
	if s.gen.Reauthorize.Off {
		return true
	}
	for _, n := range s.namespaces {
		more += n.kept
	}
	return more <= s.gen.Reauthorize.Keep
}

// recount holds what n keeps against the session's memory.
func (s *session) recount(n *namespace) {
	if s.closed { // it was given back
		return
	}
	size := n.size()
	s.memory.add(size - n.kept)
	n.kept = size
}

// keepProof keeps what an allowed CONNECT or refresh was decided on. It reports whether there is room for it.
func (s *session) keepProof(j *job) bool {
	if j.in.Kind != engine.Connect || j.pkt.Type == socketio.ConnectError {
		return true
	}
	p := proof{epoch: j.epoch}
	if !s.gen.Reauthorize.Off {
		p.auth, p.token, p.renewed = slices.Clone(j.in.Auth), j.token, j.refresh
	}
	before := j.n.proof
	if !s.mayKeep(len(p.auth) + len(p.token) - len(before.auth) - len(before.token)) {
		return false
	}
	j.n.proof = p
	s.recount(j.n)
	return true
}

// entryOf gives what is to be kept of a join, nil for nothing.
func (s *session) entryOf(j *job) *entry {
	if s.gen.Reauthorize.Off {
		return nil
	}
	return &entry{j.in.Event, slices.Clone(j.in.Args)}
}

// keepsJoin reports whether there is room for what a join needs kept: its arguments count for each room.
func (s *session) keepsJoin(j *job) bool {
	if j.in.Kind != engine.Join {
		return true
	}
	more := 0
	for _, room := range j.mapped.Rooms {
		more += len(room) + len(j.in.Event) + len(j.in.Args)
	}
	return s.mayKeep(more)
}
