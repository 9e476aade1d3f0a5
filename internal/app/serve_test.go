package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// certificate gives the PEM of a self-signed one and of its key.
func certificate(t *testing.T, until time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"chat.example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

func TestServeTLS(t *testing.T) {
	cert, key := certificate(t, time.Now().Add(time.Hour))
	dir := folder(t, map[string]string{"c.pem": cert, "k.pem": key})
	a, err := New(t.Context(), parse(t, dir, least+"listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\n"+
		"tls: { cert_file: c.pem, key_file: k.pem }\ndecision_log: { output: none }\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	addr, served := make(chan [2]string, 1), make(chan error, 1)
	go func() {
		served <- a.Serve(ctx, func(clients, admin net.Addr) { addr <- [2]string{clients.String(), admin.String()} })
	}()
	at := <-addr
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(cert))
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conf := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: version, NextProtos: []string{"h2", "http/1.1"}}
		conn, err := tls.Dial("tcp", at[0], conf)
		if (err == nil) != want {
			t.Errorf("version %x: %v", version, err)
		}
		if err == nil {
			if p := conn.ConnectionState().NegotiatedProtocol; p != "h2" {
				t.Errorf("protocol %s", p)
			}
			conn.Close()
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + at[1] + "/healthz")
	if err != nil || resp.StatusCode != 200 {
		t.Errorf("admin: %v %v", resp, err)
	} else {
		resp.Body.Close()
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", at[0]); err == nil {
		t.Error("still listens")
	}
}

func TestServeErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	expired, key := certificate(t, time.Now().Add(-time.Hour))
	dir := folder(t, map[string]string{"c.pem": expired, "k.pem": key})
	for _, tt := range []struct{ yaml, want string }{
		{"listen: " + taken.Addr().String(), "siogw.yaml:3:9: listen: " + taken.Addr().String() + " is in use by another process"},
		{"listen: 127.0.0.1:0\nadmin: { listen: '" + taken.Addr().String() + "' }", "siogw.yaml:4:18: admin.listen: " + taken.Addr().String() + " is in use by another process"},
		{"listen: 127.0.0.1:0\ntls: { cert_file: c.pem, key_file: k.pem }", "siogw.yaml:4:19: tls.cert_file: the certificate expired on "},
		{"listen: 127.0.0.1:0\ntls: { cert_file: k.pem, key_file: k.pem }", "siogw.yaml:4:6: tls: tls: failed to find"},
	} {
		a, err := New(t.Context(), parse(t, dir, least+"decision_log: { output: none }\n"+tt.yaml), Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = a.Serve(t.Context(), func(_, _ net.Addr) { t.Errorf("%s: serves", tt.yaml) })
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// The default admin address being taken stops nobody's gateway; an address that was asked for does.
func TestAdminAddressTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:9090")
	if err == nil { // else somebody else has it, which serves as well
		defer taken.Close()
	}
	const base = least + "listen: 127.0.0.1:0\ndecision_log: { output: none }\n"
	a, err := New(t.Context(), parse(t, "", base), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	admin, served := make(chan net.Addr, 1), make(chan error, 1)
	go func() { served <- a.Serve(ctx, func(_, at net.Addr) { admin <- at }) }()
	if at := <-admin; at != nil {
		t.Errorf("admin at %v", at)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if a, err = New(t.Context(), parse(t, "", base+"admin: { listen: 127.0.0.1:9090 }\n"), Options{}); err != nil {
		t.Fatal(err)
	}
	err = a.Serve(t.Context(), func(_, _ net.Addr) { t.Error("it serves") })
	if err == nil || !strings.Contains(err.Error(), "admin.listen: 127.0.0.1:9090 is in use") {
		t.Errorf("got %v", err)
	}
}
