package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engineio"
)

// recorder is a session that keeps what was sent to it.
type recorder struct {
	got    []string
	closed bool
}

func (r *recorder) Send(p engineio.Packet) bool { r.got = append(r.got, string(p.Data)); return true }
func (r *recorder) Flush()                      {}
func (r *recorder) Pause()                      {}
func (r *recorder) Resume()                     {}
func (r *recorder) Close(engineio.Reason)       { r.closed = true }

// take gives what was sent since the last time.
func (r *recorder) take() string {
	all := strings.Join(r.got, " ")
	r.got = nil
	return all
}

func message(text string) engineio.Packet {
	return engineio.Packet{Type: engineio.Message, Data: []byte(text)}
}

// join connects a client of a name, without its CONNECT packet.
func join(c *chat, name string) (*client, *recorder) {
	r := &recorder{}
	cl := c.add(r)
	cl.name, cl.joined = name, true
	c.clients[cl] = true
	return cl, r
}

func TestChatTrustsTokens(t *testing.T) {
	token, err := issue("mallory", []byte("another secret, which nobody checks"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ token, want string }{{token, "Mallory"}, {"", "nobody"}, {"a.b.c", "nobody"}} {
		r := &recorder{}
		cl := newChat().add(r)
		cl.Packet(message(`0/chat,{"token":"` + c.token + `"}`))
		if !cl.joined || cl.name != c.want || !strings.HasPrefix(r.take(), `0/chat,{"sid":"`) {
			t.Errorf("token %q: joined %v as %q", c.token, cl.joined, cl.name)
		}
	}
	if _, err := issue("eve", nil, time.Now()); err == nil {
		t.Error("a token for a stranger")
	}
}

func TestChatConnect(t *testing.T) {
	r := &recorder{}
	cl := newChat().add(r)
	cl.Packet(message(`2/chat,1["join","general"]`))
	if got := r.take(); got != "" {
		t.Errorf("an event before CONNECT is answered: %s", got)
	}
	cl.Packet(message(`0/admin,{}`))
	if got := r.take(); got != `4/admin,{"message":"Invalid namespace"}` {
		t.Errorf("got %s", got)
	}
}

// What each event does to the one who sends it and to another, whatever the sender's role.
func TestChatEvents(t *testing.T) {
	for _, c := range []struct{ name, event, own, other string }{
		{"join", `1["join","empty"]`, `3/chat,1[{"history":null,"ok":true,"room":"empty"}]`, ""},
		{"message as it came", `2["message",{"room":"general","text":"<b>","__proto__":1}]`,
			`2/chat,["message",{"room":"general","text":"<b>","__proto__":1}] 3/chat,2[{"ok":true}]`,
			`2/chat,["message",{"room":"general","text":"<b>","__proto__":1}]`},
		{"message to another room", `["message",{"room":"staff","text":"x"}]`, "", ""},
		{"reaction", `["reaction","+"]`, `2/chat,["reaction",{"from":"Mallory","what":"+"}]`,
			`2/chat,["reaction",{"from":"Mallory","what":"+"}]`},
		{"profile", `["profile",{"a":1}]`, `2/chat,["profile",{"from":"Mallory","profile":{"a":1}}]`,
			`2/chat,["profile",{"from":"Mallory","profile":{"a":1}}]`},
		{"ban", `["admin:ban",{"user":"Ada"}]`, `2/chat,["banned",{"by":"Mallory","user":"Ada"}]`,
			`2/chat,["banned",{"by":"Mallory","user":"Ada"}] 1/chat,`},
		{"debug", `["debug"]`, `2/chat,["debug",{"api_key":"sk_live_demo0123456789abcdef",` +
			`"aws_key":"AKIADEMODEMODEMODEMO","host":"chat-1"}]`, ""},
		{"unknown", `3["what"]`, `3/chat,3[{"ok":true}]`, ""},
		{"no event", `{}`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			room := newChat()
			mallory, own := join(room, "Mallory")
			ada, other := join(room, "Ada")
			mallory.rooms["general"], ada.rooms["general"] = true, true
			mallory.Packet(message("2/chat," + c.event))
			if got := own.take(); got != c.own {
				t.Errorf("the sender got  %s\nwant %s", got, c.own)
			}
			if got := other.take(); got != c.other {
				t.Errorf("the other got  %s\nwant %s", got, c.other)
			}
		})
	}
}

func TestChatLeave(t *testing.T) {
	room := newChat()
	ada, own := join(room, "Ada")
	ada.Packet(message(`2/chat,["join","general"]`))
	ada.Packet(message(`2/chat,["leave","general"]`))
	ada.Packet(message(`2/chat,["message",{"room":"general"}]`))
	if got := own.take(); got != "" {
		t.Errorf("out of the room, and got %s", got)
	}
	ada.Packet(message(`1/chat,`))
	if len(room.clients) != 0 || ada.joined {
		t.Error("still there after DISCONNECT")
	}
	ada.Closed(engineio.PeerClosed)
}
