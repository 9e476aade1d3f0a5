package rego

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/siogw/siogw/engine"
)

// grammar writes small policies over the constructs by which a memo could miss what a decision depends on.
type grammar struct {
	*rand.Rand
	vars  int
	paths []string // what this policy reads: few, so that its parts meet
	texts []string // the args that its inputs have
}

func newGrammar(a, b uint64) *grammar {
	g := &grammar{Rand: rand.New(rand.NewPCG(a, b))}
	for range 4 {
		g.paths = append(g.paths, g.of("input.args[0]", "input.args[1]", "input.args[0].a", "input.args[0].b", `input.args[0]["a"].b`,
			"input.args[1][0]", `input.args[0]["0"]`, "input.args[0][0]", "input.args", "input.auth.a", "input.auth", "input.room", "input.bytes",
			"input.ack", "input.identity.sub", "input.identity.roles", "input.identity.claims.a", "input.identity", "input.session.rooms",
			"input.session.ip", "input.session.headers.a", "input.session.headers", "input.attachments", "input.plugins.p.a",
			"input.plugins", "input.kind", "input.event", "input.namespace", "input.direction"))
	}
	if g.IntN(16) == 0 {
		g.paths[0] = g.of("input.time", "input.session.age_ms")
	}
	for range 6 {
		g.texts = append(g.texts, "["+g.json(2)+g.of(",", " , ")+g.json(2)+"]")
	}
	g.texts = append(g.texts, g.texts[0][:len(g.texts[0])-1]+`,"a"]`) // what another has and more
	return g
}

func (g *grammar) of(list ...string) string { return list[g.IntN(len(list))] }

func (g *grammar) local() string {
	g.vars++
	return fmt.Sprint("v", g.vars)
}

func (g *grammar) path() string { return g.of(g.paths...) }

func (g *grammar) value() string {
	return g.of("1", "1", `"a"`, `"a"`, `"b"`, "null", "true", "false", `["a"]`, `{"b": 1}`, `"general"`)
}

func (g *grammar) guard() string {
	return g.of(`input.kind == "event"`, `input.kind == "emit"`, `"connect" == input.kind`, `input.event == "a"`, `input.event == "b"`,
		`input.kind in {"event", "connect"}`, `input.event in {"a", "b"}`, `not input.kind == "event"`, `input.kind != "emit"`,
		`input.namespace == "/a"`, `input.direction == "in"`, `input.event in ["b"]`)
}

// expr is one line of a body.
func (g *grammar) expr(deep int) string {
	p, q, v, x := g.path(), g.path(), g.value(), g.local()
	n := g.IntN(23)
	if deep == 0 {
		n = g.IntN(15)
	}
	if g.IntN(60) == 0 { // nothing is remembered then
		n = 23
	}
	switch n {
	case 0, 1, 2:
		return g.guard()
	case 3:
		return p + " == " + v
	case 4:
		return p + " != " + v
	case 5:
		return p + " == " + q
	case 6:
		return p
	case 7:
		return "not " + p
	case 8:
		return v + " in " + p
	case 9:
		return p + " in {" + v + ", " + g.value() + "}"
	case 10:
		return g.of("lib.h1", "lib.h2", "not lib.h1", "not lib.h2", `lib.h3[`+p+`]`, `lib.f(`+p+`)`, `lib.f(`+p+`) == `+v,
			`data.d[`+p+`] == 1`, `lib.h4[`+p+`] == `+v, "lib.h5 == "+v)
	case 11:
		return "to_number(" + p + ") == 1"
	case 12:
		return x + " := " + p + "; " + x + g.of("", ".a", "[0]") + " == " + v
	case 13:
		return "some " + x + "; " + p + "[" + x + "] == " + v
	case 14:
		return `count(` + p + `) == 1`
	case 15:
		return "some " + x + " in " + p + "; " + strings.ReplaceAll(g.expr(0), v, x)
	case 16:
		return "every " + x + " in " + p + " { " + x + " != " + v + "; " + g.expr(deep-1) + " }"
	case 17:
		return "count([1 | " + g.expr(deep-1) + "]) == 1"
	case 18:
		return "lib.h1 with " + g.of("input.kind", "input.event", "input.args", "input.auth.a", "input.room", "input.session.rooms", "data.d") + " as " + g.of(v, p, `"event"`)
	case 19:
		return "some " + x + " in [\"h1\", \"h2\"]; data.lib[" + x + "]"
	case 20:
		return `object.get(` + p + `, "a", 1) == ` + v
	case 21:
		return `json.filter(` + p + `, ["a"]) == ` + q
	case 23:
		return g.of(`input == {}`, `input[`+p+`] == `+v, `walk(`+p+`, [_, `+v+`])`, `time.now_ns() > 0`, `lib.f(input.args[0][`+p+`])`)
	}
	return "sprintf(\"%v\", [" + p + "]) == sprintf(\"%v\", [" + q + "])"
}

