package std_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/siogw/siogw/plugins/std"
)

func TestOpen(t *testing.T) {
	if !slices.Contains(std.Names(), "html-sanitizer") {
		t.Fatalf("there are %v", std.Names())
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
