package tck_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siogw/siogw/hostabi/tck"
)

var update = flag.Bool("update", false, "write the files of host/ anew")

// TestHostFiles: the committed modules and cases.json are what the tables of this package make, byte for byte, and no others
// are there. With -update it writes them.
func TestHostFiles(t *testing.T) {
	want := map[string][]byte{}
	suite := tck.Suite{ABI: 1}
	names := map[string]bool{}
	for _, h := range hostCases() {
		c := h.Case
		if names[c.Name] {
			t.Fatalf("%s twice", c.Name)
		}
		names[c.Name] = true
		wasm := h.m.Binary()
		sum := sha256.Sum256(wasm)
		c.SHA256 = hex.EncodeToString(sum[:])
		c.Module = c.Name + ".wasm"
		want[c.Module], want[c.Name+".wat"] = wasm, []byte(";; "+c.Clause+": "+c.About+"\n"+h.m.Text())
		if c.Memory == 0 {
			c.Memory = 1 << 20
		}
		if c.Timeout == 0 {
			c.Timeout = 10_000 // patience: no clause but those about time is tested by it
		}
		suite.Cases = append(suite.Cases, c)
	}
	want["cases.json"] = lines(t, &suite)
	if *update {
		write(t, want)
		return
	}
	entries, err := os.ReadDir("host")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok && !strings.HasSuffix(e.Name(), ".md") {
			t.Errorf("%s is of no case", e.Name())
		}
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join("host", name))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s is not what the table makes (%v): go test ./hostabi/tck -run HostFiles -update", name, err)
		}
	}
}

// lines writes a case a line: JSON that is spread would be other bytes to guests that compare them.
func lines(t *testing.T, suite *tck.Suite) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"abi":%d,"cases":[`, suite.ABI)
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i, c := range suite.Cases {
		b.WriteString(",\n"[min(1-min(i, 1), 1):])
		if err := e.Encode(c); err != nil {
			t.Fatal(err)
		}
		b.Truncate(b.Len() - 1) // its new line
	}
	b.WriteString("\n]}\n")
	return b.Bytes()
}

func write(t *testing.T, files map[string][]byte) {
	for _, pattern := range []string{"host/*.wasm", "host/*.wat"} {
		old, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range old {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join("host", name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
