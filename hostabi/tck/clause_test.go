package tck_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/siogw/siogw/hostabi/tck"
)

// untested are the clauses that no module alone can show, and what does.
var untested = map[string]string{
	"2.4": "the race detector over hostabi's tests",
	"4.6": "the gateway's own parser: no such JSON reaches a host", "6.10": "hostabi.TestStoreIsShared and its neighbours", "7.5": "hostabi's tests of what is logged",
	"7.6": "hostabi's tests of what is logged", "7.9": "plugins/wasm.TestLogIsLimited", "7.13": "internal/kv: it takes time",
	"8.2": "the reasons of every case", "8.3": "the cases of 2.11", "8.4": "grow-fails of 7.1", "8.5": "plugins/wasm.TestOutOfService", "8.6": "every case that breaks something",
	"8.7": "all of the cases", "8.8": "all of the checks",
	"11.1": "manifest-abi of 3.2", "11.2": "a promise", "11.3": "the cases of 3.2 and 6.1", "11.4": "a promise", "11.5": "a promise", "11.6": "TestClauses",
}

// TestClauses: what is cited stands in ABI.md, in its order and once; and each clause there is tested, or said to be elsewhere.
func TestClauses(t *testing.T) {
	text, err := os.ReadFile("../ABI.md")
	if err != nil {
		t.Fatal(err)
	}
	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`\*\*(\d+\.\d+)\*\* `).FindAllStringSubmatch(string(text), -1) {
		if defined[m[1]] && m[1] != "2.10" { // which the introduction shows
			t.Errorf("%s is there twice", m[1])
		}
		defined[m[1]] = true
	}
	if len(defined) < 80 {
		t.Fatalf("%d clauses", len(defined))
	}
	tested := map[string]bool{}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"ABI-(\d+\.\d+)"`).FindAllStringSubmatch(string(source), -1) {
			tested[m[1]] = true
		}
	}
	suite, err := tck.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range suite.Cases {
		tested[strings.TrimPrefix(c.Clause, "ABI-")] = true
	}
	for clause := range tested {
		if !defined[clause] {
			t.Errorf("ABI-%s is tested, and not there", clause)
		}
	}
	for clause := range defined {
		if !tested[clause] && untested[clause] == "" {
			t.Errorf("ABI-%s is not tested", clause)
		}
	}
	for clause := range untested {
		if !defined[clause] || tested[clause] {
			t.Errorf("ABI-%s: defined %t, tested %t", clause, defined[clause], tested[clause])
		}
	}
}