func (g *grammar) body() string {
	var lines []string
	if g.IntN(2) == 0 {
		lines = append(lines, g.guard())
	}
	for range 1 + g.IntN(2) {
		lines = append(lines, g.expr(2))
	}
	return "{\n\t" + strings.Join(lines, "\n\t") + "\n}\n"
}

// policy gives the text of one.
func (g *grammar) policy() string {
	var b strings.Builder
	b.WriteString("import data.lib\n")
	for range 1 + g.IntN(3) {
		b.WriteString("allow if " + g.body())
	}
	if g.IntN(3) == 0 {
		b.WriteString("allow := false if " + g.body())
	}
	for range g.IntN(3) {
		b.WriteString("deny contains " + g.of(`"x"`, `"y"`, `sprintf("%v", [`+g.path()+`])`, `{"code": "c", "data": `+g.path()+`}`) + " if " + g.body())
	}
	if g.IntN(3) == 0 {
		b.WriteString(`transform := [{"op": "add", "path": "/args/-", "value": ` + g.of("1", g.path()) + `}] if ` + g.body())
	}
	return b.String()
}

// helpers gives the text of package lib.
func (g *grammar) helpers() string {
	var b strings.Builder
	b.WriteString("package lib\n")
	flat := func() string {
		first := g.of(g.guard(), g.guard(), g.path()+" == "+g.value(), "true")
		return "{ " + first + "\n" + g.of(g.path()+" == "+g.value(), g.path(), "not "+g.path(), "to_number("+g.path()+") == 1") + " }\n"
	}
	b.WriteString("h1 if " + flat())
	b.WriteString("h2 if " + flat() + "else := false if " + flat())
	b.WriteString("h3 contains " + g.of(g.value(), g.path()) + " if " + flat())
	b.WriteString("h4[" + g.path() + "] := " + g.of(g.value(), g.path()) + " if " + flat())
	b.WriteString("h5 := " + g.of(g.value(), g.path()) + " if " + flat() + "else := " + g.path() + " if " + flat())
	b.WriteString("f(x) := x if " + flat())
	b.WriteString("f(x) if { x == " + g.value() + " }\n")
	b.WriteString("default f(_) := 1\n")
	return b.String()
}

func (g *grammar) json(deep int) string {
	switch n := g.IntN(8); {
	case n == 0 && g.IntN(8) == 0:
		return g.of("1.0", "1e0", "1e-999999", `"\u0061"`)
	case n < 4 || deep == 0:
		return g.of("1", `"a"`, `"b"`, "null", "true", "false")
	case n < 6:
		return "[" + g.json(deep-1) + "]"
	}
	return `{"a":` + g.json(deep-1) + `,"b":` + g.json(deep-1) + `,"0":` + g.json(0) + `}`
}

func (g *grammar) args() []byte { return []byte(g.of(g.texts...)) }

func (g *grammar) object() []byte { return []byte(`{"a":` + g.json(1) + `}`) }

// change makes in differ in one place.
func (g *grammar) change(in *engine.Input) {
	switch g.IntN(17) {
	case 0:
		in.Kind = []engine.Kind{engine.Event, engine.Event, engine.Emit, engine.Connect, engine.Ack}[g.IntN(5)]
	case 1:
		in.Direction = engine.Direction(1 + g.IntN(2))
	case 2:
		in.Event = g.of("a", "b", "c", "")
	case 3:
		in.Namespace = g.of("/a", "/b")
	case 4, 5, 6, 7:
		in.Args = g.args()
	case 8:
		in.Auth = g.object()
	case 9:
		in.Room = g.of("", "general", "a")
	case 10:
		in.Bytes, in.Ack = g.IntN(3), g.IntN(2) == 0
	case 11:
		in.Identity = &engine.Identity{Sub: g.of("a", "b"), Roles: []string{g.of("a", "b")}, Claims: g.object()}
	case 12:
		in.Session = &engine.Session{IP: g.of("a", "b"), Rooms: []string{g.of("a", "general")}, Headers: map[string]string{"a": g.of("a", "b")}}
	case 13:
		in.Plugins = []engine.Output{{Plugin: "p", Labels: g.object()}}
	case 14:
		in.Attachments = []engine.Attachment{{Data: make([]byte, g.IntN(2)), Type: g.of("a", "b")}}
	case 15:
		in.Args, in.Auth = nil, nil
	case 16:
		in.Time = in.Time.Add(time.Second)
	}
}

