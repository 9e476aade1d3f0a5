package cli

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestWatch: each change leads to a run, also in a folder that came later, and the end of ctx to the end.
func TestWatch(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	dir := t.TempDir()
	ran, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- watch(ctx, func() []string { return []string{dir} }, func() {
			select {
			case ran <- struct{}{}:
			case <-ctx.Done():
			}
		})
	}()
	<-ran
	below := filepath.Join(dir, "below")
	if err := os.Mkdir(below, 0o700); err != nil {
		t.Fatal(err)
	}
	<-ran
	for range 2 {
		if err := os.WriteFile(filepath.Join(below, "a.rego"), []byte("package a"), 0o600); err != nil {
			t.Fatal(err)
		}
		<-ran
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
