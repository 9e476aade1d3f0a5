package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWatch: each change leads to a run, also in a folder that came later, and the end of ctx to the end.
func TestWatch(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	dir := t.TempDir()
	ran, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- watchFolders(ctx, func() []string { return []string{dir} }, func() {
			select {
			case ran <- struct{}{}:
			case <-ctx.Done():
			}
		})
	}()
	<-ran
	below := filepath.Join(dir, "below")
	if err := os.Mkdir(below, 0o700); err != nil {
		t.Fatal(err)
	}
	<-ran
	for range 2 {
		if err := os.WriteFile(filepath.Join(below, "a.rego"), []byte("package a"), 0o600); err != nil {
			t.Fatal(err)
		}
		<-ran
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// said passes on what is written, line by line.
type said chan string

func (s said) Write(b []byte) (int, error) {
	for l := range strings.Lines(string(b)) {
		s <- l
	}
	return len(b), nil
}

func (s said) until(t *testing.T, want string) {
	t.Helper()
	for l := range s {
		if strings.Contains(l, want) {
			return
		}
	}
	t.Fatalf("%q is never said", want)
}

// TestWatchTests: siogw test --watch goes on after failures and mistakes.
func TestWatchTests(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const config = "upstream: { url: http://127.0.0.1:3000 }\n"
	cases := func(effect string) string {
		return "cases: [{ name: x, when: { kind: event, event: e }, then: { effect: " + effect + " } }]"
	}
	write("siogw.yaml", config)
	write("a.test.yaml", cases("allow"))
	ctx, stop := context.WithCancel(t.Context())
	out := make(said, 100)
	cmd := root(&streams{nil, out, out})
	cmd.SetArgs([]string{"test", "-c", filepath.Join(dir, "siogw.yaml"), "--watch"})
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx); close(out) }()
	for _, step := range []struct{ name, text, want string }{
		{"a.test.yaml", cases("deny"), "0 passed, 1 failed"},
		{"siogw.yaml", config + "nonsense: 1\n", "nonsense: unknown key"},
		{"a.test.yaml", cases("allow"), "nonsense: unknown key"},
		{"siogw.yaml", config, "1 passed, 0 failed"},
	} {
		out.until(t, "waiting for changes")
		write(step.name, step.text)
		out.until(t, step.want)
	}
	out.until(t, "waiting for changes")
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
