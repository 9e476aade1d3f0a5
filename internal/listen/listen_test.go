package listen

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOpenTCP(t *testing.T) {
	l, err := Open("127.0.0.1:0", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := Open(l.Addr().String(), 0); err == nil || err.Error() != l.Addr().String()+" is in use by another process" {
		t.Errorf("a second time: %v", err)
	}
}

func TestOpenUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	address := "unix:" + path
	l, err := Open(address, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if _, err := Open(address, 0o600); err == nil || err.Error() != address+" is in use by another process" {
		t.Errorf("a second time: %v", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // as after a crash
	l.Close()
	again, err := Open(address, 0o660)
	if err != nil {
		t.Fatalf("a stale socket: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	again.Close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket stays: %v", err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(address, 0o600); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("a file: %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "precious" {
		t.Errorf("a file was touched: %q %v", data, err)
	}
}

func TestContains(t *testing.T) {
	networks := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fe80::/10"), Unix}
	for _, c := range []struct {
		peer net.Addr
		want bool
	}{
		{&net.TCPAddr{IP: net.ParseIP("10.1.2.3")}, true},
		{&net.TCPAddr{IP: net.ParseIP("::ffff:10.1.2.3")}, true},
		{&net.TCPAddr{IP: net.ParseIP("11.1.2.3")}, false},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, true},
		{&net.TCPAddr{IP: net.ParseIP("::1")}, false},
		{&net.UnixAddr{Name: "@"}, true},
		{&net.IPAddr{IP: net.ParseIP("10.1.2.3")}, false},
	} {
		if got := contains(networks, c.peer); got != c.want {
			t.Errorf("%v: %v", c.peer, got)
		}
	}
	if contains(networks[:2], &net.UnixAddr{}) || contains(networks[2:], &net.TCPAddr{IP: net.ParseIP("10.1.2.3")}) {
		t.Error("Unix sockets and addresses are mixed up")
	}
}
