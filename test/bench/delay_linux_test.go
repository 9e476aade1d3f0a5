package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// TestTinyDelay measures each slowness once, for as long as it takes to see that all figures come.
func TestTinyDelay(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := measureDelays(t.Context(), &settings{clients: 2, rounds: 1, length: 200 * time.Millisecond, rate: 200, binary: self}, &out); err != nil {
		t.Fatal(err)
	}
	for _, one := range slownesses {
		if !strings.Contains(out.String(), one.title) {
			t.Errorf("no %q in\n%s", one.title, out.String())
		}
	}
}
