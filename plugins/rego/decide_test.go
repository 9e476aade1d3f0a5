package rego

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/siogw/siogw/engine"
)

// of makes an input of a kind with what the kind has.
func of(kind engine.Kind, dir engine.Direction) *engine.Input {
	in := message(`[{"text":"hi"}]`)
	in.Kind, in.Direction = kind, dir
	switch kind {
	case engine.Handshake:
		in.Namespace, in.Event, in.Args, in.Room = "", "", nil, ""
	case engine.Connect:
		in.Event, in.Args, in.Room, in.Auth = "", nil, "", []byte(`{"token":"t"}`)
	}
	return in
}

// inputs are all that is ever decided.
var inputs = []*engine.Input{
	of(engine.Handshake, engine.In), of(engine.Connect, engine.In), of(engine.Join, engine.In), of(engine.Leave, engine.In),
	of(engine.Event, engine.In), of(engine.Ack, engine.In), of(engine.Emit, engine.Out), of(engine.Ack, engine.Out),
}

// Each rule counts on each kind of input.
func TestKinds(t *testing.T) {
	allow := policy(t, `allow if input.kind`)
	silent := policy(t, `allow if input.kind == "none"`)
	deny := policy(t, `allow if input.kind`+"\n"+`deny contains "no" if input.kind`)
	change := policy(t, `allow if input.kind`+"\n"+`transform := [{"op": "replace", "path": "/args/0/text", "value": "x"}] if input.args`+
		"\nelse := [{\"op\": \"remove\", \"path\": \"/auth/token\"}] if input.auth")
	for _, in := range inputs {
		name := fmt.Sprint(in.Kind, " ", in.Direction)
		serverAck := name == "ack out"
		if v := decide(t, allow, in); v.Effect != engine.Allow || v.Err != nil {
			t.Errorf("%s: allow gives %+v", name, v)
		}
		want := engine.Verdict{Effect: engine.Deny, Denial: engine.Denial{Code: engine.CodePolicyUndefined}}
		if serverAck {
			want = engine.Verdict{Effect: engine.Allow} // its event was allowed
		}
		if v := decide(t, silent, in); v.Effect != want.Effect || v.Code != want.Code || v.Err != nil {
			t.Errorf("%s: nothing gives %+v", name, v)
		}
		if v := decide(t, deny, in); v.Effect != engine.Deny || v.Code != engine.CodePolicyDenied || v.Reason != "no" || v.Err != nil {
			t.Errorf("%s: deny gives %+v", name, v)
		}
		for _, p := range []*Policy{allow, silent, deny, change} {
			v, e := decide(t, p, in), p.Explain(context.Background(), in)
			if e.Effect != v.Effect.String() || e.Code != v.Code || string(e.Args) != string(v.Args) || string(e.Auth) != string(v.Auth) {
				t.Errorf("%s: decides %+v, explains %+v", name, v, e)
			}
		}
		v := decide(t, change, in)
		if v.Effect != engine.Allow || v.Err != nil {
			t.Errorf("%s: transform gives %+v", name, v)
		}
		if in.Args != nil && string(v.Args) != `[{"text":"x"}]` || in.Auth != nil && string(v.Auth) != `{}` {
			t.Errorf("%s: transform gives %s %s", name, v.Args, v.Auth)
		}
	}
}

// A deny rule alone is no policy for what needs allow.
func TestDenyOnly(t *testing.T) {
	p := policy(t, `deny contains "no" if input.event == "bad"`)
	if v := decide(t, p, message(`[]`)); v.Code != engine.CodePolicyUndefined {
		t.Errorf("%+v", v)
	}
}

