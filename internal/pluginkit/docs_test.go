package pluginkit

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDocs: the fixtures that docs/plugins.md shows hold for the plugin that New makes.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/plugins.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(text), "```yaml\nconfig:")
	block, _, closed := strings.Cut(block, "```")
	if !ok || !closed {
		t.Fatal("there are no fixtures")
	}
	list := cases(t, "config:"+block)
	dir := filepath.Join(t.TempDir(), "quiet")
	if _, err := New(dir, Project{Lang: "go"}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "off")
	m, err := Build(context.Background(), dir, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := Test(context.Background(), m, list, Options{Timeout: 10 * time.Second})
	if err != nil || len(outcomes) != 6 {
		t.Fatalf("%d outcomes: %v", len(outcomes), err)
	}
	for _, o := range outcomes {
		if !o.OK {
			t.Errorf("%s: %q", o.Name, o.Diff)
		}
	}
}
