package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

// What becomes of decisions is counted: hits, misses, and those that cannot be remembered.
func TestMemoMetrics(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.rego")
	policy := "package siogw.authz\nallow if { input.kind == \"event\"; input.args[0] == 1 }\nallow if { input.kind == \"emit\"; input.time }\n"
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	for set, wants := range map[string][]string{
		"": {"siogw_policy_memo_hits_total 2", "siogw_policy_memo_misses_total 1", "siogw_policy_memo_stored_total 1",
			"siogw_policy_memo_evicted_total 0", "siogw_policy_memo_entries 1", `siogw_policy_memo_skipped_total{reason="time"} 1`,
			`siogw_policy_memo_skipped_total{reason="function"} 0`, "siogw_policy_handed_total 0"},
		", memo: { enabled: false }": {"siogw_policy_memo_hits_total 0", "siogw_policy_memo_misses_total 0", "siogw_policy_memo_bytes 0"},
	} {
		a := build(t, least+"policy: { paths: ["+file+"], timeout: 10s"+set+" }\n", Options{})
		for range 3 {
			d := a.current.Load().judge.Engine.Decide(t.Context(), &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/", Event: "e", Args: []byte("[1]")})
			if d.Effect != engine.Allow {
				t.Fatalf("%+v", d)
			}
		}
		a.current.Load().judge.Engine.Decide(t.Context(), &engine.Input{Kind: engine.Emit, Direction: engine.Out, Namespace: "/", Event: "e", Args: []byte("[1]")})
		_, body := scrape(t, a.Admin(), "/metrics")
		for _, want := range wants {
			if !strings.Contains(body, want+"\n") {
				t.Errorf("memo %q: lacks %s", set, want)
			}
		}
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// Who evaluates is configured; what closures leave to topdown is counted.
func TestEvaluator(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.rego")
	if err := os.WriteFile(file, []byte("package siogw.authz\nallow if to_number(input.args[0]) == 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]string{"auto": "siogw_policy_handed_total 1", "topdown": "siogw_policy_handed_total 0"} {
		a := build(t, least+"policy: { paths: ["+file+"], timeout: 10s, evaluator: "+set+" }\n", Options{})
		for args, effect := range map[string]engine.Effect{`["1"]`: engine.Allow, `["x"]`: engine.Deny} {
			d := a.current.Load().judge.Engine.Decide(t.Context(), &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/", Event: "e", Args: []byte(args)})
			if d.Effect != effect {
				t.Errorf("%s, %s: %+v", set, args, d)
			}
		}
		if _, body := scrape(t, a.Admin(), "/metrics"); !strings.Contains(body, want+"\n") {
			t.Errorf("%s: lacks %s", set, want)
		}
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
}
