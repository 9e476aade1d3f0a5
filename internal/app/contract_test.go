package app

import (
	"errors"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/config"
)

const contractFile = "namespaces: { /: { in: { a: [string] } } }"

// The contract is asked first, denies when it is enforced, and is only noted when it is not.
func TestContractModes(t *testing.T) {
	dir := folder(t, map[string]string{"c.yaml": contractFile,
		"p.rego": "package siogw.authz\n\ndeny contains \"never\"\n"})
	for _, tt := range []struct {
		yaml, event string
		by          string
		code        engine.Code
		noted       bool
	}{
		{"{ files: [c.yaml] }", "a", "contract", engine.CodeContract, true},
		{"{ files: [c.yaml] }", "b", "contract", engine.CodeUnknownEvent, true},
		{"{ files: [c.yaml], unknown_events: allow }", "b", "policy", engine.CodePolicyDenied, false},
		{"{ files: [c.yaml], mode: monitor }", "a", "policy", engine.CodePolicyDenied, true},
		{"{ files: [c.yaml], mode: off }", "a", "policy", engine.CodePolicyDenied, false},
		{"{ files: [] }", "a", "policy", engine.CodePolicyDenied, false},
	} {
		j := judge(t, dir, "policy: { paths: [p.rego] }\ncontract: "+tt.yaml+"\n")
		d := j.Engine.Decide(t.Context(), &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/",
			Event: tt.event, Args: []byte(`[1]`), Session: samples()[0].Session})
		noted := d.Steps[0].Plugin == "contract" && d.Steps[0].Verdict.Effect == engine.Deny
		if d.Effect != engine.Deny || d.By != tt.by || d.Code != tt.code || noted != tt.noted {
			t.Errorf("%s %s: by %s, code %d, noted %v", tt.yaml, tt.event, d.By, d.Code, noted)
		}
	}
}

// What fits the contract is not allowed by it: that is the policy's to say.
func TestContractAllowsNothing(t *testing.T) {
	dir := folder(t, map[string]string{"c.yaml": contractFile, "p.rego": "package siogw.authz\n\nallow if input.event == \"other\"\n"})
	d := judge(t, dir, "policy: { paths: [p.rego] }\ncontract: { files: [c.yaml] }\n").Engine.Decide(t.Context(),
		&engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/", Event: "a", Args: []byte(`["x"]`), Session: samples()[0].Session})
	if d.Effect != engine.Deny || d.Code != engine.CodePolicyUndefined {
		t.Errorf("%v, code %d", d.Effect, d.Code)
	}
}

func TestContractMistakes(t *testing.T) {
	dir := folder(t, map[string]string{"c.yaml": "namespaces:\n  /: { in: { a: [text] } }"})
	_, err := NewJudge(t.Context(), parse(t, dir, least+"contract: { files: [c.yaml, none.yaml] }\n"), JudgeOptions{})
	var e *config.Error
	if !errors.As(err, &e) || e.Line != 2 || e.Key != "namespaces./.in.a.0" || !strings.HasSuffix(e.Source, "c.yaml") {
		t.Errorf("got %+v", e)
	}
	if !strings.Contains(err.Error(), "none.yaml: no such file or directory") {
		t.Errorf("the second file: %v", err)
	}
}
