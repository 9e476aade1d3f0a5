package rego

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
	"github.com/siogw/siogw/internal/strictjson"
)

// random makes inputs that use every form the document can take.
type random struct{ *rand.Rand }

var samples = []string{"", "a", "general", "<b>\"x\"\\</b>", "é", "\u2028", "日本", "\x00\x1f", "😀", "bad\xffutf8", "-1", "true", "allow"}

func (r random) str() string { return samples[r.IntN(len(samples))] }

func (r random) strs() (out []string) {
	for range r.IntN(4) {
		out = append(out, r.str())
	}
	return out
}

func (r random) table() map[string]string {
	m := map[string]string{}
	for range r.IntN(4) {
		m[strings.ToValidUTF8(r.str(), "x")] = r.str()
	}
	return m
}

var numbers = []string{"0", "-0", "-1", "1", "10", "255", "256", "1000000", "12345678901234567890", "0.1", "1.0", "1.50", "-2.5e-3", "1E5", "1e+2", "1e308"}

// value makes any JSON text, with white space here and there.
func (r random) value(depth int) string {
	n := r.IntN(8)
	if depth == 0 {
		n = r.IntN(5)
	}
	switch n {
	case 0:
		return "null"
	case 1:
		return fmt.Sprint(r.IntN(2) == 0)
	case 2:
		return numbers[r.IntN(len(numbers))]
	case 3, 4:
		return string(strictjson.AppendQuote(nil, r.str()))
	case 5:
		return `"\u0041\ud83d\ude00\n\/"`
	case 6:
		return r.array(depth)
	}
	return r.object(depth)
}

func (r random) array(depth int) string {
	var parts []string
	for range r.IntN(5) {
		parts = append(parts, r.value(depth-1))
	}
	return "[" + strings.Join(parts, []string{",", " , "}[r.IntN(2)]) + "]"
}

func (r random) object(depth int) string {
	var parts []string
	for i := range r.IntN(20) / (4 - min(depth, 3)) {
		parts = append(parts, fmt.Sprintf("\"k%d\":%s", i, r.value(depth-1)))
	}
	return "{" + strings.Join(parts, ",\n") + "}"
}

func (r random) input() *engine.Input {
	in := &engine.Input{
		Kind: engine.Kind(r.IntN(9)), Direction: engine.Direction(r.IntN(3)),
		Time:      time.Unix(r.Int64N(1<<32), r.Int64N(3)*1e8).In(time.FixedZone("x", 3600)),
		Namespace: r.str(), Event: r.str(), Room: r.str(), Ack: r.IntN(2) == 0, Bytes: r.IntN(1 << 20),
	}
	if r.IntN(4) > 0 {
		in.Args = []byte(r.array(4))
		for range r.IntN(3) {
			in.Attachments = append(in.Attachments, engine.Attachment{Data: make([]byte, r.IntN(300)), Type: r.str()})
		}
	}
	if r.IntN(2) == 0 {
		in.Auth = []byte(r.object(3))
	}
	if r.IntN(4) > 0 {
		in.Identity = &engine.Identity{Authenticated: r.IntN(2) == 0, Sub: r.str(), Roles: r.strs(), ExpiresAt: r.Int64N(1 << 40)}
		if r.IntN(2) == 0 {
			in.Identity.Claims = []byte(r.object(2))
		}
	}
	if r.IntN(4) > 0 {
		in.Session = &engine.Session{ID: r.str(), EIO: 3 + r.IntN(2), Transport: r.str(), IP: r.str(), Secure: r.IntN(2) == 0,
			Opened: in.Time.Add(-time.Duration(r.IntN(1e9))), Rooms: r.strs(), Namespaces: r.strs(), Origin: r.str(), Headers: r.table(), Query: r.table()}
	}
	for i := range r.IntN(3) {
		in.Plugins = append(in.Plugins, engine.Output{Plugin: fmt.Sprint("p", i), Labels: []byte(r.object(2))})
	}
	return in
}