// loadWith loads text with package lib, data.d and a memo, without types: they would refuse most of what is made.
func loadWith(text, lib string) (*Policy, error) {
	return load(text, func(o *Options) {
		o.Schema = []byte("{}")
		o.Files.(fstest.MapFS)["lib.rego"] = &fstest.MapFile{Data: []byte(lib)}
		o.Files.(fstest.MapFS)["data.json"] = &fstest.MapFile{Data: []byte(`{"d": {"a": 1, "general": 1}}`)}
		o.Memo.Bytes = 1 << 20
	})
}

// packets are what is kept with each packet, by all that makes one.
type packets map[string]*engine.Shared

// of gives in with what is kept with its packet, as if it went to many sessions.
func (all packets) of(in *engine.Input) *engine.Input {
	key := fmt.Sprintf("%q", []any{in.Kind, in.Direction, in.Namespace, in.Event, in.Args == nil, in.Args, in.Ack, in.Bytes, in.Attachments})
	if all[key] == nil {
		all[key] = engine.NewShared(1 << 16)
	}
	out := *in
	out.Shared = all[key]
	return &out
}

// compare decides a row of inputs, each another than the last in one place, with and without the memo.
func (g *grammar) compare(t *testing.T, p *Policy, text string, rounds int) {
	t.Helper()
	plain := *p
	plain.memo = nil
	all := plain // what is left out of its document can only be what the evaluator refuses
	all.reads = everything
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Time: at, Namespace: "/a", Event: "a", Args: g.args()}
	sent := packets{}
	for range rounds {
		g.change(in)
		whole := decide(t, &all, in)
		for range 2 {
			got, want := decide(t, p, sent.of(in)), decide(t, &plain, in)
			if whole.Err == nil && !reflect.DeepEqual(got, whole) {
				t.Fatalf("with memo           %+v\nwith the whole input %+v\ninput %+v\nargs %s auth %s\n%s", got, whole, in, in.Args, in.Auth, text)
			}
			got.Err, want.Err = reason(got.Err), reason(want.Err)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("with memo    %+v\nwithout memo %+v\ninput %+v\nargs %s auth %s\n%s", got, want, in, in.Args, in.Auth, text)
			}
		}
	}
}

// reason leaves of an error that it is one: where several fail, which is told may differ.
func reason(err error) error {
	if err != nil {
		return errUndefined
	}
	return nil
}

// A decision with the memo is the one without, for any policy and any row of inputs.
func FuzzMemo(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed, uint64(7))
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		g := newGrammar(a, b)
		text, lib := g.policy(), g.helpers()
		if p, err := loadWith(text, lib); err == nil {
			g.compare(t, p, text+lib, 200)
		}
	})
}

// The grammar makes policies that load, and the memo finds decisions for them: the comparison is not an idle one.
func TestMemoGrammar(t *testing.T) {
	loaded, st := 0, MemoStats{}
	for seed := range uint64(120) {
		g := newGrammar(seed, 1)
		text, lib := g.policy(), g.helpers()
		p, err := loadWith(text, lib)
		if err != nil {
			t.Logf("%v", err)
			continue
		}
		loaded++
		g.compare(t, p, text+lib, 200)
		one := p.MemoStats()
		st.Hits, st.Misses = st.Hits+one.Hits, st.Misses+one.Misses
	}
	t.Logf("%d of 120 policies load; %d hits, %d misses", loaded, st.Hits, st.Misses)
	if loaded < 100 || st.Hits < 5000 {
		t.Errorf("%d of 120 policies load; %d hits, %d misses", loaded, st.Hits, st.Misses)
	}
}
