package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// user is a socket.io-client in a process of its own.
type user struct {
	t     *testing.T
	lines chan string
}

// startUser connects a real client; it skips the test where there is none, unless all that tests need must be there.
func startUser(t *testing.T, address, token string) *user {
	t.Helper()
	library, err := filepath.Abs("../../test/interop/node_modules/socket.io-client")
	if err != nil {
		t.Fatal(err)
	}
	_, errNode := exec.LookPath("node")
	if _, err := os.Stat(library); err != nil || errNode != nil {
		if os.Getenv("SIOGW_REQUIRE_INTEROP") != "" {
			t.Fatal("needs node and socket.io-client", err, errNode)
		}
		t.Skip("needs node and socket.io-client: scripts/setup.sh")
	}
	cmd := exec.Command("node", "testdata/client.cjs", "http://"+address, token, library)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	u := &user{t, make(chan string, 100)}
	go func() {
		defer close(u.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			u.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		for range u.lines { // till its end
		}
		cmd.Wait()
	})
	return u
}

// expect waits for what the client sees next.
func (u *user) expect(want string) {
	u.t.Helper()
	select {
	case got := <-u.lines:
		if got != want {
			u.t.Fatalf("the client saw %q, want %q", got, want)
		}
	case <-time.After(patience):
		u.t.Fatalf("the client does not see %q", want)
	}
}
