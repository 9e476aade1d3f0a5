package rooms

import "testing"

func TestLeaveOf(t *testing.T) {
	for _, c := range []struct {
		namespace, event, room string // of the rule
		of, wanted             string
		want                   string // event and arguments, "" where it cannot be turned round
	}{
		{"/", "leave", "/args/0", "/", "a", `leave["a"]`},
		{"/", "leave", "/args/1/room~1id", "/", `a"b`, `leave[null,{"room/id":"a\"b"}]`},
		{"/", "leave", "chat:{/args/0}!", "/", "chat:a!", `leave["a"]`},
		{"/", "leave", "chat:{/args/0}!", "/", "a", ""},
		{"/", "leave", "chat:{/args/0}!", "/", "chat:!", ""},
		{"/", "room:{room}:leave", "{room}", "/", "a", `room:a:leave[]`},
		{"/", "room:{room}.{x}:leave", "{room}", "/", "a", ""},
		{"/", "{a}.{b}", "{a}{b}", "/", "a", ""},
		{"/t-{t}", "leave", "{t}/{/args/0}", "/t-7", "7/a", `leave["a"]`},
		{"/t-{t}", "leave", "{t}/{/args/0}", "/t-7", "8/a", ""},
		{"/t-{t}", "leave", "{t}", "/t-7", "7", `leave[]`},
		{"/", "leave", "lobby", "/", "lobby", `leave[]`},
		{"/", "leave", "lobby", "/", "other", ""},
		{"/", "leave", "/args/9", "/", "a", ""},
		{"/x", "leave", "/args/0", "/", "a", ""},
	} {
		m := compiled(t, Rules{Leave: []Rule{{c.namespace, c.event, c.room}}})
		event, args, ok := m.LeaveOf(c.of, c.wanted)
		if got := event + string(args); got != c.want || ok != (c.want != "") {
			t.Errorf("%+v: %s, %v", c, got, ok)
		}
	}
	// An event that another rule takes does not do.
	m := compiled(t, Rules{Join: []Rule{{"/", "room:a:*", "x"}}, Leave: []Rule{{"/", "room:{r}:leave", "{r}"}, {"/", "leave", "/args/0"}}})
	if event, _, _ := m.LeaveOf("/", "a"); event != "leave" {
		t.Errorf("%q", event)
	}
}
