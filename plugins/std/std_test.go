package std_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/siogw/siogw/plugins/std"
)

func TestOpen(t *testing.T) {
	for _, name := range []string{"file-type", "html-sanitizer", "injection", "secrets"} {
		if !slices.Contains(std.Names(), name) {
			t.Fatalf("there are %v, and no %s", std.Names(), name)
		}
	}
	for _, name := range std.Names() {
		wasm, manifest, err := std.Open(name)
		if err != nil || !bytes.HasPrefix(wasm, []byte("\x00asm")) || len(manifest) == 0 {
			t.Errorf("%s: %d bytes, manifest of %d, %v", name, len(wasm), len(manifest), err)
		}
	}
	for _, name := range []string{"", ".", "bin", "../std", "html-sanitizer/..", "nothing"} {
		if _, _, err := std.Open(name); err == nil || !strings.Contains(err.Error(), "html-sanitizer") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
