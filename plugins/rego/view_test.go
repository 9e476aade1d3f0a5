package rego

import (
	"math/rand/v2"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/siogw/siogw/engine"
)

// viewed are references that a view is asked for; some lead nowhere.
var viewed = []string{
	"input.version", "input.kind", "input.direction", "input.time", "input.namespace", "input.event", "input.room", "input.ack", "input.bytes",
	"input.attachments", "input.args", "input.args[0]", "input.args[1]", "input.args[7]", "input.args.a", `input.args["0"]`, "input.args[0].a",
	`input.args[0]["a\"b"]`, "input.args[0][0]", "input.args[0][1].a", "input.args[1].a.b", `input.args[0][""]`, "input.auth", "input.auth.token",
	"input.auth[0]", "input.identity", "input.identity.sub", "input.identity.authenticated", "input.identity.roles", "input.identity.scopes",
	"input.identity.claims", "input.identity.expires_at", "input.session", "input.session.id", "input.session.eio", "input.session.transport",
	"input.session.ip", "input.session.secure", "input.session.age_ms", "input.session.rooms", "input.session.namespaces",
	"input.session.origin", "input.session.headers", "input.session.query", "input.plugins",
}

// What a view gives is what the document has there, or it is not sure.
func TestView(t *testing.T) {
	r := random{rand.New(rand.NewPCG(7, 8))}
	found, unsure := 0, 0
	for range 2000 {
		in := r.input()
		doc, err := everything.input(in)
		if err != nil {
			t.Fatal(err)
		}
		v := view{places: make([]place, 1)}
		if !v.begin(&everything, in) {
			unsure++
			continue
		}
		for _, text := range viewed {
			ref := ast.MustParseRef(text)
			at, ok := placeOf(ref[1:])
			if !ok {
				t.Fatalf("%s has no place", text)
			}
			v.places[0] = at
			got, sure := v.Part(0)
			want, err := doc.Find(ref[1:])
			switch {
			case !sure:
				unsure++
			case err != nil && got != nil || err == nil && (got == nil || got.Value.Compare(want) != 0):
				t.Fatalf("%s is %v, want %v (%v)\nargs %s", text, got, want, err, in.Args)
			case got != nil:
				found++
			}
		}
	}
	if found < 20_000 || unsure > 10_000 {
		t.Errorf("found %d, unsure %d", found, unsure)
	}
}

// Places that a view leaves to who looks them up in the part around, and those that no document has.
func TestPlaces(t *testing.T) {
	for text, want := range map[string]bool{
		"input.identity.claims.a": false, "input.session.headers.a": false, "input.session.rooms[0]": false, "input.attachments[0]": false,
		"input.plugins.p": false, "input.kind.x": false, "input.args[true]": false, "input.args[-1]": false, "input.args[0.5]": false,
		"input.args[1000]": false, "input.session[0]": false, "input.session.none": false, "input.identity.none": false, "input.none": true,
		"input[0]": true, "input.args[0]": true,
	} {
		at, ok := placeOf(ast.MustParseRef(text)[1:])
		if ok != want || text == "input.none" && at.top != 0 {
			t.Errorf("%s: %+v %v", text, at, ok)
		}
	}
}

// An input that the policy could not read is refused though no rule gets to what is wrong in it.
func TestViewRefuses(t *testing.T) {
	p := policy(t, `
allow if input.kind == "event"
deny contains "x" if { input.event == "other"; input.args[0] == 1 }
deny contains "y" if { input.event == "other"; input.auth.a == 1 }
deny contains "z" if { input.event == "other"; input.identity.claims.a == 1 }
deny contains "p" if { input.event == "other"; input.plugins.p.a == 1 }`)
	if len(p.full.program.places) == 0 {
		t.Fatal("the document is made as a whole")
	}
	if v := decide(t, p, message(`[1]`)); v.Effect != engine.Allow {
		t.Fatalf("%+v", v)
	}
	for name, bad := range map[string]func(in *engine.Input){
		"args cut":    func(in *engine.Input) { in.Args = []byte(`[1`) },
		"args number": func(in *engine.Input) { in.Args = []byte(`[1e-99999999]`) },
		"args twice":  func(in *engine.Input) { in.Args = []byte(`[{"a":1,"a":2}]`) },
		"auth":        func(in *engine.Input) { in.Auth = []byte(`{"a":}`) },
		"auth number": func(in *engine.Input) { in.Auth = []byte(`{"a":1e-99999999}`) },
		"claims":      func(in *engine.Input) { in.Identity = &engine.Identity{Claims: []byte(`{`)} },
		"plugins":     func(in *engine.Input) { in.Plugins = []engine.Output{{Plugin: "q", Labels: []byte(`{`)}} },
		"plugins number": func(in *engine.Input) {
			in.Plugins = []engine.Output{{Plugin: "q", Labels: []byte(`{"a":1e-99999999}`)}}
		},
	} {
		in := message(`[1]`)
		bad(in)
		if v := decide(t, p, in); v.Code != engine.CodePolicyError || v.Err == nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// A text that a view takes is one that makes terms, and what it finds in it is what these have there.
func FuzzView(f *testing.F) {
	for _, s := range []string{`[]`, `[1,{"a":{"b":2}}]`, ` [ {"a" : [ 1 , 2 ] , "0":3} ] `, `[{"a\"b":1}]`, `[{"\u0061":"x"}]`, `[[1],"x",[{"a":null}]]`, `[{"a":1e-99999999}]`, `[{"":1}]`} {
		f.Add([]byte(s))
	}
	var refs []ast.Ref
	var places []place
	for _, text := range viewed {
		if ref := ast.MustParseRef(text); ref[1].Value.Compare(keyArgs.Value) == 0 {
			at, _ := placeOf(ref[1:])
			refs, places = append(refs, ref[2:]), append(places, at)
		}
	}
	args := reads{top: partArgs}
	f.Fuzz(func(t *testing.T, b []byte) {
		v := view{places: places}
		if !v.begin(&args, &engine.Input{Kind: engine.Event, Args: b}) {
			return
		}
		doc, err := parse(b, nil)
		if err != nil {
			t.Fatalf("%q is taken: %v", b, err)
		}
		for i, ref := range refs {
			got, sure := v.Part(i)
			want, err := doc.Value.Find(ref)
			if sure && (err != nil && got != nil || err == nil && (got == nil || got.Value.Compare(want) != 0)) {
				t.Fatalf("%q: %v is %v, want %v", b, ref, got, want)
			}
		}
	})
}

// A text that is cut anywhere is not taken.
func TestViewTruncated(t *testing.T) {
	text := `[1, {"a": {"b": [true, "x\"\u0041", -2.5]}}, null]`
	for i := range text {
		if sound([]byte(text[:i])) {
			t.Errorf("%s is taken", text[:i])
		}
	}
	if !sound([]byte(text)) {
		t.Error("the whole is not")
	}
}
