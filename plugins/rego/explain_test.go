package rego

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

const explained = `default allow := false
allow if {
	input.kind == "event"
	member
}
allow if "admin" in input.identity.roles
member if "member" in input.identity.roles
deny contains "too long" if count(input.args[0].text) > 5
deny contains {"code": "E1", "reason": sprintf("word %s", [w])} if some w in split(input.args[0].text, "-")
transform := [{"op": "replace", "path": "/args/0/text", "value": "x"}] if input.args[0].swap`

func explainOf(t *testing.T, in *engine.Input) (Explanation, string) {
	t.Helper()
	p := policy(t, explained)
	e := p.Explain(context.Background(), in)
	if v := decide(t, p, in); v.Effect.String() != e.Effect || v.Code != e.Code || v.Reason != e.Reason && v.Reason != "" {
		t.Errorf("decides %+v, explains %+v", v, e)
	}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return e, string(text)
}

func TestExplainAllow(t *testing.T) {
	e, text := explainOf(t, message(`[{"swap":true}]`))
	if len(e.Allow) != 1 || e.Allow[0].At != "p.rego:3" || len(e.Helpers) != 1 || e.Helpers[0].Rule != "data.siogw.authz.member" || e.Helpers[0].At != "p.rego:8" {
		t.Error(text)
	}
	if len(e.Transform) != 1 || string(e.Args) != `[{"swap":true,"text":"x"}]` && e.Error == "" {
		t.Error(text)
	}
}

func TestExplainDeny(t *testing.T) {
	e, text := explainOf(t, message(`[{"text":"to-long"}]`))
	if e.Effect != "deny" || e.Reason != "too long" || len(e.Deny) != 3 || e.Deny[0].At != "p.rego:9" || e.Deny[0].Value != `"too long"` {
		t.Error(text)
	}
	if want := `{"code":"E1","reason":"word to"}`; e.Deny[1].Value != want || e.Deny[1].At != "p.rego:10" {
		t.Error(text)
	}
}

// Where nothing allows, the expressions are named on which the allow rules failed.
func TestExplainMissed(t *testing.T) {
	in := message(`[]`)
	in.Kind = engine.Leave
	e, text := explainOf(t, in)
	if e.Code != engine.CodePolicyUndefined || len(e.Allow) != 0 || len(e.Missed) != 2 {
		t.Fatal(text)
	}
	if e.Missed[0].Expr != `p.rego:4: input.kind == "event"` || e.Missed[1].Expr != `p.rego:7: "admin" in input.identity.roles` {
		t.Error(text)
	}
}

// What the names in an expression stood for is told, where the body got furthest, and why a helper does not hold.
func TestExplainValues(t *testing.T) {
	p := policy(t, `allow if {
	input.kind == "event"
	some role in input.identity.roles
	role == data.staff.role
}
allow if speaks(input.args[0].text, input.room)
speaks(text, room) if { room in input.session.rooms; count(text) < 5 }
allow if { member; input.args[0].n[1] > 3 }
member if { input.kind == "event"; known }
known if input.identity.sub in ["ada"]
deny contains m if { m := input.args[0].password; m == "never" }
deny contains {"reason": "no", "data": {"token": input.args[0].token}} if input.args[0].text == "x"
`)
	in := message(`[{"text":"` + strings.Repeat("é", maxText) + `","password":"hunter2","token":"hunter2"}]`)
	in.Identity = &engine.Identity{Authenticated: true, Sub: "eve", Roles: []string{"guest", "member"}}
	in.Room = "r"
	e := p.Explain(context.Background(), in)
	text, err := json.Marshal(e)
	if err != nil || strings.Contains(string(text), "hunter2") {
		t.Fatal(err, string(text))
	}
	if len(e.Missed) != 3 || len(e.Passed) != 2 {
		t.Fatalf("%s", text)
	}
	want := []Value{{"role", `"guest"`}, {"data.staff.role", ""}}
	if got := e.Missed[0].Values; !slices.Equal(got, want) || e.Missed[0].Tries != 2 {
		t.Errorf("%+v", e.Missed[0])
	}
	if b := e.Missed[1].Because; len(b) != 1 || !strings.HasSuffix(b[0].Expr, `room in input.session.rooms`) || b[0].Values[0] != (Value{"room", `"r"`}) {
		t.Errorf("%+v", e.Missed[1])
	}
	if v := e.Missed[1].Values[0]; v.Name != "input.args[0].text" || !strings.HasSuffix(v.Text, "é…") || len(v.Text) > maxText+8 {
		t.Errorf("%+v", v)
	}
	if b := e.Missed[2].Because; len(b) != 1 || len(b[0].Because) != 1 || b[0].Because[0].Values[0] != (Value{"input.identity.sub", `"eve"`}) {
		t.Errorf("%+v", e.Missed[2])
	}
	in = message(`[{"text":"x","password":"hunter2","token":"hunter2"}]`)
	e = p.Explain(context.Background(), in)
	if text, _ = json.Marshal(e); len(e.Deny) != 1 || strings.Contains(string(text), "hunter2") || e.Deny[0].Values[0] != (Value{"input.args[0].text", `"x"`}) {
		t.Errorf("%s", text)
	}
}

// The explanation has what a decision is remembered by, where it is.
func TestExplainMemo(t *testing.T) {
	for memo, has := range map[int]bool{0: false, 1 << 20: true} {
		p := policy(t, "allow if input.args[0].text == \"x\"\nallow if { input.kind == \"emit\"; input.time }", func(o *Options) { o.Memo.Bytes = memo })
		e := p.Explain(context.Background(), message(`[]`))
		if (e.Memo != nil) != has || has && (len(e.Memo.Key) != 1 || e.Memo.Key[0] != "input.args[0].text") {
			t.Errorf("%d: %+v", memo, e.Memo)
		}
	}
}

func TestHideSecrets(t *testing.T) {
	for text, want := range map[string]string{
		``: ``, `{}`: `{}`, `["token"]`: `["token"]`, `x token`: `x token`,
		`{"Token":{"a":[1]},"b":[{"api_key":1,"c":1.50}]}`: `{"Token":"***","b":[{"api_key":"***","c":1.50}]}`,
		`[{"userPassword":"x"}]`:                           `[{"userPassword":"***"}]`,
	} {
		if got := HideSecrets([]byte(text)); string(got) != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestExplainError(t *testing.T) {
	p := policy(t, `allow if to_number(input.args[0]) == 1`)
	if e := p.Explain(context.Background(), message(`["x"]`)); e.Effect != "deny" || e.Code != engine.CodePolicyError || e.Error == "" {
		t.Errorf("%+v", e)
	}
	if e := p.Explain(context.Background(), message(`[`)); e.Effect != "deny" || e.Error == "" {
		t.Errorf("%+v", e)
	}
}

// A policy that tries a helper for each of very many elements does not fill the memory.
func TestExplainBounded(t *testing.T) {
	p := policy(t, "allow if count([1 | some n in numbers.range(1, 2000); odd(n)]) == 1000\nodd(n) if n % 2 == 1\n"+
		`deny contains sprintf("%d", [n]) if some n in numbers.range(1, 2000)`)
	e := p.Explain(context.Background(), message(`[]`))
	if e.Effect != "deny" || len(e.Deny) > maxCauses || len(e.Deny) == 0 {
		t.Errorf("%s %d", e.Effect, len(e.Deny))
	}
}
