//go:build unix

package cli

import (
	"syscall"
	"testing"
)

func TestOnHangup(t *testing.T) {
	did := make(chan struct{})
	stop := onHangup(func() { did <- struct{}{} })
	for range 2 {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		<-did
	}
	stop()
}
