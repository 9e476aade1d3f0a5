package demo

import (
	"encoding/json"
	"sync"

	"github.com/siogw/siogw/engineio"
)

// chat is the unprotected server: it believes what clients say, and hands on what they send.
type chat struct {
	mu      sync.Mutex
	clients map[*client]bool
}

func newChat() *chat { return &chat{clients: map[*client]bool{}} }

// client is one connection to the chat. Its fields are guarded by chat.mu, apart from session.
type client struct {
	chat    *chat
	session engineio.Session
	name    string // as the token says, which nobody verified
	joined  bool   // in the namespace
	rooms   map[string]bool
}

// add takes a new session; the result is its handler.
func (c *chat) add(s engineio.Session) *client {
	return &client{chat: c, session: s, rooms: map[string]bool{}}
}

// Packet takes one Socket.IO packet. Binary frames are of no use to this chat.
func (cl *client) Packet(p engineio.Packet) {
	if p.Binary {
		return
	}
	cl.chat.mu.Lock()
	defer cl.chat.mu.Unlock()
	f := readFrame(p.Data)
	switch {
	case f.kind == '0':
		cl.connect(f)
	case f.ns != namespace || !cl.joined:
	case f.kind == '1':
		cl.leave()
	case f.kind == '2':
		cl.event(f)
	}
}

// PassEnd has nothing to do: every send is flushed at once.
func (cl *client) PassEnd() {}

// Writable has nothing to do: the chat never stops a source.
func (cl *client) Writable() {}

// Closed forgets the client.
func (cl *client) Closed(engineio.Reason) {
	cl.chat.mu.Lock()
	defer cl.chat.mu.Unlock()
	cl.leave()
}

func (cl *client) connect(f frame) {
	if f.ns != namespace {
		cl.send([]byte("4" + f.ns + `,{"message":"Invalid namespace"}`))
		return
	}
	var auth struct {
		Token string `json:"token"`
	}
	_ = json.Unmarshal(f.data, &auth) // nothing readable is a nameless guest
	cl.name, cl.joined = nameIn(auth.Token), true
	cl.chat.clients[cl] = true
	cl.send(writeFrame('0', "", map[string]string{"sid": randomText(15)}))
}

func (cl *client) leave() {
	cl.joined = false
	clear(cl.rooms)
	delete(cl.chat.clients, cl)
}

func (cl *client) event(f frame) {
	name, args, ok := f.event()
	if !ok {
		return
	}
	var first json.RawMessage
	if len(args) > 0 {
		first = args[0]
	}
	answer := cl.handle(name, first)
	if f.id != "" {
		cl.send(writeFrame('3', f.id, []any{answer}))
	}
}

func (cl *client) send(text []byte) {
	cl.session.Send(engineio.Packet{Type: engineio.Message, Data: text})
	cl.session.Flush()
}

// broadcast sends to those whom want accepts; chat.mu is held.
func (c *chat) broadcast(text []byte, want func(*client) bool) {
	for cl := range c.clients {
		if want(cl) {
			cl.send(text)
		}
	}
}

func everybody(*client) bool { return true }
