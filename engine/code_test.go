package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The page that people look reasons up in lists every code, with its words.
func TestReasonsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/reasons.md")
	if err != nil {
		t.Fatal(err)
	}
	for code, text := range codeTexts {
		if !strings.Contains(string(page), fmt.Sprintf("| %d | %s |", int(code), text)) {
			t.Errorf("docs/reasons.md does not list %d, %s", int(code), text)
		}
	}
}
