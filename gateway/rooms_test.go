package gateway_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/rooms"
	"github.com/siogw/siogw/internal/siotest"
)

func rule(event, room string) []gateway.RoomRule {
	return []gateway.RoomRule{{Namespace: "/", Event: event, Room: room}}
}

// usual are rules for each use, with the answers that are refusals by default.
func usual(o *gateway.Options) {
	o.Rooms = gateway.Rooms{Rules: rooms.Rules{Join: rule("join", "/args/0"), Leave: rule("leave", "/args/0"), Target: rule("say", "/args/0"),
		Joined: rule("joined", "/args/0"), Left: rule("left", "/args/0")},
		Refused: []gateway.AckRule{{At: "/0", Equals: []byte("false")}, {At: "/0/error"}, {At: "/0/status", Equals: []byte(`"error"`)}}}
}

// tellRooms is a policy that tells the rooms of the session by the reason of a denial: of events called where.
func tellRooms(in *engine.Input) engine.Verdict {
	if in.Event == "where" {
		return engine.Denied(engine.CodePolicyDenied, strings.Join(in.Session.Rooms, " "))
	}
	if in.Kind == engine.Join && in.Room == "no" {
		return engine.Denied(engine.CodePolicyDenied, "no")
	}
	return allowAll(in)
}

// where wants the session to be in these rooms.
func where(t *testing.T, c *siotest.Client, want string) {
	t.Helper()
	c.Put(`42999["where"]`)
	got := c.Next().String()
	_, got, _ = strings.Cut(got, `"reason":"`)
	got, _, found := strings.Cut(got, `"`)
	if !found {
		got = ""
	}
	if strings.HasPrefix(got, "denied by") { // of an empty reason
		got = ""
	}
	if got != want {
		t.Fatalf("in rooms %q, want %q", got, want)
	}
}

// script is a server whose words are the test's: it answers nothing but CONNECTs.
type script struct {
	t    *testing.T
	peer *siotest.Peer
	came chan string
}

func scripted(t *testing.T, j judge, change func(*gateway.Options)) (*rig, *siotest.Client, *script) {
	t.Helper()
	s := &script{t: t, came: make(chan string, 100)}
	up := siotest.NewUpstream(t, &siotest.Server{Message: func(_ *siotest.Peer, m siotest.Message, _ []string) bool {
		if m.Type != '0' {
			s.came <- string(m.Type) + m.ID + m.Data
		}
		return m.Type != '0'
	}})
	r := rigBefore(t, up, j, change)
	var c *siotest.Client
	c, s.peer = r.joined(t, "/")
	return r, c, s
}

// Next gives what came next.
func (s *script) Next() string {
	s.t.Helper()
	select {
	case text := <-s.came:
		return text
	case <-time.After(siotest.Wait):
		s.t.Fatal("nothing came to the server")
	}
	return ""
}

// Put sends.
func (s *script) Put(text string) {
	if err := s.peer.Send(text); err != nil {
		s.t.Error(err)
	}
}

// TestJoinsAndAnswers: a join that asks for an answer is a membership when that does not refuse it, one that asks for
// none at once.
func TestJoinsAndAnswers(t *testing.T) {
	_, c, p := scripted(t, tellRooms, usual)
	say := func(text string) {
		t.Helper()
		c.Put(text)
		if got := p.Next(); got != text[1:] {
			t.Fatalf("the server got %s, want %s", got, text)
		}
	}
	answer := func(text string) {
		t.Helper()
		p.Put(text)
		if got := c.Next(); got.String() != text {
			t.Fatalf("the client got %s, want %s", got, text)
		}
	}
	say(`42["join","a"]`)
	where(t, c, "a")
	say(`421["join","b"]`)
	where(t, c, "a")
	answer(`431["welcome"]`)
	where(t, c, "a b")
	for i, no := range []string{`[false]`, `[{"error":"no"}]`, `[{"error":{"code":1}}]`, `[{"status":"error"}]`} {
		say(fmt.Sprintf(`42%d["join","c"]`, 10+i))
		answer(fmt.Sprintf(`43%d%s`, 10+i, no))
		where(t, c, "a b")
	}
	for i, yes := range []string{`[]`, `[null]`, `[{"error":null}]`, `[{"error":""}]`, `[{"error":0}]`, `[{"error":false}]`, `[{"status":"ok"}]`, `["error"]`} {
		say(fmt.Sprintf(`42%d["join","c%d"]`, 30+i, i))
		answer(fmt.Sprintf(`43%d%s`, 30+i, yes))
	}
	where(t, c, "a b c0 c1 c2 c3 c4 c5 c6 c7")
	say(`4250["join","d"]`) // left before the answer: it does not bring the client back
	say(`42["leave","d"]`)
	answer(`4350[]`)
	say(`4251["join","e"]`) // two by one id: nobody could tell which is answered
	say(`4251["join","f"]`)
	answer(`4351[]`)
	answer(`4351[]`)
	say(`4252["leave","b"]`) // a leave counts when it is sent
	where(t, c, "a c0 c1 c2 c3 c4 c5 c6 c7")
}

