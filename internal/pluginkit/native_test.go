package pluginkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const nativeMain = `package main

import (
	"context"
	_ "embed"
	"errors"
	"strings"

	"github.com/siogw/siogw/sdk/native"
)

//go:embed quiet.manifest.json
var manifest []byte

func main() { native.Serve(manifest, start) }

func start(config []byte) (native.Plugin, error) {
	if string(config) != "{}" {
		return nil, errors.New("nothing to configure")
	}
	return native.Func(func(ctx context.Context, view []byte) native.Verdict {
		if strings.Contains(string(view), "darn") {
			return native.Deny("word", "not that word")
		}
		return native.Allow()
	}), nil
}
`

// TestNative builds the program of the SDK's README, and runs fixtures and the benchmark on it.
func TestNative(t *testing.T) {
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"main.go": nativeMain, "quiet.manifest.json": `{ "abi": 1, "name": "quiet", "view": "args", "kinds": ["event"] }`,
		"cases.yaml": "cases:\n- { name: a, args: [darn it], want: { effect: deny, code: word } }\n- { name: b, args: [hello], want: { effect: allow } }\n" +
			"- { name: c, args: [hello], want: { effect: deny } }\n- { name: d, args: [x], config: { a: 1 }, want: { error: nothing to configure } }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "quiet")
	cmd := exec.Command("go", "build", "-o", program, filepath.Join(dir, "main.go"))
	cmd.Dir = root // whose module has the SDK
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m, err := Open("native:" + program)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := ReadFixtures(filepath.Join(dir, "cases.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{Timeout: 10 * time.Second}
	outcomes, err := Test(t.Context(), m, cases, opt)
	if err != nil {
		t.Fatal(err)
	}
	for i, ok := range []bool{true, true, false, true} {
		if outcomes[i].OK != ok {
			t.Errorf("%+v", outcomes[i])
		}
	}
	b, err := Measure(t.Context(), m, cases[0].Input, opt, 10*time.Millisecond)
	if err != nil || b.Effect != "deny" || b.Calls == 0 {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := Inspect(m); err == nil || !strings.Contains(err.Error(), m.SHA256()) {
		t.Error(err)
	}
	if _, err := Open("native:" + filepath.Join(dir, "gone")); err == nil {
		t.Error("a program that is not there")
	}
}
