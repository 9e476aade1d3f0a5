package pluginkit

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestNew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "quiet")
	names, err := New(dir, Project{Lang: "go"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".gitignore", "README.md", "fixtures/messages.yaml", "go.mod", "main.go", "main_test.go", "manifest.json", "sdk/go.mod", "sdk/siogw.go"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !slices.Contains(names, name) || strings.Contains(string(text), "<<") && !strings.HasPrefix(name, "sdk/") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(dir, Project{Lang: "go"}); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("into a folder that is not empty: %v", err)
	}
}

// TestNewSDK: with an SDK of the author's there is no copy, and go.mod names it from where the project is.
func TestNewSDK(t *testing.T) {
	tmp := t.TempDir()
	dir, sdk := filepath.Join(tmp, "a", "quiet"), filepath.Join(tmp, "sdk")
	if _, err := New(dir, Project{Lang: "go", SDK: sdk}); err == nil {
		t.Error("an SDK that is not there is taken")
	}
	if err := create(filepath.Join(sdk, "go.mod"), nil); err != nil {
		t.Fatal(err)
	}
	names, err := New(dir, Project{Lang: "go", Name: "loud", SDK: sdk})
	if err != nil || slices.Contains(names, "sdk/go.mod") {
		t.Fatalf("%v %v", names, err)
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !strings.Contains(string(mod), "=> ./../../sdk\n") || !strings.HasPrefix(string(mod), "module example.com/loud\n") {
		t.Errorf("%s %v", mod, err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, lang := range []string{"", "cobol", "..", "go/sdk"} {
		if _, err := New(t.TempDir(), Project{Lang: lang}); !errors.Is(err, ErrLanguage) {
			t.Errorf("language %q: %v", lang, err)
		}
	}
	for _, name := range []string{"a b", "-a", "a/b", "ä", strings.Repeat("x", 65)} {
		dir := t.TempDir()
		if _, err := New(dir, Project{Lang: "go", Name: name}); err == nil || !strings.HasPrefix(err.Error(), "name: ") {
			t.Errorf("name %q: %v", name, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("name %q leaves %v %v", name, left, err)
		}
	}
}
