package listen

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// authority signs certificates; it is its own root.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{}
	a.pem, _ = a.sign(t, name, time.Now().Add(time.Hour))
	return a
}

// sign gives a certificate and its key in PEM form; the first one is the authority's own.
func (a *authority) sign(t *testing.T, name string, until time.Time) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotAfter: until,
		DNSNames: []string{"h.example", "localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	parent, signer := a.cert, a.key
	if parent == nil {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
		parent, signer = template, private
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, private.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert == nil {
		a.key = private
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// files are certificate and key on disk.
type files struct{ dir, cert, key, ca string }

func newFiles(t *testing.T) files {
	dir := t.TempDir()
	return files{dir, filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem"), filepath.Join(dir, "ca.pem")}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f files) put(t *testing.T, a *authority, name string, until time.Time) {
	t.Helper()
	cert, key := a.sign(t, name, until)
	write(t, f.cert, cert)
	write(t, f.key, key)
}

// echoTLS serves connections that say back what they hear, till the test ends.
func echoTLS(t *testing.T, c *Certificates) (address string) {
	t.Helper()
	return echoTLSAt(t, c, "127.0.0.1:0")
}

func echoTLSAt(t *testing.T, c *Certificates, at string) (address string) {
	t.Helper()
	plain, err := Open(at, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := tls.NewListener(plain, c.Config())
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	return plain.Addr().String()
}

func (a *authority) client(certs ...tls.Certificate) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	return &tls.Config{RootCAs: roots, ServerName: "h.example", Certificates: certs, NextProtos: []string{"h2", "http/1.1"}}
}

// talk says a word and hears it back.
func talk(c *tls.Conn) error {
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, "hello"); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 5))
	return err
}

// connect gives the certificate's name, or why there is no connection.
func connect(address string, conf *tls.Config) (*tls.Conn, error) {
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", address, conf)
	if err != nil {
		return nil, err
	}
	if err := talk(c); err != nil { // in TLS 1.3 a client hears only now that it is refused
		c.Close()
		return nil, err
	}
	return c, nil
}

func named(c *tls.Conn) string { return c.ConnectionState().PeerCertificates[0].Subject.CommonName }

func TestReloadUnderConnections(t *testing.T) {
	a, f := newAuthority(t, "root"), newFiles(t)
	f.put(t, a, "one", time.Now().Add(time.Hour))
	c, err := LoadCertificates(TLSOptions{CertFile: f.cert, KeyFile: f.key, HTTP2: true})
	if err != nil {
		t.Fatal(err)
	}
	address := echoTLS(t, c)
	var open []*tls.Conn
	expect := func(name string) {
		t.Helper()
		conn, err := connect(address, a.client())
		if err != nil {
			t.Fatal(err)
		}
		if got := named(conn); got != name {
			t.Errorf("got %s, want %s", got, name)
		}
		open = append(open, conn)
		for i, old := range open {
			if err := talk(old); err != nil {
				t.Errorf("connection %d after the reload: %v", i, err)
			}
		}
	}
	reload := func(wantChanged, wantErr bool) {
		t.Helper()
		if changed, err := c.Reload(); changed != wantChanged || (err != nil) != wantErr {
			t.Errorf("reload: %v %v", changed, err)
		}
	}
	expect("one")
	reload(false, false)
	f.put(t, a, "two", time.Now().Add(2*time.Hour))
	expect("one") // not yet
	reload(true, false)
	expect("two")
	if d := time.Until(c.Expires()); d < time.Hour {
		t.Errorf("expires in %v", d)
	}

	cert, key := a.sign(t, "three", time.Now().Add(time.Hour))
	write(t, f.cert, cert) // half of a change
	reload(false, true)
	expect("two")
	write(t, f.key, key)
	reload(true, false)
	expect("three")

	f.put(t, a, "late", time.Now().Add(-time.Minute))
	reload(false, true)
	expect("three")
	os.Remove(f.key)
	reload(false, true)
	expect("three")
	if reloads, failures := c.Counts(); reloads != 2 || failures != 3 {
		t.Errorf("%d reloads, %d failures", reloads, failures)
	}
	for _, conn := range open {
		conn.Close()
	}
}

func TestWatch(t *testing.T) {
	a, f := newAuthority(t, "root"), newFiles(t)
	f.put(t, a, "one", time.Now().Add(time.Hour))
	c, err := LoadCertificates(TLSOptions{CertFile: f.cert, KeyFile: f.key})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	told, ended := make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		c.Watch(ctx, time.Millisecond, func(err error) { told <- err })
	}()
	os.Remove(f.cert)
	if err := <-told; !errors.Is(err, os.ErrNotExist) {
		t.Errorf("told %v", err)
	}
	cert, key := a.sign(t, "two", time.Now().Add(time.Hour))
	next := f.dir + "/next"
	write(t, next, key)
	if err := os.Rename(next, f.key); err != nil {
		t.Fatal(err)
	}
	write(t, next, cert)
	if err := os.Rename(next, f.cert); err != nil {
		t.Fatal(err)
	}
	if err := <-told; err != nil { // of the failure before, it hears once
		t.Errorf("told %v", err)
	}
	cancel()
	<-ended
}

