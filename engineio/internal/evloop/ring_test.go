//go:build linux && (amd64 || arm64) && !race

package evloop

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

// needRing opens a ring; where the kernel has none for us there is nothing to test.
func needRing(t *testing.T) *ring {
	t.Helper()
	r, err := openRing()
	if errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EPERM) {
		t.Skip("no io_uring here:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Calls are made in order, none of them waits, and each has its own outcome, round after round of the queues.
func TestRing(t *testing.T) {
	r := needRing(t)
	defer r.close()
	a, b := pair(t)
	defer syscall.Close(a)
	if err := syscall.SetNonblock(b, true); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 10)
	for n := range 3 * together {
		text := strings.Repeat("x", n%9+1)
		r.recv(int32(a), buf)
		r.send(int32(b), []byte(text))
		r.recv(int32(a), buf)
		r.send(-1, []byte(text))
		if !r.run() {
			t.Fatal("the kernel took less")
		}
		want := []int32{-int32(syscall.EAGAIN), int32(len(text)), int32(len(text)), -int32(syscall.EBADF)}
		for i, w := range want {
			if r.res[i] != w {
				t.Fatalf("round %d: %v", n, r.res[:4])
			}
		}
		if string(buf[:len(text)]) != text {
			t.Fatalf("%q", buf)
		}
	}
	for range together {
		r.send(int32(b), []byte("y"))
	}
	if !r.run() {
		t.Fatal("the kernel took less than fits")
	}
	syscall.Close(b)
	r.send(int32(a), []byte("nobody")) // and no signal
	r.recv(int32(a), make([]byte, 100))
	r.recv(int32(a), buf)
	if !r.run() || r.res[0] != -int32(syscall.EPIPE) || r.res[1] != together || r.res[2] != 0 {
		t.Fatal(r.res[:3])
	}
}

// A ring that fails, when reading or when writing, is given up; nothing is lost.
func TestBrokenRing(t *testing.T) {
	needRing(t).close()
	null, err := syscall.Open("/dev/null", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(null)
	for name, at := range map[string]int{"reading": 0, "writing": 1} {
		t.Run(name, func(t *testing.T) {
			g := blind(1)
			all, fds := several(t, g, 5)
			release := held(t, g)
			l := g.loops[0]
			spoil := func() {
				if err := syscall.Dup3(null, l.ring.fd, syscall.O_CLOEXEC); err != nil {
					t.Error(err)
				}
			}
			if at == 0 {
				spoil()
			} else {
				all[0].first = spoil
			}
			for _, fd := range fds {
				send(t, fd, "hello")
			}
			release()
			for i, fd := range fds {
				hear(t, fd, "hello")
				ask(t, fd, "again")
				end(t, all[i], fd)
			}
			if got := g.Joint(); got == 0 {
				t.Error("the ring was not used")
			}
		})
	}
}
