package rooms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var wide = Limits{Rooms: 16, Name: 256}

func compiled(t *testing.T, r Rules) *Map {
	t.Helper()
	m, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRooms(t *testing.T) {
	for _, c := range []struct {
		namespace, event, room string // of the rule
		of, said, args         string // of the event
		want                   string // rooms with blanks between, an error, or - where the rule does not match
	}{
		{"/", "join", "/args/0", "/", "join", `["a"]`, "a"},
		{"/", "join", "/args/0", "/x", "join", `["a"]`, "-"},
		{"/", "join", "/args/0", "/", "joins", `["a"]`, "-"},
		{"/", "join", "/args/0", "/", "join", `[["a","b","a"]]`, "a b"},
		{"/", "join", "/args/0", "/", "join", `[[]]`, ErrNone.Error()},
		{"/", "join", "/args/0", "/", "join", `[["a",""]]`, ErrNone.Error()},
		{"/", "join", "/args/0", "/", "join", `[["a",1]]`, ErrNone.Error()},
		{"/", "join", "/args/0", "/", "join", `[""]`, ErrNone.Error()},
		{"/", "join", "/args/0", "/", "join", `[]`, ErrNone.Error()},
		{"/", "join", "/args/0", "/", "join", `[{"a":"b"}]`, ErrNone.Error()},
		{"/", "join", "/args/0/room~1id", "/", "join", `[{"room/id":"é"}]`, "é"},
		{"/", "join", "chat:{/args/0/room}", "/", "join", `[{"room":"a"}]`, "chat:a"},
		{"/", "join", "{/args/0}:{/args/1}", "/", "join", `[["a","b"],["x","y"]]`, "a:x a:y b:x b:y"},
		{"/", "join", "lobby", "/", "join", `[]`, "lobby"},
		{"/", "join", `\{{/args/0}\}`, "/", "join", `["a"]`, "{a}"},
		{"/", "room:{room}:join", "{room}", "/", "room:a:join", `[]`, "a"},
		{"/", "room:{room}:join", "{room}", "/", "room:a:b:join", `[]`, "a:b"},
		{"/", "room:{room}:join", "{room}", "/", "room::join", `[]`, ErrNone.Error()},
		{"/", "room:{room}:join", "{room}", "/", "room:join", `[]`, "-"},
		{"/", "{a}.{b}.{c}", "{c}{b}{a}", "/", "1.2.3.4", `[]`, "3.421"},
		{"/", "{a}.{b}.{c}", "{c}", "/", "1.2", `[]`, "-"},
		{"/", "aba*aba", "r", "/", "ababa", `[]`, "-"},
		{"/", "aba*aba", "r", "/", "abaaba", `[]`, "r"},
		{"/tenant-{t}", "room:*", "{t}/{/args/0}", "/tenant-7", "room:x", `["a"]`, "7/a"},
		{"/tenant-{t}", "room:*", "{t}/{/args/0}", "/tenants", "room:x", `["a"]`, "-"},
		{"*", "*", "{/args/0}", "/any", "thing", `["a"]`, "a"},
		{"/", `a\*\{b\}\\`, "r", "/", `a*{b}\`, `[]`, "r"},
		{"/", `a\*`, "r", "/", `ab`, `[]`, "-"},
	} {
		m := compiled(t, Rules{Join: []Rule{{c.namespace, c.event, c.room}}})
		got := "-"
		if x := m.Event(c.of, c.said); x.Use() == Join {
			rooms, err := x.Rooms([]byte(c.args), wide)
			if got = strings.Join(rooms, " "); err != nil {
				got = err.Error()
			}
		}
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestLimits(t *testing.T) {
	m := compiled(t, Rules{Join: []Rule{{"/", "join", "r{/args/0}{/args/1}"}}})
	x := m.Event("/", "join")
	for _, c := range []struct {
		args string
		want error
	}{
		{`[["a","b"],["c","d"]]`, nil},
		{`[["a","b","a"],["c","d","d"]]`, nil},
		{`[["a","b"],["c","d","e"]]`, ErrMany},
		{`[["a","b","c","d","e"],"x"]`, ErrMany},
		{`["aa","bb"]`, nil},
		{`["aa","bbb"]`, ErrLong},
	} {
		if rooms, err := x.Rooms([]byte(c.args), Limits{Rooms: 4, Name: 5}); !errors.Is(err, c.want) || (err == nil) != (len(rooms) > 0) {
			t.Errorf("%s: %v, %v", c.args, rooms, err)
		}
	}
	if _, err := Compile(Rules{Join: many(maxRules)}); err != nil {
		t.Error(err)
	}
	if _, err := Compile(Rules{Join: many(maxRules + 1)}); err == nil {
		t.Error("too many rules compile")
	}
}

func many(n int) (out []Rule) {
	for i := range n {
		out = append(out, Rule{"/", fmt.Sprint("e", i), "/args/0"})
	}
	return out
}

// TestOrder: what is exact comes first, whatever its place and use; then the first pattern.
func TestOrder(t *testing.T) {
	m := compiled(t, Rules{Join: []Rule{{"/", "room:a*", "1"}, {"/", "room:*", "2"}, {"/x", "*", "3"}},
		Leave: []Rule{{"/", "room:leave", "4"}, {"/", "*", "5"}}, Target: []Rule{{"/", "room:leave", "6"}},
		Joined: []Rule{{"/", "in", "7"}}, Left: []Rule{{"/", "*", "8"}}})
	for _, c := range []struct {
		find             func(namespace, event string) Match
		namespace, event string
		use              Use
		room             string
	}{
		{m.Event, "/", "room:abc", Join, "1"}, {m.Event, "/", "room:b", Join, "2"}, {m.Event, "/", "room:leave", Leave, "4"},
		{m.Event, "/", "x", Leave, "5"}, {m.Event, "/x", "x", Join, "3"}, {m.Event, "/y", "x", 0, ""},
		{m.Target, "/", "room:leave", Target, "6"}, {m.Target, "/", "x", 0, ""},
		{m.Emit, "/", "in", Joined, "7"}, {m.Emit, "/", "out", Left, "8"},
	} {
		x := c.find(c.namespace, c.event)
		if x.Use() != c.use {
			t.Errorf("%s %s: %v", c.namespace, c.event, x.Use())
			continue
		}
		if c.use == 0 {
			continue
		}
		if rooms, err := x.Rooms([]byte(`[]`), wide); err != nil || !slices.Equal(rooms, []string{c.room}) {
			t.Errorf("%s %s: %v, %v", c.namespace, c.event, rooms, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		rules Rules
		want  string
	}{
		"namespace":        {Rules{Join: []Rule{{"x", "e", "r"}}}, `rooms: join.0.namespace: want a namespace, which begins with a slash, found "x"`},
		"namespace, empty": {Rules{Join: []Rule{{"", "e", "r"}}}, `rooms: join.0.namespace: want a namespace, which begins with a slash, found ""`},
		"pattern of none":  {Rules{Join: []Rule{{"x*", "e", "r"}}}, `rooms: join.0.namespace: want a namespace, which begins with a slash, found "x*"`},
		"event":            {Rules{Leave: []Rule{{"/", "", "r"}}}, `rooms: leave.0.event: required`},
		"open":             {Rules{Join: []Rule{{"/", "a{b", "r"}}}, `rooms: join.0.event: a { without its } (write \{ for a brace)`},
		"open template":    {Rules{Join: []Rule{{"/", "a", "r{"}}}, `rooms: join.0.room: a { without its } (write \{ for a brace), found "r{"`},
		"escape":           {Rules{Join: []Rule{{"/", `a\`, "r"}}}, `rooms: join.0.event: a \ at the end (write \\ for one)`},
		"name":             {Rules{Join: []Rule{{"/", "{a-b}", "r"}}}, `rooms: join.0.event: {a-b} is no variable: want letters, digits and _`},
		"no name":          {Rules{Join: []Rule{{"/", "{}", "r"}}}, `rooms: join.0.event: {} is no variable: want letters, digits and _`},
		"twice":            {Rules{Join: []Rule{{"/", "{a}:{a}", "r"}}}, `rooms: join.0.event: {a} twice`},
		"in both":          {Rules{Join: []Rule{{"/{a}", "{a}", "r"}}}, `rooms: join.0.event: {a} is a variable of the namespace already`},
		"adjacent":         {Rules{Join: []Rule{{"/", "x{a}{b}", "r"}}}, `rooms: join.0.event: two variables without text between them: nobody could tell where the first ends`},
		"no variable":      {Rules{Target: []Rule{{"/", "e", "{a}"}}}, `rooms: target.0.room: neither the namespace nor the event has a variable {a}, found "{a}"`},
		"no room":          {Rules{Join: []Rule{{"/", "e", ""}}}, `rooms: join.0.room: required: a JSON pointer such as /args/0, or a template such as chat:{/args/0}, found ""`},
		"other pointer":    {Rules{Join: []Rule{{"/", "e", "/auth/x"}}}, `rooms: join.0.room: want a JSON pointer that begins with /args/, found "/auth/x"`},
		"like a pointer":   {Rules{Join: []Rule{{"/", "e", "args.0"}}}, `rooms: join.0.room: want a JSON pointer that begins with /args/, found "args.0"`},
		"no number":        {Rules{Join: []Rule{{"/", "e", "{/args/room}"}}}, `rooms: join.0.room: the arguments are an array: want /args/0 or another number, not /args/room, found "{/args/room}"`},
		"a tilde":          {Rules{Join: []Rule{{"/", "e", "/args/0/~2"}}}, `rooms: join.0.room: a ~ in a JSON pointer is written ~0, found "/args/0/~2"`},
		"both forms":       {Rules{Join: []Rule{{"/", "e", "/args/0/{a}"}}}, `rooms: join.0.room: want a JSON pointer that begins with /args/, or a template, which has it in braces: {/args/0}, found "/args/0/{a}"`},
		"same":             {Rules{Join: []Rule{{"/", "e", "a"}, {"/", "e", "b"}}}, `rooms: join.1: can never match: rooms.join.0 comes before it and takes the same events`},
		"join and leave":   {Rules{Join: []Rule{{"/", "e", "a"}}, Leave: []Rule{{"/", "e", "b"}}}, `rooms: leave.0: can never match: rooms.join.0 comes before it and takes the same events`},
		"covered":          {Rules{Join: []Rule{{"*", "a*", "a"}, {"/x*", "a{b}c", "b"}}}, `rooms: join.1: can never match: rooms.join.0 comes before it and takes the same events`},
	} {
		_, err := Compile(c.rules)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Compile(Rules{Join: []Rule{{"/", "", "r"}, {"x", "e", "r"}}})
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("not all are told: %v", err)
	}
}

func TestOverlaps(t *testing.T) {
	m := compiled(t, Rules{Join: []Rule{{"/", "room:{a}", "a"}, {"/", "room:x", "b"}, {"/y", "room:*", "c"}}, Leave: []Rule{{"*", "*:leave", "d"}}})
	want := []string{"rooms.leave.0 and rooms.join.0 share events, which are those of rooms.join.0", "rooms.leave.0 and rooms.join.2 share events, which are those of rooms.join.2"}
	if got := m.Overlaps(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// FuzzPattern holds the comparison of patterns against what they match, and a match against its pattern.
func FuzzPattern(f *testing.F) {
	f.Add("a*b", "a{x}cb", "axcb")
	f.Add("*", "{a}.{b}", "a.b.c")
	f.Add(`\*a`, "*a", "*a")
	f.Add("aba*aba", "*aba", "abaaba")
	f.Fuzz(func(t *testing.T, one, other, text string) {
		if len(one)+len(other)+len(text) > 300 {
			return
		}
		p, err := parsePattern(one)
		q, err2 := parsePattern(other)
		if err != nil || err2 != nil {
			return
		}
		values, inP := p.match(text, nil)
		_, inQ := q.match(text, nil)
		if inP {
			whole := p.literals[0]
			for i, v := range values {
				whole += v + p.literals[i+1]
			}
			if whole != text {
				t.Fatalf("%q of %q gives %q", text, one, whole)
			}
		}
		if inP && inQ && !p.meets(&q) || p.meets(&q) != q.meets(&p) {
			t.Fatalf("%q and %q meet in %q", one, other, text)
		}
		if inQ && !inP && p.covers(&q) {
			t.Fatalf("%q does not cover %q: %q", one, other, text)
		}
		if !p.covers(&p) || p.covers(&q) && !p.meets(&q) {
			t.Fatalf("%q and %q", one, other)
		}
	})
}

// FuzzTemplate: whatever a client sends, the rooms are within the limits, different, and not empty.
func FuzzTemplate(f *testing.F) {
	f.Add("x{/args/0}:{/args/1/a}", `[["a","b"],{"a":"c"}]`)
	f.Add("/args/0", `["\ud83d\ude00"]`)
	f.Add("/args/0/x~0", `[{"x~":["a"]}`)
	f.Fuzz(func(t *testing.T, room, args string) {
		m, err := Compile(Rules{Join: []Rule{{"/", "e", room}}})
		if err != nil {
			return
		}
		lim := Limits{Rooms: 3, Name: 12}
		for i := range len(args) + 1 { // truncated at every byte
			x := m.Event("/", "e")
			got, err := x.Rooms([]byte(args[:i]), lim)
			if (err == nil) != (len(got) > 0) || len(got) > lim.Rooms || len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(got) {
				t.Fatalf("%q: %q, %v", args[:i], got, err)
			}
			for _, one := range got {
				if one == "" || len(one) > lim.Name {
					t.Fatalf("%q: %q", args[:i], got)
				}
			}
			if i > 64 {
				return
			}
		}
	})
}
