package pluginkit

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestScriptProject: a new project in JavaScript passes its tests as it is.
func TestScriptProject(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "quiet")
	if _, err := New(dir, Project{Lang: "js"}); err != nil {
		t.Fatal(err)
	}
	ctx, cache := context.Background(), t.TempDir()
	m, err := Build(ctx, dir, io.Discard)
	if err != nil || m.Name != "quiet" {
		t.Fatalf("%+v %v", m, err)
	}
	cases, err := ReadFixtures(filepath.Join(dir, "fixtures"))
	if err != nil || len(cases) == 0 {
		t.Fatal(err)
	}
	open, err := Open(filepath.Join(dir, scriptFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Module{m, open} {
		outcomes, err := Test(ctx, m, cases, Options{Timeout: 10 * time.Second, CacheDir: cache})
		if err != nil || len(outcomes) != len(cases) {
			t.Fatal(err)
		}
		for _, o := range outcomes {
			if !o.OK {
				t.Errorf("%s: %q", o.Name, o.Diff)
			}
		}
	}
	if m.SHA256() == open.SHA256() {
		t.Error("the checksums of file and module are the same")
	}
}

func TestInspectScript(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	m, err := Open(write("a.mjs", "export const manifest = { view: 'strings', kinds: ['emit'] }; export default () => {}"))
	if err != nil {
		t.Fatal(err)
	}
	i, err := Inspect(m)
	if err != nil || !i.Guest || i.ManifestFrom != "program" || i.Manifest.View != "strings" || i.Name != "a" {
		t.Errorf("%+v %v", i, err)
	}
	if m, err = Open(write("b.js", "export default () => {\n  let = 1\n}")); err != nil {
		t.Fatal(err)
	}
	if i, err = Inspect(m); err != nil || i.Guest || !strings.Contains(i.Problem, "b.js:2:") {
		t.Errorf("%+v %v", i, err)
	}
	if err := m.PackScript(); err == nil || !strings.Contains(err.Error(), "b.js:2:") {
		t.Error(err)
	}
	if m, err = Open(write("ä.js", "export default () => {}")); err != nil {
		t.Fatal(err)
	}
	if err := m.PackScript(); err == nil || !strings.HasPrefix(err.Error(), "manifest: name: ") {
		t.Error(err)
	}
}
