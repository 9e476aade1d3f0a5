package pluginkit

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "copy the SDK into the templates anew")

// sdkCopies says which files of an SDK go into a project's folder sdk.
var sdkCopies = map[string][]string{
	"go":             {"*.go", "go.mod"},
	"c":              {"*.c", "*.h"},
	"rust":           {"src/*.rs", "Cargo.toml"},
	"assemblyscript": {"*.ts"},
}

// TestSDK: what new writes are the SDKs of this repository.
func TestSDK(t *testing.T) {
	for lang, patterns := range sdkCopies {
		source, copied := "../../sdk/"+lang, "project/"+lang+"/sdk"
		want := map[string][]byte{}
		for _, pattern := range patterns {
			found, err := filepath.Glob(source + "/" + pattern)
			if err != nil || len(found) == 0 {
				t.Fatalf("%s: nothing is %s: %v", source, pattern, err)
			}
			for _, path := range found {
				if strings.HasSuffix(path, "_test.go") {
					continue
				}
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				want[strings.TrimPrefix(path, source+"/")+".txt"] = text
			}
		}
		if *update {
			replaceAll(t, copied, want)
		}
		compareAll(t, copied, want)
	}
}

func replaceAll(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := create(filepath.Join(dir, name), text); err != nil {
			t.Fatal(err)
		}
	}
}

func compareAll(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	there := 0
	if err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			there++
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if there != len(files) {
		t.Errorf("%s has %d files, the SDK %d; run go test ./internal/pluginkit -run SDK -update", dir, there, len(files))
	}
	for name, text := range files {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s in %s is not the SDK's; run go test ./internal/pluginkit -run SDK -update", name, dir)
		}
	}
}

// TestLock: projects in AssemblyScript and the tests have one compiler, and the lock file names no registry.
func TestLock(t *testing.T) {
	for _, name := range []string{"package.json", "package-lock.json"} {
		want, err := os.ReadFile("../../sdk/assemblyscript/" + name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile("project/assemblyscript/" + name + ".txt")
		if err != nil || !bytes.Equal(got, want) || bytes.Contains(got, []byte("://registry")) {
			t.Errorf("project/assemblyscript/%s.txt is not sdk/assemblyscript/%s, or names a registry", name, name)
		}
	}
}

// TestSDKTypes: what new writes for editors is what sdk/js has.
func TestSDKTypes(t *testing.T) {
	want, err := os.ReadFile("../../sdk/js/siogw.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	const copied = "project/js/siogw.d.ts.txt"
	if *update {
		if err := create(copied, want); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(copied); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not sdk/js/siogw.d.ts; run go test ./internal/pluginkit -run SDK -update", copied)
	}
}
