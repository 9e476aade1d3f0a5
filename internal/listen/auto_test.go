package listen

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/proctest"
)

// issuance bounds what an authority takes to issue a certificate, on a busy machine.
const issuance = time.Minute

// pebble is Let's Encrypt's server for tests, with a name server that answers 127.0.0.1 to everything.
type pebble struct {
	directory, management string
	stop                  func()
}

// startPebble starts both; they validate by TLS-ALPN-01 at port.
func startPebble(t *testing.T, a *authority, port int) *pebble {
	t.Helper()
	dir := t.TempDir()
	tools := filepath.Join(dir, "bin") + "/"
	build := exec.Command("go", "build", "-C", "testdata/pebble", "-o", tools,
		"github.com/letsencrypt/pebble/v2/cmd/pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv")
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("SIOGW_REQUIRE_INTEROP") == "1" {
			t.Fatalf("build pebble: %v\n%s", err, out)
		}
		t.Skipf("build pebble: %v", err)
	}
	cert, key := a.sign(t, "pebble", time.Now().Add(time.Hour))
	write(t, dir+"/c.pem", cert)
	write(t, dir+"/k.pem", key)
	names, listen, management := proctest.FreeAddress(t), proctest.FreeAddress(t), proctest.FreeAddress(t)
	conf, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": management, "certificate": dir + "/c.pem", "privateKey": dir + "/k.pem",
		"tlsPort": port, "retryAfter": map[string]int{"authz": 1, "order": 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/pebble.json", conf)
	stopNames := run(t, tools+"pebble-challtestsrv", "-dnsserver", names, "-doh", "", "-http01", "", "-https01", "", "-tlsalpn01", "",
		"-management", proctest.FreeAddress(t), "-defaultIPv6", "")
	stopAuthority := run(t, tools+"pebble", "-strict", "-config", dir+"/pebble.json", "-dnsserver", names)
	_, listenPort, err := net.SplitHostPort(listen)
	if err != nil {
		t.Fatal(err)
	}
	return &pebble{directory: "https://localhost:" + listenPort + "/dir", management: "https://localhost:" + management[len("127.0.0.1:"):],
		stop: func() { stopAuthority(); stopNames() }}
}

// run starts a program; stop, which is also called at the end of the test, ends it.
func run(t *testing.T, name string, args ...string) (stop func()) {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), said.String())
		}
	})
	t.Cleanup(stop)
	return stop
}

// root waits till the authority answers, and gives its root certificate.
func (p *pebble) root(t *testing.T, a *authority) *x509.CertPool {
	t.Helper()
	conf := a.client()
	conf.ServerName, conf.NextProtos = "", nil
	c := http.Client{Transport: &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true}}
	for deadline := time.Now().Add(issuance); ; time.Sleep(10 * time.Millisecond) {
		resp, err := c.Get(p.management + "/roots/0")
		if err == nil {
			defer resp.Body.Close()
			data, err := io.ReadAll(resp.Body)
			pool := x509.NewCertPool()
			if err != nil || !pool.AppendCertsFromPEM(data) {
				t.Fatalf("%v %s", err, data)
			}
			return pool
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestAutomaticCertificates fetches one from an authority that validates it, and takes it from the cache when
// there is no authority any more. The listener asks clients for certificates, which the authority has none of.
func TestAutomaticCertificates(t *testing.T) {
	a, f := newAuthority(t, "root"), newFiles(t)
	write(t, f.ca, a.pem)
	pair, err := tls.X509KeyPair(a.sign(t, "client", time.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(proctest.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	var number int
	if _, err := fmt.Sscan(port, &number); err != nil {
		t.Fatal(err)
	}
	p := startPebble(t, a, number)
	roots := p.root(t, a)
	load := func() *Certificates {
		m, err := NewAuto(AutoOptions{Domains: []string{"chat.example.com"}, Cache: filepath.Join(f.dir, "cache"), Email: "ops@example.com",
			Directory: p.directory, DirectoryCAFile: f.ca})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(m.Client.HTTPClient.CloseIdleConnections)
		c, err := LoadCertificates(TLSOptions{Auto: m, ClientCAFile: f.ca, HTTP2: true})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	dial := func(address, name string) (*tls.Conn, error) {
		conf := &tls.Config{RootCAs: roots, ServerName: name, NextProtos: []string{"h2", "http/1.1"},
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }}
		return tls.DialWithDialer(&net.Dialer{Timeout: issuance}, "tcp", address, conf)
	}
	address := echoTLSAt(t, load(), "127.0.0.1:"+port)
	conn, err := dial(address, "chat.example.com")
	if err != nil {
		t.Fatal(err)
	}
	first := conn.ConnectionState().PeerCertificates[0]
	if err := talk(conn); err != nil {
		t.Error(err)
	}
	conn.Close()
	if conn, err := dial(address, "other.example.com"); err == nil {
		conn.Close()
		t.Error("a name that is not configured has a certificate")
	}
	if info, err := os.Stat(filepath.Join(f.dir, "cache")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cache: %v %v", info, err)
	}
	p.stop()
	again, err := dial(echoTLS(t, load()), "chat.example.com")
	if err != nil {
		t.Fatalf("from the cache: %v", err)
	}
	defer again.Close()
	if !again.ConnectionState().PeerCertificates[0].Equal(first) {
		t.Error("from the cache comes another certificate")
	}
}

func TestAutoErrors(t *testing.T) {
	f := newFiles(t)
	write(t, f.ca, []byte("no PEM"))
	for _, path := range []string{f.ca, f.dir + "/none"} {
		if _, err := NewAuto(AutoOptions{Domains: []string{"h.example"}, DirectoryCAFile: path}); err == nil {
			t.Errorf("%s is taken", path)
		}
	}
}

// TestValidationNeedsNoCertificate: only who comes for the validation alone is not asked, and gets no further.
func TestValidationNeedsNoCertificate(t *testing.T) {
	a, f := newAuthority(t, "root"), newFiles(t)
	write(t, f.ca, a.pem)
	m, err := NewAuto(AutoOptions{Domains: []string{"h.example"}, Cache: f.dir})
	if err != nil {
		t.Fatal(err)
	}
	c, err := LoadCertificates(TLSOptions{Auto: m, ClientCAFile: f.ca})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		protocols []string
		want      tls.ClientAuthType
	}{
		{[]string{"acme-tls/1"}, tls.NoClientCert},
		{[]string{"acme-tls/1", "http/1.1"}, tls.RequireAndVerifyClientCert},
		{[]string{"http/1.1"}, tls.RequireAndVerifyClientCert},
		{nil, tls.RequireAndVerifyClientCert},
	} {
		conf, err := c.forClient(&tls.ClientHelloInfo{SupportedProtos: tt.protocols})
		if err != nil || conf.ClientAuth != tt.want {
			t.Errorf("%q: %v %v", tt.protocols, conf.ClientAuth, err)
		}
	}
}
