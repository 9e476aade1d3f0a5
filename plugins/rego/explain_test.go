package rego

import (
	"context"
	"encoding/json"
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
	if len(e.Allow) != 1 || e.Allow[0].At != "p.rego:3" || len(e.Helpers) != 1 || e.Helpers[0] != (Cause{Rule: "data.siogw.authz.member", At: "p.rego:8"}) {
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

func TestExplainString(t *testing.T) {
	e, _ := explainOf(t, message(`[{"text":"a-b"}]`))
	got := e.String()
	for _, want := range []string{"deny (100): word a\n", `deny      p.rego:10 deny {"code":"E1","reason":"word a"}`, "allow     p.rego:3 allow\n",
		"helper    p.rego:8 member\n", `code      "E1"`, "allow not p.rego:7 allow p.rego:7: "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
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
