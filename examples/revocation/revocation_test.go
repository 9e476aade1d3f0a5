package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/siotest"
	"github.com/siogw/siogw/sdk/native"
)

// started is the plugin, without a process.
func started(t *testing.T, r *redisServer, maxAge string) native.Plugin {
	t.Helper()
	p, err := start([]byte(fmt.Sprintf(`{"redis":%q,"refresh":"20ms","max_age":%q}`, r.url(), maxAge)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.(plugin).Close() })
	return p
}

func decide(p native.Plugin, view string) string {
	v := p.Decide(nil, []byte(view)) //nolint:staticcheck // it looks at none
	return strings.TrimSpace(v.Effect + " " + v.Error)
}

func TestDecide(t *testing.T) {
	r := startRedis(t)
	r.change(time.Now().Add(time.Hour), "sub:ann", "jti:7", "session:s1")
	r.change(time.Now().Add(-time.Hour), "sub:old")
	p := started(t, r, "1m")
	for view, want := range map[string]string{
		`["ann",null,"s2"]`: "deny",
		`["bob","7","s2"]`:  "deny",
		`["bob","8","s1"]`:  "deny",
		`["bob","8","s2"]`:  "allow",
		`["old",null,"s2"]`: "allow",
		`["",null,null]`:    "allow",
		`["s1","ann","7"]`:  "allow",
	} {
		if got := decide(p, view); got != want {
			t.Errorf("%s: %s, want %s", view, got, want)
		}
	}
	if got := decide(p, `{}`); !strings.Contains(got, "cannot unmarshal") {
		t.Error(got)
	}
	r.change(time.Now().Add(time.Hour), "sub:bob")
	until(t, "bob is revoked", func() bool { return decide(p, `["bob","8","s2"]`) == "deny" })
	r.change(time.Time{}, "sub:bob")
	until(t, "bob is restored", func() bool { return decide(p, `["bob","8","s2"]`) == "allow" })
}

// TestRedisGone: without the list nobody passes; when it is back, everybody else does.
func TestRedisGone(t *testing.T) {
	r := startRedis(t)
	p := started(t, r, "200ms")
	if got := decide(p, `["bob",null,"s"]`); got != "allow" {
		t.Fatal(got)
	}
	r.stop()
	until(t, "it fails", func() bool { return strings.Contains(decide(p, `["bob",null,"s"]`), errStale.Error()) })
	if got := decide(p, `["",null,null]`); !strings.Contains(got, errStale.Error()) {
		t.Error("somebody without a name:", got)
	}
	r.start()
	until(t, "it works again", func() bool { return decide(p, `["bob",null,"s"]`) == "allow" })
}

func TestRefused(t *testing.T) {
	for config, want := range map[string]string{
		`{"redis":"http://x"}`:                           "invalid URL scheme",
		`{"redis":"redis://127.0.0.1:1","refresh":"x"}`:  "invalid duration",
		`{"redis":"redis://127.0.0.1:1","refresh":"1m"}`: "refresh <= max_age",
		`{"redis":"redis://127.0.0.1:1"}`:                "connection refused",
		`{"redis":7}`:                                    "cannot unmarshal",
	} {
		if _, err := start([]byte(config)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", config, err, want)
		}
	}
	for _, args := range [][]string{{"revoke"}, {"forget", "sub:a"}, {"revoke", "ann"}, {"revoke", "sub:"}, {"revoke", "-x"}} {
		if err := admin(args); err == nil {
			t.Errorf("%v passes", args)
		}
	}
}

const secret = "0123456789abcdef0123456789abcdef"

// throughGateway starts Redis, a server, and siogw with the files of this folder.
func throughGateway(t *testing.T) (r *redisServer, address, program string) {
	r = startRedis(t)
	server := httptest.NewServer(&siotest.Server{})
	t.Cleanup(server.Close)
	dir := t.TempDir()
	address, program = freeAddress(t), build(t, dir, "revocation", ".", ".")
	siogw := build(t, dir, "siogw", "./cmd/siogw", "../..")
	copyFile(t, "revocation.manifest.json", filepath.Join(dir, "revocation.manifest.json"))
	copyFile(t, "policy.rego", filepath.Join(dir, "policy.rego"))
	config, err := os.ReadFile("siogw.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("127.0.0.1:8080", address, "127.0.0.1:9090", freeAddress(t), "http://127.0.0.1:3000", server.URL,
		"redis://127.0.0.1:6379/0", r.url(), strings.Repeat("0", 64), sum(t, program)).Replace(string(config))
	for name, text := range map[string]string{"siogw.yaml": text, "jwt.secret": secret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := startGateway(t, siogw, dir, address)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(said)
		}
	})
	return r, address, program
}

// TestThroughGateway: an admin revokes users who are connected, and their next packets are refused; the plugin's process is
// killed, and comes back with the list.
func TestThroughGateway(t *testing.T) {
	r, address, program := throughGateway(t)
	bob := enter(t, address, "bob")
	if got := ask(bob, 1); got != "431[1]" {
		t.Fatalf("before: %s", got)
	}
	t.Run("socket.io-client", func(t *testing.T) {
		ann := startUser(t, address, token("ann"))
		ann.expect("answered")
		if err := admin([]string{"revoke", "-redis", r.url(), "sub:ann"}); err != nil {
			t.Fatal(err)
		}
		ann.expect("refused: revoked")
		startUser(t, address, token("ann")).expect("connect_error: revoked")
		if err := admin([]string{"restore", "-redis", r.url(), "sub:ann"}); err != nil {
			t.Fatal(err)
		}
		ann.expect("answered")
	})
	carol := enter(t, address, "carol")
	r.change(time.Now().Add(time.Hour), "sub:carol")
	n := 1
	until(t, "carol is refused", func() bool { n++; return strings.Contains(ask(carol, n), `"code":"revoked"`) })
	if got := ask(bob, 2); got != "432[2]" {
		t.Errorf("bob: %s", got)
	}
	if err := syscall.Kill(child(t, program), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	n = 2
	until(t, "bob is refused while the plugin is down", func() bool { n++; return strings.Contains(ask(bob, n), `"code":117`) })
	until(t, "bob passes again", func() bool { n++; return ask(bob, n) == fmt.Sprintf("43%d[%d]", n, n) })
	if got := ask(carol, 1000); !strings.Contains(got, `"code":"revoked"`) {
		t.Errorf("carol: %s", got)
	}
}

func token(sub string) string {
	return siotest.Token(secret, fmt.Sprintf(`{"sub":%q,"exp":%d}`, sub, time.Now().Add(time.Hour).Unix()))
}

// enter connects as sub.
func enter(t *testing.T, address, sub string) *siotest.Client {
	t.Helper()
	c := siotest.NewClient(t, "http://"+address, nil)
	c.Put(`40{"token":"` + token(sub) + `"}`)
	if got := c.Next().String(); !strings.HasPrefix(got, `40{"sid"`) {
		t.Fatalf("connect: %s", got)
	}
	return c
}

// ask sends one event and gives the answer.
func ask(c *siotest.Client, i int) string {
	c.Put(fmt.Sprintf(`42%d["echo",%d]`, i, i))
	return c.Next().String()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