// The reason is that of the least member; all are in Rules.
func TestDenyMembers(t *testing.T) {
	head := "default allow := true\n"
	for text, want := range map[string]engine.Verdict{
		"deny contains \"b\"\ndeny contains \"a\"": {
			Denial: engine.Denial{Reason: "a"}, Rules: []string{"p.rego:4", "p.rego:3"}},
		`deny contains {"code": "E1", "reason": "why", "data": {"n": 1.50, "a": [1]}}`: {
			Denial: engine.Denial{Custom: []byte(`"E1"`), Reason: "why", Data: []byte(`{"a":[1],"n":1.50}`)}, Rules: []string{"p.rego:3"}},
		`deny contains {"code": 42}`: {Denial: engine.Denial{Custom: []byte(`42`)}, Rules: []string{"p.rego:3"}},
		`deny contains {"code": true, "reason": 3}`: {Rules: []string{
			"p.rego:3", "note: code is neither a string nor a number", "note: reason is not a string"}},
		`deny contains {}`:    {Rules: []string{"p.rego:3"}},
		`deny contains 3`:     {Rules: []string{"p.rego:3"}},
		`deny contains null`:  {Rules: []string{"p.rego:3"}},
		`deny contains false`: {Rules: []string{"p.rego:3"}},
		`deny contains {"reason": "z"}` + "\n" + `deny contains "a"`: {Denial: engine.Denial{Reason: "a"}, Rules: []string{"p.rego:4", "p.rego:3"}},
		`deny contains sprintf("to %s", [input.event])`: {
			Denial: engine.Denial{Reason: "to message"}, Rules: []string{`deny: "to message"`}},
		`deny := ["b", "a"]`:                          {Denial: engine.Denial{Reason: "a"}, Rules: []string{`deny: "a"`, `deny: "b"`}},
		`deny := {"b", "a"} if input.kind`:            {Denial: engine.Denial{Reason: "a"}, Rules: []string{`deny: "a"`, `deny: "b"`}},
		`deny := [x | some x in ["a"]] if input.kind`: {Denial: engine.Denial{Reason: "a"}, Rules: []string{`deny: "a"`}},
	} {
		want.Effect, want.Code = engine.Deny, engine.CodePolicyDenied
		got := decide(t, policy(t, head+text), message(`[]`))
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s\n\tgot  %+v\n\twant %+v", text, got, want)
		}
	}
}

func TestNoDenial(t *testing.T) {
	for _, text := range []string{`deny := []`, `deny := set()`, `deny := ["a"] if input.event == "x"`, `deny contains "a" if input.event == "x"`} {
		if v := decide(t, policy(t, "default allow := true\n"+text), message(`[]`)); v.Effect != engine.Allow || v.Rules != nil {
			t.Errorf("%s gives %+v", text, v)
		}
	}
}

// However many members there are, and however long: Rules stays small.
func TestManyMembers(t *testing.T) {
	p := policy(t, `deny contains sprintf("%d%s", [n, input.args[0]]) if some n in numbers.range(1, 100)`)
	v := decide(t, p, message(`["`+strings.Repeat("x", 1000)+`"]`))
	if len(v.Rules) != maxRules+1 || v.Rules[maxRules] != "and 84 more" || len(v.Rules[0]) > maxMember+10 {
		t.Errorf("%d: %v", len(v.Rules), v.Rules)
	}
}

// The whole document reaches the policy, data beside it, and time.now_ns is the input's time.
func TestDocument(t *testing.T) {
	in := message(`[1.50]`)
	in.Attachments = []engine.Attachment{{Data: make([]byte, 10), Type: "image/png"}}
	in.Plugins = []engine.Output{{Plugin: "injection", Labels: []byte(`{"score":3}`)}}
	in.Session.Headers = map[string]string{"user-agent": "x"}
	p := policy(t, `allow if {
		input.version == "siogw/v1"
		input.direction == "in"
		input.time == "2026-01-01T00:00:00Z"
		time.now_ns() == time.parse_rfc3339_ns(input.time)
		input.attachments == [{"bytes": 10, "type": "image/png"}]
		input.plugins.injection.score >= 3
		input.identity.claims.tenant == "a"
		input.session.age_ms == 60000
		input.session.headers["user-agent"] == "x"
		input.args[0] == 1.5
		input.ack
		not input.auth
	}`)
	if v := decide(t, p, in); v.Effect != engine.Allow {
		t.Error(p.Explain(context.Background(), in))
	}
}

// A policy answers many sessions at once, which share identities and snapshots.
func TestConcurrent(t *testing.T) {
	p, in := chat(t), post()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 50 {
				mine := *in
				if i%2 == 1 {
					mine.Args = []byte(`[{"text":"x","from":"u2"}]`)
				}
				want := []engine.Effect{engine.Allow, engine.Deny}[i%2]
				if v := p.Decide(context.Background(), &mine); v.Effect != want {
					t.Errorf("%d: %+v", i, v)
				}
			}
		})
	}
	wg.Wait()
}

func TestBaseline(t *testing.T) {
	p, err := Baseline(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range inputs {
		if v := decide(t, p, in); v.Effect != engine.Allow || v.Args != nil || v.Auth != nil {
			t.Errorf("%v: %+v", in.Kind, v)
		}
	}
	if v := decide(t, p, &engine.Input{}); v.Effect != engine.Deny {
		t.Errorf("%+v", v)
	}
}