// decoded makes the terms of the JSON rendering the long way.
func decoded(t testing.TB, text []byte) ast.Value {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	v, err := ast.InterfaceToValue(doc)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var everything = reads{top: whole, age: true, known: knownSamples}

// knownSamples are half of the samples, so that texts have strings of both sorts.
var knownSamples = func() map[string]*ast.Term {
	r := reads{known: map[string]*ast.Term{}}
	for _, s := range samples[:len(samples)/2] {
		r.know(ast.String(s))
	}
	return r.known
}()

// The two renderings of the input are one: the terms made by hand are those of the JSON text. Texts are
// compared too, since 1.0 and 1 are equal terms.
func TestInputIsOne(t *testing.T) {
	r := random{rand.New(rand.NewPCG(1, 2))}
	for range 3000 {
		in := r.input()
		text := inputjson.Append(nil, in)
		for range 2 { // the second time from the renderings that are kept
			got, err := everything.input(in)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			want := decoded(t, text)
			if got.Compare(want) != 0 || got.Hash() != want.Hash() || !bytes.Equal(appendJSON(nil, got), appendJSON(nil, want)) {
				t.Fatalf("got  %s\nwant %s", got, want)
			}
		}
	}
}

// What is left out of the document is nothing that the policy reads.
func TestFootprint(t *testing.T) {
	r := random{rand.New(rand.NewPCG(3, 4))}
	for text, want := range map[string]string{
		`allow if input.kind == "event"`:                                   "kind",
		`allow if input["args"][0] == 1`:                                   "args",
		`allow if input.session.ip == "1"`:                                 "session",
		`allow if input.session.age_ms > 1`:                                "session age",
		`allow if input.session[_] == 1`:                                   "session age",
		`allow if count(input.session) > 1`:                                "session age",
		`allow if input[input.kind] == "x"`:                                "all age",
		`allow if input.session.headers[input.event] == "x"`:               "session event",
		`allow if count(input) > 1`:                                        "all age",
		`allow if walk(input, [_, 3])`:                                     "all age",
		`allow if { x := input; x.args }`:                                  "all age",
		`f(x) := x.args if true` + "\n" + `allow if f(input)`:              "all age",
		`allow if { some k in ["args"]; input[k] }`:                        "all age",
		`allow if { every x in input.args { x > 1 } }`:                     "args",
		`allow if count([x | some x in input.args]) > 1`:                   "args",
		`allow if not input.auth.x`:                                        "auth",
		`allow if data.x with input.args as [input.room]`:                  "args room",
		`allow if data.x with input as {}`:                                 "all age",
		`p[input.event] := 1` + "\n" + `allow if p.x`:                      "event",
		`p contains input.time if true` + "\n" + `allow if p.x`:            "time",
		`allow := input.ack if true` + "\nelse := true if input.plugins.x": "ack plugins",
		`default allow := false` + "\n" + `deny contains $"{input.time}"`:  "time",
		`import input.session.rooms as rs` + "\n" + `allow if "a" in rs`:   "session",
		`deny contains sprintf("%s", [{"a": {input.room}}]) if input.auth`: "room auth",
	} {
		p := policy(t, text)
		if got := p.reads.String(); !sameWords(got, want) {
			t.Errorf("%s\n\treads %s, want %s", text, got, want)
		}
		for range 20 {
			p.sameWithAll(t, text, r.input())
		}
	}
}

// sameWithAll checks that the policy answers the same when it is given the whole document.
func (p *Policy) sameWithAll(t *testing.T, text string, in *engine.Input) {
	t.Helper()
	all := *p
	all.reads = everything
	got, want := fmt.Sprintf("%+v", decide(t, p, in)), fmt.Sprintf("%+v", decide(t, &all, in))
	if got != want {
		t.Errorf("%s\n\tgives %s\n\twith the whole document %s", text, got, want)
	}
}

func (r *reads) String() string {
	var words []string
	for name, p := range parts {
		if r.top == whole {
			words = []string{"all"}
		} else if r.has(p) {
			words = append(words, name)
		}
	}
	if r.age {
		words = append(words, "age")
	}
	return strings.Join(words, " ")
}

func sameWords(a, b string) bool {
	set := map[string]int{}
	for _, w := range strings.Fields(a) {
		set[w]++
	}
	for _, w := range strings.Fields(b) {
		set[w]--
	}
	for _, n := range set {
		if n != 0 {
			return false
		}
	}
	return true
}

// Every input is as the schema says.
func TestSchema(t *testing.T) {
	p := policy(t, `
allow if json.match_schema(input, data.schema)[0]
deny contains sprintf("%s %s", [e.field, e.desc]) if some e in json.match_schema(input, data.schema)[1]
deny contains "schema" if not json.verify_schema(data.schema)[0]`, withSchemaData)
	r := random{rand.New(rand.NewPCG(5, 6))}
	for range 300 {
		in := r.input()
		in.Kind, in.Direction = max(in.Kind, 1), max(in.Direction, 1)
		if inputjson.HasAck(in) && in.Args == nil {
			in.Args = []byte(`[]`)
		}
		if in.Kind == engine.Handshake {
			in.Event, in.Args = "", nil
		}
		if v := decide(t, p, in); v.Effect != engine.Allow {
			t.Fatalf("%+v\n%s", v, inputjson.Append(nil, in))
		}
	}
	for _, bad := range []*engine.Input{
		{Kind: engine.Event, Direction: engine.In}, // an event without args
		{Kind: engine.Handshake, Direction: engine.In, Event: "x"},
		{Kind: engine.Connect},
		{Kind: 77, Direction: engine.In},
	} {
		if v := decide(t, p, bad); v.Effect == engine.Allow {
			t.Errorf("allowed %s", inputjson.Append(nil, bad))
		}
	}
}

// A text cut anywhere, and any text that is no strict JSON, makes no term.
func TestParseTruncated(t *testing.T) {
	text := `[{"a":[1,-2.5e3,true,false,null,"x\"\\\u0041é"]},"",{},[]]`
	if _, err := parse([]byte(text), nil); err != nil {
		t.Fatal(err)
	}
	for i := range text {
		if _, err := parse([]byte(text[:i]), nil); err == nil {
			t.Errorf("accepted when cut at %d", i)
		}
	}
}

func TestParseLimits(t *testing.T) {
	nested := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	if _, err := parse(nested(maxDepth), nil); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{string(nested(maxDepth + 1)), `1e-99999999`, `{"a":1,"a":2}`, `{"__proto__":1}`, `1 2`, ``, " ", `"\ud800"`} {
		if _, err := parse([]byte(bad), nil); err == nil {
			t.Errorf("accepted %.40s", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range append(numbers, `[1,{"a":[]}, "x\\" ]`, `{"":{"k":"\u0000"}}`, `"\\"`, "[1\t,2]", "\v0", " 1\n") {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parse(b, knownSamples)
		if err != nil {
			return
		}
		want := decoded(t, b)
		if got.Value.Compare(want) != 0 || !bytes.Equal(appendJSON(nil, got.Value), appendJSON(nil, want)) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}
