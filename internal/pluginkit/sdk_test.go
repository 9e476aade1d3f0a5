package pluginkit

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "copy the SDK into the templates anew")

const (
	sdkSource = "../../sdk/go"
	sdkCopy   = "project/go/sdk"
)

// TestSDK: what new writes is the SDK of this repository.
func TestSDK(t *testing.T) {
	want := sdkFiles(t)
	if *update {
		copySDK(t, want)
	}
	copied, err := filepath.Glob(sdkCopy + "/*.txt")
	if err != nil || len(copied) != len(want) {
		t.Errorf("%d files are copied, %d are there; run go test ./internal/pluginkit -run SDK -update", len(copied), len(want))
	}
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(sdkCopy, name+".txt")); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s is not what is in %s; run go test ./internal/pluginkit -run SDK -update", name, sdkSource)
		}
	}
}

func sdkFiles(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(sdkSource + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, path := range append(names, sdkSource+"/go.mod") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		if files[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func copySDK(t *testing.T, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(sdkCopy); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := create(filepath.Join(sdkCopy, name+".txt"), text); err != nil {
			t.Fatal(err)
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
