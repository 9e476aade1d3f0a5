package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestInterruptedStart: who interrupts a start is told so, and not of what was being loaded then.
func TestInterruptedStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "siogw.yaml")
	text := "listen: 127.0.0.1:0\nupstream: { url: http://127.0.0.1:1 }\nplugins: [{ name: s, source: std:secrets }]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if err := run(ctx, &streams{nil, &out, &out}, &source{file: file}); !errors.Is(err, errStopped) {
		t.Errorf("%v: want %v", err, errStopped)
	}
}
