package gateway

import (
	"slices"

	"github.com/siogw/siogw/engine"
)

// state is where a namespace stands, by the protocol's exchange of CONNECT and its answer.
type state uint8

const (
	connecting state = iota + 1 // CONNECT forwarded, not answered: nothing but the server's packets may pass
	connected
	gone // refused, left or kicked: what still comes for it ends here
)

// namespace is what a session remembers of one namespace it has ever asked for.
type namespace struct {
	name     string
	state    state
	identity *engine.Identity
	user     *user             // under which its events count; nil for nobody
	rooms    []string          // sorted
	entries  map[string]*entry // how rooms were entered; nil where it is not kept
	revoked  map[string]bool   // rooms that were given up, and of which the server does not know that
	proof    proof
	kept     int             // bytes, as they are accounted for
	toClient *asked          // questions of the server; nil while none waits
	toServer *asked          // questions of the client
	seen     *engine.Session // the view as it was last made; nil when something changed
}

// namespace gives that of a name, nil for one that was never asked for. There are few.
func (s *session) namespace(name string) *namespace {
	for _, n := range s.namespaces {
		if n.name == name {
			return n
		}
	}
	return nil
}

// leave ends what belongs to a connection to the namespace.
func (n *namespace) leave() {
	n.state, n.rooms, n.identity, n.user = gone, nil, nil, nil
	n.entries, n.revoked, n.proof = nil, nil, proof{}
	n.toClient, n.toServer = nil, nil
}

// view gives the session as policies see it from n, made anew only after a change.
func (s *session) view(n *namespace) *engine.Session {
	transport := s.base.transport
	if s.client != nil {
		transport = s.client.Transport()
	}
	if n != nil && n.seen != nil && n.seen.Transport == transport {
		return n.seen
	}
	f := s.said()
	v := &engine.Session{ID: s.base.id, EIO: int(s.base.eio), Transport: transport, IP: f.ip, Secure: s.base.secure,
		Opened: s.base.opened, Origin: f.request.Header.Get("Origin"), Headers: f.headers, Query: f.query}
	for _, other := range s.namespaces {
		if other.state == connected {
			v.Namespaces = append(v.Namespaces, other.name)
		}
	}
	slices.Sort(v.Namespaces)
	if n != nil {
		v.Rooms, n.seen = n.rooms, v
	}
	return v
}

// changed forgets every view: namespaces are part of all of them.
func (s *session) changed() {
	for _, n := range s.namespaces {
		n.seen = nil
	}
}

// setState moves n, and what is seen of it.
func (s *session) setState(n *namespace, st state) {
	if st == gone {
		n.leave()
		s.recount(n)
		if s.late != nil && n.name == "/" && s.late.main == entered {
			s.late.main = lost
		}
	} else {
		n.state = st
	}
	if st == connected {
		s.hasConnected()
	}
	s.changed()
	s.awaitExpiry()
}
