package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/siotest"
	"github.com/siogw/siogw/plugins/native"
	"github.com/siogw/siogw/plugins/native/wire"
	sdk "github.com/siogw/siogw/sdk/native"
)

const nativeManifest = `{"abi":1,"name":"guard","view":"args","kinds":["event"]}`

// beProgram makes the test's own binary a native plugin, when it is started as one: it denies what its environment names.
func beProgram() {
	if os.Getenv(wire.CookieKey) != wire.CookieValue {
		return
	}
	sdk.Serve([]byte(nativeManifest), func(config []byte) (sdk.Plugin, error) {
		if string(config) != "{}" {
			return nil, fmt.Errorf("what is %s?", config)
		}
		return sdk.Func(func(_ context.Context, view []byte) sdk.Verdict {
			if bytes.Contains(view, []byte(os.Getenv("WORD"))) {
				return sdk.Deny("word", "not that word")
			}
			return sdk.Allow()
		}), nil
	})
}

// program puts that plugin into dir, and gives the YAML of it.
func program(t *testing.T, dir, more string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "guard")
	if err := os.Symlink(self, path); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+native.ManifestSuffix, []byte(nativeManifest), 0o600); err != nil {
		t.Fatal(err)
	}
	_, sum, err := native.Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("plugins: [{ name: guard, source: 'native:%s', sha256: %s, timeout: 10s, start_timeout: 30s, env: { WORD: darn } %s }]\n", path, sum, more)
}

func (a *App) guard() *Plugin { return a.current.Load().judge.Plugins[0] }

func verdict(t *testing.T, a *App, args string) string {
	t.Helper()
	d := a.current.Load().judge.Engine.Decide(t.Context(), event(args))
	return string(d.Shown())
}

// TestNativeReload: a process lives on as long as configurations start it alike, and another takes over before it ends.
func TestNativeReload(t *testing.T) {
	dir := t.TempDir()
	yaml := program(t, dir, "")
	a := build(t, least+yaml, Options{Stdout: &bytes.Buffer{}})
	first := a.guard().native.Stats().PID
	if got := verdict(t, a, `["ok"]`) + verdict(t, a, `["darn it"]`); got != `0"word"` {
		t.Errorf("verdicts: %s", got)
	}
	reload := func(yaml string) error {
		_, err := a.Reload(t.Context(), parse(t, dir, least+yaml))
		return err
	}
	if err := reload(strings.Replace(yaml, "timeout: 10s", "timeout: 9s, on_error: allow", 1)); err != nil {
		t.Fatal(err)
	}
	if pid := a.guard().native.Stats().PID; pid != first {
		t.Errorf("another timeout made process %d of %d", pid, first)
	}
	if err := reload(strings.Replace(yaml, "WORD: darn", "WORD: heck", 1)); err != nil {
		t.Fatal(err)
	}
	second := a.guard().native.Stats().PID
	if second == first || verdict(t, a, `["darn"]`) != "0" || verdict(t, a, `["heck"]`) != `"word"` {
		t.Errorf("another environment: process %d, then %d", first, second)
	}
	ended(t, first)
	for _, bad := range []string{strings.Replace(yaml, "WORD: darn", "WORD: darn }, config: { x: 1", 1), program(t, dir, ", dir: /gone")} {
		if err := reload(bad); err == nil {
			t.Error("it takes", bad)
		}
	}
	if pid := a.guard().native.Stats().PID; pid != second || verdict(t, a, `["heck"]`) != `"word"` {
		t.Errorf("after what was refused: process %d of %d", pid, second)
	}
	_, body := scrape(t, a.Admin(), "/metrics")
	for _, line := range []string{`siogw_plugin_out_of_service{plugin="guard"} 0`, `siogw_plugin_restarts_total{plugin="guard"} 0`,
		`siogw_plugin_late_total{plugin="guard"} 0`, `siogw_plugin_under_way{plugin="guard"} 0`} {
		if !strings.Contains(body, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	ended(t, second)
}

func ended(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(siotest.Wait); syscall.Kill(pid, 0) == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

// TestNativeKilled: on_error decides while the process is down.
func TestNativeKilled(t *testing.T) {
	for onError, want := range map[string]string{"deny": "117", "allow": "0"} {
		a := build(t, least+program(t, t.TempDir(), ", backoff: { pause: 1h, max_pause: 1h }, on_error: "+onError), Options{Stdout: &bytes.Buffer{}})
		pid := a.guard().native.Stats().PID
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(siotest.Wait); a.guard().native.InService(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("nobody notices")
			}
		}
		if got := verdict(t, a, `["ok"]`); got != want {
			t.Errorf("on_error %s: %s", onError, got)
		}
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// TestNativeDry: what is wrong is told, and nothing is started.
func TestNativeDry(t *testing.T) {
	dir := t.TempDir()
	good := program(t, dir, "")
	j, err := NewJudge(t.Context(), parse(t, dir, least+good), JudgeOptions{Dry: true})
	if err != nil {
		t.Fatal(err)
	}
	p := j.Plugins[0]
	if p.native != nil || p.Manifest.View != "args" || p.Size == 0 || len(p.SHA256) != 64 {
		t.Errorf("%+v", p)
	}
	if problems := j.Try(t.Context(), parse(t, dir, least+good)); len(problems) > 0 {
		t.Error(problems)
	}
	if d := j.Engine.Decide(t.Context(), event("[1]")); d.Code != engine.CodePluginDown {
		t.Errorf("%+v", d)
	}
	if err := j.Close(t.Context()); err != nil {
		t.Error(err)
	}
	data := filepath.Join(dir, "data")
	if err := os.WriteFile(data, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "guard")
	for change, want := range map[*strings.Replacer]string{
		strings.NewReplacer("native:"+path, "native:"+data):        "plugins.0.source: " + data + " may not be executed",
		strings.NewReplacer("native:"+path, "native:"+dir):         "is no file",
		strings.NewReplacer("native:"+path, "native:"+dir+"/gone"): "plugins.0.source: stat ",
		strings.NewReplacer(p.SHA256, strings.Repeat("a", 64)):     "plugins.0.sha256: the program's is " + p.SHA256,
	} {
		_, err := NewJudge(t.Context(), parse(t, dir, least+change.Replace(good)), JudgeOptions{Dry: true})
		var ce *config.Error
		if !errors.As(err, &ce) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for manifest, want := range map[string]string{`{"abi":2}`: "this host speaks 1", `{"abi":1,"pure":true}`: "for WebAssembly only", "": "unexpected end"} {
		if err := os.WriteFile(path+native.ManifestSuffix, []byte(manifest), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := NewJudge(t.Context(), parse(t, dir, least+good), JudgeOptions{Dry: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", manifest, err, want)
		}
	}
}
