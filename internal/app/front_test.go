package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/siotest"
)

// served is an App that serves till the test ends.
type served struct {
	*App
	clients, admin string
	log            *said
}

// said is a log that is read while it is written.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), text)
}

func serve(t *testing.T, dir, yaml string) *served {
	t.Helper()
	const common = "admin: { listen: 127.0.0.1:0 }\ndecision_log: { output: none }\n"
	return serveConfig(t, parse(t, dir, common+yaml), Options{})
}

// serveConfig serves with options that lack a logger.
func serveConfig(t *testing.T, cfg *config.Config, o Options) *served {
	t.Helper()
	s := &served{log: &said{}}
	o.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	var err error
	if s.App, err = New(t.Context(), cfg, o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.Serve(ctx, func(clients, admin net.Addr) {
			s.clients, s.admin = clients.String(), "http://"+admin.String()
			close(ready)
		})
	}()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

func body(t *testing.T, c *http.Client, url string) (status int, text string, proto string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data), resp.Proto
}

func once() *http.Client { return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} }

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(4 * siotest.Wait); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

// trusting gives a client that takes the certificate cert only.
func trusting(t *testing.T, cert string, protocols *http.Protocols) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(cert)) {
		t.Fatal("no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// leave ends the session that the answer open to a handshake at url began.
func leave(t *testing.T, c *http.Client, url, open string) {
	t.Helper()
	sid, _, ok := strings.Cut(strings.TrimPrefix(open, `0{"sid":"`), `"`)
	if !ok {
		t.Fatalf("no session: %s", open)
	}
	resp, err := c.Post(url+"&sid="+sid, "text/plain", strings.NewReader("1"))
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("close: %v %v", resp, err)
	}
	resp.Body.Close()
}

// TestPollingHTTP2 holds a session over HTTP/2 while the certificate changes below it.
func TestPollingHTTP2(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	cert, key := certificate(t, time.Now().Add(time.Hour))
	dir := folder(t, map[string]string{"c.pem": cert, "k.pem": key})
	s := serve(t, dir, "upstream: { url: '"+up.URL+"' }\nlisten: 127.0.0.1:0\ntls: { cert_file: c.pem, key_file: k.pem }\n")
	h2 := new(http.Protocols)
	h2.SetHTTP2(true)
	client := trusting(t, cert, h2)
	base := "https://" + s.clients + "/socket.io/?EIO=4&transport=polling"
	status, open, proto := body(t, client, base)
	if status != 200 || proto != "HTTP/2.0" || !strings.HasPrefix(open, `0{"sid":"`) {
		t.Fatalf("%d %s %s", status, proto, open)
	}
	if !strings.Contains(open, `"upgrades":["websocket"]`) {
		t.Errorf("no upgrade is offered: %s", open)
	}
	sid, _, _ := strings.Cut(open[len(`0{"sid":"`):], `"`)
	base += "&sid=" + sid
	post := func(text string) {
		t.Helper()
		resp, err := client.Post(base, "text/plain", strings.NewReader(text))
		if err != nil || resp.StatusCode != 200 || resp.ProtoMajor != 2 {
			t.Fatalf("%v %v", resp, err)
		}
		resp.Body.Close()
	}
	poll := func(want string) {
		t.Helper()
		if status, got, _ := body(t, client, base); status != 200 || !strings.HasPrefix(got, want) {
			t.Fatalf("%d %s, want %s", status, got, want)
		}
	}
	post("40")
	poll(`40{"sid":"`)

	next, nextKey := certificate(t, time.Now().Add(2*time.Hour))
	for name, text := range map[string]string{"c.pem": next, "k.pem": nextKey} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.reloadCertificates()
	if !s.log.has("certificate reloaded") {
		t.Error("nothing is said of the reload")
	}
	post(`42["echo","after"]`) // on the connection of before: client trusts the first certificate only
	poll(`42["echo","after"]`)
	if status, _, _ := body(t, trusting(t, next, nil), "https://"+s.clients+"/socket.io/?EIO=4"); status != 400 {
		t.Errorf("a new connection: %d", status)
	}
	if err := os.WriteFile(filepath.Join(dir, "c.pem"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.reloadCertificates()
	if !s.log.has("certificate not reloaded") {
		t.Error("nothing is said of the failure")
	}
	post(`42["echo","still"]`)
	poll(`42["echo","still"]`)
	_, metrics, _ := body(t, once(), s.admin+"/metrics")
	for _, want := range []string{`siogw_tls_reloads_total{result="taken"} 1`, `siogw_tls_reloads_total{result="refused"} 1`, "siogw_tls_certificate_expires_seconds "} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	post("1")
}

func TestNoHTTP2(t *testing.T) {
	cert, key := certificate(t, time.Now().Add(time.Hour))
	dir := folder(t, map[string]string{"c.pem": cert, "k.pem": key})
	s := serve(t, dir, least+"listen: 127.0.0.1:0\ntls: { cert_file: c.pem, key_file: k.pem, http2: false }\n")
	both := new(http.Protocols)
	both.SetHTTP2(true)
	both.SetHTTP1(true)
	if status, _, proto := body(t, trusting(t, cert, both), "https://"+s.clients+"/socket.io/?EIO=4"); status != 400 || proto != "HTTP/1.1" {
		t.Errorf("%d %s", status, proto)
	}
}

// TestUnixSocket serves clients whose addresses a proxy tells, on a Unix socket.
func TestUnixSocket(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	serve(t, dir, "upstream: { url: '"+up.URL+"' }\nlisten: 'unix:"+path+"'\nsocket_mode: 0600\ntrusted_proxies: [unix]\n")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	client := once()
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	req, err := http.NewRequest(http.MethodGet, "http://h/socket.io/?EIO=4&transport=polling", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", "203.0.113.9")
	resp, err := client.Do(req)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v %v", resp, err)
	}
	open, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := up.Peer(t).Request.Header.Get("X-Forwarded-For"); got != "203.0.113.9" {
		t.Errorf("the upstream sees %q", got)
	}
	up.CloseAll() // its end waits for the next poll, from the same address
	req.URL.RawQuery += "&sid=" + strings.Split(string(open), `"`)[3]
	if resp, err = client.Do(req); err != nil || resp.StatusCode != 200 && resp.StatusCode != 400 {
		t.Fatalf("%v %v", resp, err)
	}
	resp.Body.Close()
}

// TestProxyProtocol has the address of a PROXY header reach the upstream, over TLS.
func TestProxyProtocol(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	cert, key := certificate(t, time.Now().Add(time.Hour))
	dir := folder(t, map[string]string{"c.pem": cert, "k.pem": key})
	s := serve(t, dir, "upstream: { url: '"+up.URL+"' }\nlisten: 127.0.0.1:0\ntls: { cert_file: c.pem, key_file: k.pem }\n"+
		"proxy_protocol: { from: [127.0.0.1] }\n")
	client := trusting(t, cert, nil)
	transport := client.Transport.(*http.Transport)
	transport.DisableKeepAlives = true
	header := "PROXY TCP4 203.0.113.9 192.0.2.1 1234 443\r\n"
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, addr)
		if err == nil {
			_, err = io.WriteString(c, header)
		}
		return c, err
	}
	url := "https://" + s.clients + "/socket.io/?EIO=4&transport=polling"
	status, open, _ := body(t, client, url)
	if status != 200 {
		t.Fatalf("%d %s", status, open)
	}
	defer leave(t, client, url, open)
	if got := up.Peer(t).Request.Header.Get("X-Forwarded-For"); got != "203.0.113.9" {
		t.Errorf("the upstream sees %q", got)
	}
	good := header
	header = ""
	if resp, err := client.Get(url); err == nil {
		resp.Body.Close()
		t.Errorf("without a header: %d", resp.StatusCode)
	}
	if _, metrics, _ := body(t, once(), s.admin+"/metrics"); !strings.Contains(metrics, "siogw_proxy_protocol_refused_total 1\n") {
		t.Error("the missing header is not counted")
	}
	header = good
}

// TestUpstreamState is seen on /readyz and /metrics.
func TestUpstreamState(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	s := serve(t, t.TempDir(), fmt.Sprintf(`listen: 127.0.0.1:0
upstreams:
  - { name: chat, urls: [%q, %q], health: { interval: 100ms, failures: 1 } }
  - { name: gone, match: { path: /gone/ }, urls: [%q], health: { check: none, failures: 1 } }
`, up.URL, down.URL, down.URL))
	waitFor(t, "the checks", func() bool {
		_, text, _ := body(t, once(), s.admin+"/readyz")
		return strings.HasPrefix(text, "ok\ndown: upstream chat, "+down.URL+": ")
	})
	c := siotest.NewClient(t, "http://"+s.clients, nil)
	c.Join("/", "")
	if status, _, _ := body(t, once(), "http://"+s.clients+"/gone/?EIO=4&transport=polling"); status != 503 {
		t.Errorf("got %d", status)
	}
	_, metrics, _ := body(t, once(), s.admin+"/metrics")
	for _, want := range []string{
		fmt.Sprintf(`siogw_upstream_up{server=%q,upstream="chat"} 1`, up.URL),
		fmt.Sprintf(`siogw_upstream_up{server=%q,upstream="chat"} 0`, down.URL),
		fmt.Sprintf(`siogw_upstream_up{server=%q,upstream="gone"} 0`, down.URL),
		fmt.Sprintf(`siogw_upstream_sessions{server=%q,upstream="chat"} 1`, up.URL),
		fmt.Sprintf(`siogw_upstream_handshakes_total{result="opened",server=%q,upstream="chat"} 1`, up.URL),
		fmt.Sprintf(`siogw_upstream_handshakes_total{result="failed",server=%q,upstream="gone"} 1`, down.URL),
		`siogw_upstream_failovers_total{upstream="chat"} 0`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("metrics lack %s", want)
		}
	}
	if !s.log.has("upstream down") {
		t.Error("nothing is said of the server that is down")
	}
}

// TestValidationIsNoWayIn: a certificate's validation is not asked for a client certificate, and net/http must serve nothing
// on a connection of a protocol that it does not know.
func TestValidationIsNoWayIn(t *testing.T) {
	cert, key := certificate(t, time.Now().Add(time.Hour))
	dir := folder(t, map[string]string{"ca.pem": cert, "chat.example.com+token": key + cert, "chat.example.com": key + cert})
	s := serve(t, dir, least+"listen: 127.0.0.1:0\ntls: { client_ca_file: ca.pem, auto: { domains: [chat.example.com], cache: . } }\n")
	conn, err := tls.Dial("tcp", s.clients, &tls.Config{ServerName: "chat.example.com", NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err) // the validation itself must work
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(siotest.Wait))
	_, _ = io.WriteString(conn, "GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: h\r\n\r\n") // it may be closed already
	if data, err := io.ReadAll(conn); len(data) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("answered %q %v", data, err)
	}
}
