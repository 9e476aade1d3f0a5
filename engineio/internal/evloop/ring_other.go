//go:build linux && !race && !amd64 && !arm64

package evloop

import "syscall"

const worthwhile = 2

// ring is not there: its layout and numbers are known of the other machines only.
type ring struct{ res outcomes }

func openRing() (*ring, error)   { return nil, syscall.ENOSYS }
func (*ring) close()             {}
func (*ring) recv(int32, []byte) {}
func (*ring) send(int32, []byte) {}
func (*ring) run() bool          { return false }
