package socketio

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What was decoded and is written again is the same packet.
func TestAppendIsTheInverse(t *testing.T) {
	for _, c := range accepted {
		d := c.from
		p, err := decode(&d, c.text)
		if err != nil {
			t.Fatal(err)
		}
		text := Append(nil, p)
		again := c.from
		if got, err := decode(&again, string(text)); err != nil || show(got) != c.want {
			t.Errorf("%s became %s: %s, %v", c.text, text, show(got), err)
		}
	}
}

func TestAppendGoesByTheAttachments(t *testing.T) {
	p := &Packet{Type: BinaryEvent, Count: 1, Namespace: "/", Data: []byte(`["x"]`)}
	if got := string(Append(nil, p)); got != `2["x"]` {
		t.Error(got)
	}
	p = &Packet{Type: Ack, Namespace: "/a", ID: 3, HasID: true, Data: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1}}}
	if got := string(Append(nil, p)); got != `61-/a,3[{"_placeholder":true,"num":0}]` {
		t.Error(got)
	}
}

func TestAppendEvent(t *testing.T) {
	for text, want := range map[string][2]string{
		`2["x"]`:                                 {"x", `[]`},
		`2[ "x" ]`:                               {"x", `[]`},
		`2["x",1]`:                               {"x", `[1]`},
		`21["\u0078\n" , {"a":[]},2]`:            {"x\n", `[{"a":[]},2]`},
		`51-["b",{"_placeholder":true,"num":0}]`: {"b", `[{"_placeholder":true,"num":0}]`},
	} {
		p, err := decode(&Decoder{}, text)
		if err != nil {
			t.Fatal(err)
		}
		name, args, err := AppendEvent(nil, p)
		if name != want[0] || string(args) != want[1] || err != nil {
			t.Errorf("%s: %q %s %v", text, name, args, err)
		}
		back := AppendPayload(nil, name, args)
		if n, a, err := AppendEvent(nil, &Packet{Type: Event, Data: back}); n != name || string(a) != string(args) || err != nil {
			t.Errorf("%s became %s", text, back)
		}
	}
	for _, p := range []*Packet{{Type: Ack, Data: []byte(`["x"]`)}, {Type: Event}, {Type: Event, Data: []byte(`[]`)}, {Type: Event, Data: []byte(`[1]`)}} {
		if _, _, err := AppendEvent(nil, p); err == nil {
			t.Errorf("%s has a name", show(p))
		}
	}
}

func TestRenumber(t *testing.T) {
	a, b, c := []byte("a"), []byte("b"), []byte("c")
	for _, x := range []struct {
		data, want string
		kept       string
	}{
		{`["x",1]`, `["x",1]`, ""},
		{`["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]`,
			`["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]`, "abc"},
		{`["x",{"k":{"_placeholder":true,"num":2}},[{"num":0,"_placeholder":true}]]`,
			`["x",{"k":{"_placeholder":true,"num":0}},[{"_placeholder":true,"num":1}]]`, "ca"},
		{`["x","_placeholder",{"_placeholder":true,"num":1},"\u0061"]`, `["x","_placeholder",{"_placeholder":true,"num":0},"\u0061"]`, "b"},
	} {
		data, kept, err := Renumber([]byte(x.data), [][]byte{a, b, c})
		got := ""
		for _, k := range kept {
			got += string(k)
		}
		if err != nil || string(data) != x.want || got != x.kept {
			t.Errorf("%s: %s, %s, %v", x.data, data, got, err)
		}
	}
	for _, data := range []string{
		`[{"_placeholder":true,"num":3}]`, `[{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, `[{"_placeholder":true,"num":-1}]`,
		`[{"_placeholder":true}]`, `[{"_placeholder":true,"num":0,"x":1}]`, `[{"\u005fplaceholder":true,"num":0}]`, `[{"_placeholder":1}]`,
	} {
		var e *Error
		if out, _, err := Renumber([]byte(data), [][]byte{a, b, c}); !errors.As(err, &e) || e.Code != Malformed {
			t.Errorf("%s: %s, %v", data, out, err)
		}
	}
	if _, _, err := Renumber([]byte(`[{"_placeholder":true,"num":0}]`), nil); err == nil {
		t.Error("a placeholder for nothing passes")
	}
}

// Names that share a place are told apart, and one that comes again needs no string of its own.
func TestNamesAreKept(t *testing.T) {
	for i := range 3 * len(names) {
		raw := fmt.Appendf(nil, `"event %d"`, i)
		if got := nameOf(raw); got != string(raw[1:len(raw)-1]) {
			t.Fatalf("%s is read as %q", raw, got)
		}
	}
	raw := []byte(`"message"`)
	if n := testing.AllocsPerRun(100, func() { nameOf(raw) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	for _, long := range []string{strings.Repeat("e", maxKeptName+1), `\u0078`} {
		nameOf([]byte(`"` + long + `"`))
	}
	for i := range names {
		if kept := names[i].Load(); kept != nil && (len(*kept) > maxKeptName || strings.Contains(*kept, `\`)) {
			t.Errorf("%q is kept", *kept)
		}
	}
}
