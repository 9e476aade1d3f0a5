// Package proctest is what tests that run whole processes have in common: the gateway's binary, addresses, and what
// processes say.
package proctest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// maxSaid is what is kept of one process, in bytes.
const maxSaid = 64 << 10

// Output keeps the first 64 KiB of what is written. The zero value is ready for use, by several at once.
type Output struct {
	mu   sync.Mutex
	text []byte
}

// Write keeps what still fits, and never fails.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p[:min(len(p), maxSaid-len(o.text))]...)
	return len(p), nil
}

// String gives what was kept so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// Environment is this process's without what begins with SIOGW_: the gateway takes it for its own, and refuses what is said
// to tests.
func Environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SIOGW_") })
}

// FreeAddress gives an address of loopback where nobody listens.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Listens reports whether somebody does at address.
func Listens(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

var build struct {
	sync.Once
	dir string
	out []byte
	err error
}

// Gateway gives the binary of cmd/siogw, built once, in a folder of its own that [Clean] removes. SIOGW_BINARY names another
// one to test.
func Gateway(tb testing.TB) string {
	tb.Helper()
	build.Do(func() {
		if build.dir, build.err = os.MkdirTemp("", "siogw-test-"); build.err != nil {
			return
		}
		if binary := os.Getenv("SIOGW_BINARY"); binary != "" {
			build.err = os.Symlink(binary, filepath.Join(build.dir, "siogw"))
			return
		}
		build.out, build.err = exec.Command("go", "build", "-o", filepath.Join(build.dir, "siogw"), "github.com/siogw/siogw/cmd/siogw").CombinedOutput()
	})
	if build.err != nil {
		tb.Fatalf("build the gateway: %v\n%s", build.err, build.out)
	}
	return filepath.Join(build.dir, "siogw")
}

// Clean is for the end of TestMain.
func Clean() {
	if build.dir != "" {
		_ = os.RemoveAll(build.dir)
	}
}
