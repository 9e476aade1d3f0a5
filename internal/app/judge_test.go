package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func judge(t *testing.T, dir, yaml string) *Judge {
	t.Helper()
	j, err := NewJudge(t.Context(), parse(t, dir, least+yaml), JudgeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return j
}

// TestPolicyPaths: a path where nothing is has the place of its key.
func TestPolicyPaths(t *testing.T) {
	dir := folder(t, map[string]string{"p.rego": "package siogw.authz\n\nallow := true\n"})
	for yaml, want := range map[string]string{
		"policy: { paths: [p.rego, gone.rego] }\n":                 "policy.paths.1: stat ",
		"policy: { paths: [p.rego], shadow: { paths: [gone] } }\n": "policy.shadow.paths.0: stat ",
	} {
		_, err := NewJudge(t.Context(), parse(t, dir, least+yaml), JudgeOptions{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("%s%v: want %s", yaml, err, want)
		}
	}
}

// TestPolicyModes asks about something that the policy denies.
func TestPolicyModes(t *testing.T) {
	dir := folder(t, map[string]string{"p.rego": "package siogw.authz\n\ndeny contains \"never\"\n"})
	for _, tt := range []struct {
		yaml   string
		effect engine.Effect
		asked  string
	}{
		{"", engine.Allow, "baseline"},
		{"policy: { mode: monitor }", engine.Allow, "baseline"}, // which is always enforced
		{"policy: { paths: [p.rego] }", engine.Deny, "policy"},
		{"policy: { paths: [p.rego], mode: monitor }", engine.Allow, "policy"},
		{"policy: { paths: [p.rego], mode: off }", engine.Allow, "baseline"},
	} {
		d := judge(t, dir, tt.yaml).Engine.Decide(t.Context(), samples()[0])
		if d.Effect != tt.effect || len(d.Steps) != 1 || d.Steps[0].Plugin != tt.asked {
			t.Errorf("%s: %v by %v", tt.yaml, d.Effect, d.Steps)
		}
	}
}

func TestPluginStage(t *testing.T) {
	cfg := parse(t, "", least+`
plugins:
  - { name: a, source: std:x }
  - name: b
    source: std:x
    phase: before_policy
    on_error: allow
    mode: monitor
    match: { kinds: [event, emit], directions: [out], namespaces: [/n], events: [e] }
`)
	a := (&Plugin{Config: &cfg.Plugins[0]}).stage()
	if a.Phase != engine.AfterPolicy || a.OnError != engine.Deny || a.Mode != engine.Enforce || len(a.Match.Kinds) != 0 {
		t.Errorf("%+v", a)
	}
	b := (&Plugin{Config: &cfg.Plugins[1]}).stage()
	if b.Phase != engine.BeforePolicy || b.OnError != engine.Abstain || b.Mode != engine.Monitor ||
		len(b.Match.Kinds) != 2 || b.Match.Kinds[1] != engine.Emit || b.Match.Directions[0] != engine.Out ||
		b.Match.Namespaces[0] != "/n" || b.Match.Events[0] != "e" {
		t.Errorf("%+v", b)
	}
}

func TestStdPlugin(t *testing.T) {
	j := judge(t, "", "plugins: [{ name: clean, source: std:html-sanitizer, timeout: 1s, match: { kinds: [event] } }]")
	cfg := parse(t, "", least)
	if problems := j.Try(t.Context(), cfg); len(problems) > 0 {
		t.Error(problems)
	}
	in := samples()[engine.Event-1]
	in.Args = []byte(`["<script>alert(1)</script>hello"]`)
	d := j.Engine.Decide(t.Context(), in)
	if d.Effect != engine.Allow || d.Args == nil || strings.Contains(string(d.Args), "script") {
		t.Errorf("%v %s", d.Effect, d.Args)
	}
}

func TestSamplesCoverEveryKind(t *testing.T) {
	for i, in := range samples() {
		if int(in.Kind) != i+1 || in.Direction == 0 || (in.Args == nil) != (in.Kind == engine.Handshake || in.Kind == engine.Connect) {
			t.Errorf("%d: %+v", i, in)
		}
	}
	if n := len(samples()); n != int(engine.Disconnect)-1 {
		t.Errorf("%d samples", n)
	}
}

// TestJudgeErrors tells all of them, each with its place.
func TestJudgeErrors(t *testing.T) {
	dir := folder(t, map[string]string{"p.rego": "package siogw.authz\n\nallow if input.sesion.ip\n", "s": "-----BEGIN X\n"})
	cfg := parse(t, dir, least+`
policy: { paths: [p.rego] }
identity: { jwt: { secret_file: s } }
plugins: [{ name: a, source: gone.wasm }, { name: b, source: std:none }]
`)
	_, err := NewJudge(t.Context(), cfg, JudgeOptions{})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"p.rego:3: rego_type_error",
		"siogw.yaml:4:33: identity.jwt.secret_file: is PEM, which is no secret",
		"siogw.yaml:5:30: plugins.0.source: open ",
		"siogw.yaml:5:62: plugins.1.source: no first-party guest",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("lacks %s in\n%v", want, err)
		}
	}
}