// TestServerTells: what the server says of the client's rooms by mapped emits counts as soon as it says so.
func TestServerTells(t *testing.T) {
	_, c, p := scripted(t, tellRooms, func(o *gateway.Options) {
		usual(o)
		o.Limits.Rooms = 3
	})
	put := func(text string) {
		t.Helper()
		p.Put(text)
		if got := c.Next(); got.String() != text {
			t.Fatalf("the client got %s, want %s", got, text)
		}
	}
	put(`42["joined","a"]`)
	where(t, c, "a")
	put(`42["joined",["b","c"]]`)
	where(t, c, "a b c")
	p.Put(`42["joined",["c","d"]]`) // more than the limit: refused, and the client does not hear of it
	put(`42["left",["a","x"]]`)
	where(t, c, "b c")
	put(`42["joined","d"]`)
	where(t, c, "b c d")
	p.Put(`42["left",7]`)
	put(`42["left","d"]`)
	where(t, c, "b c")
}

// TestSeveralRooms: an event is decided about each room that it names, and does all or nothing.
func TestSeveralRooms(t *testing.T) {
	r, c, p := scripted(t, tellRooms, func(o *gateway.Options) {
		usual(o)
		o.Limits.Rooms, o.Limits.EventRooms, o.Limits.RoomName = 4, 3, 5
	})
	for _, s := range []struct{ say, code string }{
		{`421["join",["a","b"]]`, ""}, {`422["join",["c","no"]]`, "100"}, {`423["join",["no","c"]]`, "100"},
		{`424["join",["x1","x2","x3","x4"]]`, "322"}, {`425["say",["x1","x2","x3","x4"]]`, "322"}, {`426["join",[]]`, "309"},
		{`427["join",["x",1]]`, "309"}, {`428["join","123456"]`, "324"}, {`429["join","12345"]`, ""},
		{`4210["join",["a","b","12345"]]`, ""}, {`4211["join",["c","d"]]`, "310"}, {`4212["leave",["a","12345"]]`, ""},
	} {
		c.Put(s.say)
		if s.code == "" {
			id, _, _ := strings.Cut(s.say[2:], "[")
			p.Next()
			p.Put("43" + id + "[]")
		}
		got := c.Next().String()
		code, _, _ := strings.Cut(after(got, `{"error":{"code":`), ",")
		if code != s.code {
			t.Errorf("%s was answered %s, want code %q", s.say, got, s.code)
		}
	}
	where(t, c, "b")
	var asked []string
	for _, e := range r.log.of(engine.Join) {
		if len(e.d.Steps) > 0 && e.in.Event == "join" {
			asked = append(asked, e.in.Room+":"+e.d.Effect.String())
		}
	}
	want := []string{"a:allow", "b:allow", "c:allow", "no:deny", "no:deny", "12345:allow", "a:allow", "b:allow", "12345:allow"}
	if !slices.Equal(asked, want) {
		t.Errorf("decided %v, want %v", asked, want)
	}
}

// TestTransformedRooms: what is decided about one room is what is asked about the next, and the rooms of what is sent
// count.
func TestTransformedRooms(t *testing.T) {
	_, c, p := scripted(t, func(in *engine.Input) engine.Verdict {
		if in.Kind == engine.Join {
			args := strings.Replace(string(in.Args), `"`+in.Room+`"`, `"my-`+in.Room+`"`, 1)
			return engine.Verdict{Effect: engine.Allow, Args: []byte(args)}
		}
		return tellRooms(in)
	}, func(o *gateway.Options) {
		usual(o)
		o.Limits.Rooms = 2
	})
	c.Put(`42["join",["a","b"]]`)
	if got := p.Next(); !strings.HasSuffix(got, `["join",["my-a","my-b"]]`) {
		t.Errorf("the server got %s", got)
	}
	where(t, c, "my-a my-b")
	c.Put(`421["join","my-a"]`) // to my-my-a: one too many
	if got := c.Next().String(); !strings.Contains(got, `"code":105`) {
		t.Error(got)
	}
}

// TestEmitsToMembers: a client is tellRooms of rooms only that it is in, or may be let in to.
func TestEmitsToMembers(t *testing.T) {
	r, c, p := scripted(t, tellRooms, func(o *gateway.Options) {
		usual(o)
		o.Rooms.Emits = gateway.EmitsMembers
	})
	hears := func(want bool, text string) {
		t.Helper()
		before := len(r.log.of(engine.Emit))
		p.Put(text)
		p.Put(`42["end"]`)
		got := c.Next().String()
		if heard := got == text; heard != want || !heard && got != `42["end"]` {
			t.Fatalf("after %s the client got %s", text, got)
		} else if heard {
			c.Next()
		}
		if e := r.log.of(engine.Emit)[before]; (e.d.Code == engine.CodeNotMember) == want {
			t.Errorf("%s was logged with %v", text, e.d.Code)
		}
	}
	hears(false, `42["say","a"]`)
	hears(false, `42["say"]`)
	hears(true, `42["other","a"]`)
	c.Put(`421["join","a"]`)
	p.Next()
	hears(true, `42["say","a"]`) // the server may have let it in, and answers later
	hears(false, `42["say",["a","b"]]`)
	p.Put(`431[{"error":"no"}]`)
	c.Next()
	hears(false, `42["say","a"]`)
	c.Put(`422["join",["a","b"]]`)
	p.Next()
	p.Put(`432[]`)
	c.Next()
	hears(true, `42["say",["a","b"]]`)
	c.Put(`42["leave","b"]`)
	p.Next()
	hears(false, `42["say",["a","b"]]`)
	hears(true, `42["left","a"]`)
	hears(false, `42["say","a"]`)
}
