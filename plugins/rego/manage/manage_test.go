package manage

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/inputjson"
)

func agent(t testing.TB, config string) *Agent {
	t.Helper()
	c, err := ParseConfig([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Options{Config: c, Take: func(context.Context, *Activation) error { return nil }, Input: inputjson.Append})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // what waits is not worked off
		a.Stop(ctx)
	})
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestBufferIsBounded(t *testing.T) {
	for config, want := range map[string]string{
		`{"decision_logs":{"console":true}}`:                                              `"buffer_size_limit_bytes":16777216`,
		`{"decision_logs":{"console":true,"reporting":{"buffer_size_limit_bytes":5}}}`:    `"buffer_size_limit_bytes":5`,
		`{"decision_logs":{"console":true,"reporting":{"buffer_type":"event"}}}`:          `{"buffer_type":"event"}`,
		`{"decision_logs":{"console":true,"reporting":{"max_decisions_per_second":100}}}`: `{"max_decisions_per_second":100}`,
	} {
		c, err := ParseConfig([]byte(config))
		if err != nil || !strings.Contains(string(c.raw), want) {
			t.Errorf("%s: %v, want %s", config, err, want)
		}
	}
}

// TestNothingWaits fills the queue of an agent whose worker does not come on.
func TestNothingWaits(t *testing.T) {
	a := agent(t, `{"decision_logs":{"console":true}}`)
	a.mu.Lock() // which the worker needs
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Args: json.RawMessage(`["x"]`)}
	d := engine.Refuse(engine.CodePolicyDenied, "")
	for range maxEvents + 10 {
		a.Decision(in, &d)
	}
	n := a.events.dropped.Load()
	a.mu.Unlock()
	if n < 8 || n > 10 {
		t.Errorf("%d events dropped", n)
	}
}

func TestBytesAreBounded(t *testing.T) {
	a := agent(t, `{"decision_logs":{"console":true}}`)
	a.mu.Lock()
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Args: json.RawMessage(`["` + strings.Repeat("x", 1<<20) + `"]`)}
	d := engine.Refuse(engine.CodePolicyDenied, "")
	for range 10 {
		a.Decision(in, &d)
	}
	n := a.events.dropped.Load()
	a.mu.Unlock()
	if n < 4 || n > 6 { // the worker holds at most one
		t.Errorf("%d events dropped", n)
	}
}

func TestDisconnectIsNoDecision(t *testing.T) {
	a := agent(t, `{"decision_logs":{"console":true}}`)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Decision(&engine.Input{Kind: engine.Disconnect}, &engine.Decision{})
	if len(a.events.queue) > 0 || a.events.bytes.Load() > 0 {
		t.Error("the end of a session is logged as a decision")
	}
}

func TestConfigErrors(t *testing.T) {
	for config, key := range map[string]string{
		`[]`:                                  "",
		`{"server":{}}`:                       "server",
		`{"bundle":{}}`:                       "bundle",
		`{"services":5}`:                      "services",
		`{"keys":{"a":{"algorithm":"none"}}}`: "keys",
		`{"labels":5}`:                        "",
		`{"decision_logs":{"console":true,"reporting":{"buffer_type":"none"}}}`: "decision_logs",
		`{"status":{"console":true,"trigger":"never"}}`:                         "status",
	} {
		_, err := ParseConfig([]byte(config))
		var e *Error
		if !errors.As(err, &e) || e.Key != key {
			t.Errorf("%s: %v", config, err)
		}
	}
}

// FuzzConfig looks for configurations that end the process.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"services":{"a":{"url":"http://127.0.0.1"}},"bundles":{"b":{"service":"a"}},"decision_logs":{"reporting":{}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c, err := ParseConfig(raw); err == nil && c == nil {
			t.Error("neither a configuration nor an error")
		}
	})
}

// BenchmarkDecision is what a packet pays for OPA's decision logs, beside who works them off.
func BenchmarkDecision(b *testing.B) {
	a := agent(b, `{"decision_logs":{"console":true}}`)
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Namespace: "/", Event: "message", Args: json.RawMessage(`["hello, world"]`),
		Session: &engine.Session{ID: "x", IP: "127.0.0.1"}}
	d := engine.Refuse(engine.CodePolicyDenied, "")
	b.Run("log", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a.Decision(in, &d)
		}
	})
	b.Run("work", func(b *testing.B) {
		for b.Loop() {
			a.log(&event{id: d.ID, input: inputjson.Append(nil, in), effect: d.Effect, denial: d.Denial})
		}
	})
}
