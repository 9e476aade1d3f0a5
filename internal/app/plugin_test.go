package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/wasmtest"
)

// rate is a guest that counts its inputs in the store and in a counter, denies the fourth, and traps when the view is
// an empty list.
func rate(t *testing.T, dir string) {
	t.Helper()
	const verdict, deny = "key.inputs", `{"effect":"deny","code":"often"}`
	m := wasmtest.Module{Data: verdict + deny, Memory: "\x00\x03",
		Imports: []wasmtest.Import{{Module: "siogw", Name: "kv_add", Params: "iilli", Results: "i"}, {Module: "siogw", Name: "counter", Params: "iil"}},
		Custom:  map[string]string{"siogw.manifest": `{"abi":1,"view":"args","capabilities":["kv"],"kinds":["event"]}`},
		Funcs: []wasmtest.Func{{Export: "siogw_alloc", Params: "i", Results: "i", Code: "i32.const 131072"},
			{Export: "siogw_decide", Params: "ii", Results: "l", Code: `local.get 1 i32.const 3 i32.lt_u if - unreachable end
				i32.const 8 i32.const 3 i64.const 1 i64.const 0 i32.const 1024 call 0 if - unreachable end
				i32.const 12 i32.const 6 i64.const 1 call 1
				i32.const 1024 i32.load 0 i32.const 3 i32.gt_u if - i64.const 0x0000001200000020 return end i64.const 0`}}}
	if err := os.WriteFile(filepath.Join(dir, "rate.wasm"), m.Binary(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func event(args string) *engine.Input {
	in := samples()[engine.Event-1]
	in.Args = []byte(args)
	return in
}

const rateYAML = "plugins: [{ name: rate, source: rate.wasm, timeout: 1s, grant: [kv], backoff: { failures: 2, pause: 1h, max_pause: 1h } }]"

// TestPluginKeeps: a new configuration finds what the plugin stored and counted, and one without the plugin ends it.
func TestPluginKeeps(t *testing.T) {
	dir := t.TempDir()
	rate(t, dir)
	cfg, none := parse(t, dir, least+rateYAML), parse(t, dir, least)
	keep := &Keep{}
	asked := func() (codes []string) {
		j, err := NewJudge(t.Context(), cfg, JudgeOptions{Keep: keep})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			d := j.Engine.Decide(t.Context(), event("[1]"))
			codes = append(codes, string(d.Shown()))
		}
		if err := j.Close(context.Background()); err != nil {
			t.Error(err)
		}
		return codes
	}
	got := append(asked(), asked()...)
	if strings.Join(got, " ") != `0 0 0 "often"` {
		t.Errorf("four inputs over two configurations: %s", got)
	}
	if n := keep.tally("rate").Counters()["inputs"]; n != 4 {
		t.Errorf("it counted %d", n)
	}
	keep.only(cfg)
	if got = asked(); got[0] != `"often"` {
		t.Errorf("a configuration that has it: %s", got)
	}
	keep.only(none)
	if got = asked(); got[0] != "0" || keep.tally("rate").Counters()["inputs"] != 2 {
		t.Errorf("after a configuration without it: %s, %v", got, keep.tally("rate").Counters())
	}
}

// TestPluginOutOfService: the second failure in a row ends the service, and on_error decides.
func TestPluginOutOfService(t *testing.T) {
	dir := t.TempDir()
	rate(t, dir)
	for onError, want := range map[string]string{"deny": "111 111 114", "allow": "0 0 0"} {
		a := build(t, least+strings.Replace(rateYAML, "source: rate.wasm", "source: "+dir+"/rate.wasm, on_error: "+onError, 1), Options{Stdout: &bytes.Buffer{}})
		var got []string
		for _, args := range []string{"[]", "[]", "[1]"} {
			in := event(args)
			d := a.current.Load().judge.Engine.Decide(t.Context(), in)
			a.counts.Decision(in, &d)
			got = append(got, string(d.Shown()))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("on_error %s: %s, want %s", onError, got, want)
		}
		_, body := scrape(t, a.Admin(), "/metrics")
		for _, line := range []string{`siogw_plugin_out_of_service{plugin="rate"} 1`, `siogw_plugin_backoffs_total{plugin="rate"} 1`,
			`siogw_plugin_refused_total{plugin="rate"} 1`, `siogw_plugin_kv_entries{plugin="rate"} 0`,
			`siogw_plugin_errors_total{code="114",plugin="rate"} 1`, `siogw_plugin_errors_total{code="111",plugin="rate"} 2`} {
			if !strings.Contains(body, line) {
				t.Errorf("on_error %s: lacks %s", onError, line)
			}
		}
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// TestSessionsEnd: the end of a session makes room for another.
func TestSessionsEnd(t *testing.T) {
	dir := t.TempDir()
	rate(t, dir)
	a := build(t, least+strings.Replace(rateYAML, "source: rate.wasm", "source: "+dir+"/rate.wasm, lifetime: session, sessions: 1", 1), Options{Stdout: &bytes.Buffer{}})
	ask := func(session string) string {
		in := event("[1]")
		in.Session = &engine.Session{ID: session, IP: "192.0.2.1"}
		d := a.current.Load().judge.Engine.Decide(t.Context(), in)
		return string(d.Shown())
	}
	if got := ask("a") + ask("b"); got != "0115" {
		t.Errorf("the second session of one: %s", got)
	}
	a.current.Load().judge.Engine.EndSession("a")
	if got := ask("b"); got != "0" {
		t.Errorf("after the end of the first: %s", got)
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestPluginNotGranted(t *testing.T) {
	dir := t.TempDir()
	rate(t, dir)
	_, err := NewJudge(t.Context(), parse(t, dir, least+"plugins: [{ name: rate, source: rate.wasm }]"), JudgeOptions{})
	var ce *config.Error
	if !errors.As(err, &ce) || !strings.Contains(err.Error(), "plugins.0.grant: plugin rate: capability kv is asked for and not granted") {
		t.Error(err)
	}
}

// TestLoadingSideBySide: all of them load, in the order of the configuration, and a bad one is told by its place.
func TestLoadingSideBySide(t *testing.T) {
	dir := t.TempDir()
	rate(t, dir)
	var yaml, out bytes.Buffer
	yaml.WriteString(least + "plugins:\n")
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, name := range names {
		yaml.WriteString("- { name: " + name + ", source: rate.wasm, grant: [kv] }\n")
	}
	cfg := parse(t, dir, yaml.String())
	j, err := NewJudge(t.Context(), cfg, JudgeOptions{Logger: slog.New(slog.NewTextHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close(context.Background())
	for i, p := range j.Plugins {
		if p.Config.Name != names[i] {
			t.Errorf("%d is %s", i, p.Config.Name)
		}
	}
	yaml.WriteString("- { name: g, source: gone.wasm }\n- { name: h, source: rate.wasm, grant: [kv], config: { x: 1 } }\n")
	_, err = NewJudge(t.Context(), parse(t, dir, yaml.String()), JudgeOptions{})
	if err == nil || !strings.Contains(err.Error(), "plugins.6.source: ") || !strings.Contains(err.Error(), "plugins.7.config: plugin h: ") {
		t.Error(err)
	}
}
