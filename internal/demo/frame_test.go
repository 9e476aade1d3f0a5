package demo

import (
	"testing"
)

func TestReadFrame(t *testing.T) {
	for _, c := range []struct {
		in   string
		want frame
	}{
		{"", frame{ns: "/"}},
		{"0", frame{kind: '0', ns: "/"}},
		{`0/chat,{"token":"t"}`, frame{kind: '0', ns: "/chat", data: []byte(`{"token":"t"}`)}},
		{"1/chat,", frame{kind: '1', ns: "/chat"}},
		{`2/chat,["a",1]`, frame{kind: '2', ns: "/chat", data: []byte(`["a",1]`)}},
		{`2/chat,17["a"]`, frame{kind: '2', ns: "/chat", id: "17", data: []byte(`["a"]`)}},
		{`27["a"]`, frame{kind: '2', ns: "/", id: "7", data: []byte(`["a"]`)}},
	} {
		got := readFrame([]byte(c.in))
		if got.kind != c.want.kind || got.ns != c.want.ns || got.id != c.want.id || string(got.data) != string(c.want.data) {
			t.Errorf("readFrame(%q) = %+v, want %+v", c.in, got, c.want)
		}
	}
}

func TestEventOfFrame(t *testing.T) {
	name, args, ok := frame{data: []byte(`["join","staff"]`)}.event()
	if !ok || name != "join" || len(args) != 1 || string(args[0]) != `"staff"` {
		t.Errorf("got %q %s %v", name, args, ok)
	}
	for _, bad := range []string{"", "{}", "[]", "[1]", `["a"`, "null"} {
		if _, _, ok := (frame{data: []byte(bad)}).event(); ok {
			t.Errorf("%q passes for an event", bad)
		}
	}
}

func FuzzChat(f *testing.F) {
	f.Add(`2/chat,1["message",{"room":"general","text":"x"}]`)
	f.Add(`2/chat,["admin:ban",{"user":"Ada"}]`)
	f.Add(`0/chat,{"token":"a.b.c"}`)
	f.Fuzz(func(t *testing.T, text string) {
		c := newChat()
		one, session := join(c, "Ada")
		one.Packet(message(text)) // must not panic, must not lock
		one.Packet(message(`2/chat,["debug"]`))
		one.Closed(0)
		if len(c.clients) != 0 || session.closed {
			t.Errorf("%q left %d clients behind", text, len(c.clients))
		}
	})
}