func TestVersionsAndProtocols(t *testing.T) {
	a, f := newAuthority(t, "root"), newFiles(t)
	f.put(t, a, "one", time.Now().Add(time.Hour))
	for _, c := range []struct {
		opt      TLSOptions
		version  uint16
		ok       bool
		protocol string
	}{
		{TLSOptions{}, tls.VersionTLS11, false, ""},
		{TLSOptions{}, tls.VersionTLS12, true, "http/1.1"},
		{TLSOptions{HTTP2: true}, tls.VersionTLS13, true, "h2"},
		{TLSOptions{MinVersion: tls.VersionTLS10}, tls.VersionTLS11, false, ""},
		{TLSOptions{MinVersion: tls.VersionTLS13}, tls.VersionTLS12, false, ""},
		{TLSOptions{MinVersion: tls.VersionTLS13}, tls.VersionTLS13, true, "http/1.1"},
	} {
		c.opt.CertFile, c.opt.KeyFile = f.cert, f.key
		certs, err := LoadCertificates(c.opt)
		if err != nil {
			t.Fatal(err)
		}
		conf := a.client()
		conf.MinVersion, conf.MaxVersion = tls.VersionTLS10, c.version
		conn, err := connect(echoTLS(t, certs), conf)
		if (err == nil) != c.ok {
			t.Errorf("%+v, version %x: %v", c.opt, c.version, err)
		}
		if conn != nil {
			if got := conn.ConnectionState().NegotiatedProtocol; got != c.protocol {
				t.Errorf("%+v: %s", c.opt, got)
			}
			conn.Close()
		}
	}
}

func TestClientCertificates(t *testing.T) {
	a, other, f := newAuthority(t, "root"), newAuthority(t, "other"), newFiles(t)
	f.put(t, a, "server", time.Now().Add(time.Hour))
	write(t, f.ca, a.pem)
	pair := func(by *authority, until time.Time) tls.Certificate {
		cert, err := tls.X509KeyPair(by.sign(t, "client", until))
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	good, late, foreign := pair(a, time.Now().Add(time.Hour)), pair(a, time.Now().Add(-time.Hour)), pair(other, time.Now().Add(time.Hour))
	for _, optional := range []bool{false, true} {
		certs, err := LoadCertificates(TLSOptions{CertFile: f.cert, KeyFile: f.key, ClientCAFile: f.ca, Optional: optional})
		if err != nil {
			t.Fatal(err)
		}
		address := echoTLS(t, certs)
		try := func(name string, want bool, with ...tls.Certificate) {
			t.Helper()
			conf := a.client(with...)
			if len(with) > 0 { // a client offers only what the server seems to want
				conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &with[0], nil }
			}
			conn, err := connect(address, conf)
			if (err == nil) != want {
				t.Errorf("optional %v, %s: %v", optional, name, err)
			}
			if conn != nil {
				conn.Close()
			}
		}
		try("good", true, good)
		try("none", optional)
		try("expired", false, late)
		try("of another authority", false, foreign)
	}
}

// TestClientAuthorityRemoved: a session must not be resumed past its authority.
func TestClientAuthorityRemoved(t *testing.T) {
	a, other, f := newAuthority(t, "root"), newAuthority(t, "other"), newFiles(t)
	f.put(t, a, "server", time.Now().Add(time.Hour))
	write(t, f.ca, a.pem)
	certs, err := LoadCertificates(TLSOptions{CertFile: f.cert, KeyFile: f.key, ClientCAFile: f.ca})
	if err != nil {
		t.Fatal(err)
	}
	address := echoTLS(t, certs)
	cert, err := tls.X509KeyPair(a.sign(t, "client", time.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	conf := a.client()
	conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
	conf.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	conn, err := connect(address, conf)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	write(t, f.ca, other.pem)
	if changed, err := certs.Reload(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if conn, err := connect(address, conf); err == nil {
		conn.Close()
		t.Error("resumed")
	}
}

func TestLoadErrors(t *testing.T) {
	a, f := newAuthority(t, "root"), newFiles(t)
	f.put(t, a, "one", time.Now().Add(time.Hour))
	write(t, f.ca, []byte("no PEM"))
	late := newFiles(t)
	late.put(t, a, "late", time.Now().Add(-time.Hour))
	for name, c := range map[string]struct {
		opt TLSOptions
		key string
	}{
		"no certificate": {TLSOptions{CertFile: f.dir + "/none", KeyFile: f.key}, "cert_file"},
		"no key":         {TLSOptions{CertFile: f.cert, KeyFile: f.dir + "/none"}, "key_file"},
		"no pair":        {TLSOptions{CertFile: f.cert, KeyFile: late.key}, ""},
		"expired":        {TLSOptions{CertFile: late.cert, KeyFile: late.key}, "cert_file"},
		"no authority":   {TLSOptions{CertFile: f.cert, KeyFile: f.key, ClientCAFile: f.ca}, "client_ca_file"},
	} {
		_, err := LoadCertificates(c.opt)
		var fe *FileError
		if !errors.As(err, &fe) || fe.Key != c.key || fe.Error() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
