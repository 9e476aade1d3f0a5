package app

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

// provider is an OpenID provider with one key.
type provider struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			fmt.Fprintf(w, `{"keys":[{"kty":"RSA","kid":"k","use":"sig","n":%q,"e":"AQAB"}]}`, base64.RawURLEncoding.EncodeToString(key.N.Bytes()))
			return
		}
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, p.URL, p.URL+"/keys")
	}))
	t.Cleanup(p.Close)
	return p
}

// token is one for an audience, of this provider.
func (p *provider) token(t *testing.T, audience string) string {
	t.Helper()
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	unsigned := part(`{"alg":"RS256","kid":"k"}`) + "." + part(fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":"u1","exp":%d}`, p.URL, audience, time.Now().Add(time.Hour).Unix()))
	sum := sha256.Sum256([]byte(unsigned))
	sig, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return unsigned + "." + part(string(sig))
}

// TestProvider takes clients in by the tokens of two issuers, one of which is found by discovery.
func TestProvider(t *testing.T) {
	up, idp := siotest.NewUpstream(t, nil), newProvider(t)
	s := serve(t, t.TempDir(), fmt.Sprintf(`
listen: 127.0.0.1:0
upstream: { url: %q }
identity:
  required: true
  issuers:
    - { issuer: %q, discovery: true, audience: chat }
    - { issuer: bots, secret: 0123456789abcdef0123456789abcdef }
`, up.URL, idp.URL))
	c := siotest.NewClient(t, "http://"+s.clients, nil)
	c.Put(`40{"token":"` + idp.token(t, "other") + `"}`)
	if got := c.Next().String(); !strings.HasPrefix(got, `44{"message":"invalid token","data":{"code":201,`) || strings.Contains(got, "chat") {
		t.Errorf("for another audience: %s", got)
	}
	c.Join("/", `{"token":"`+idp.token(t, "chat")+`"}`)
	c.Join("/bots", `{"token":"`+siotest.Token("0123456789abcdef0123456789abcdef", `{"iss":"bots","sub":"b"}`)+`"}`)
	_, metrics, _ := body(t, once(), s.admin+"/metrics")
	for _, want := range []string{
		fmt.Sprintf(`siogw_identity_keys_usable{issuer=%q} 1`, idp.URL),
		fmt.Sprintf(`siogw_identity_key_fetches_total{issuer=%q,result="ok"} 1`, idp.URL),
		fmt.Sprintf(`siogw_identity_key_fetches_total{issuer=%q,result="failed"} 0`, idp.URL),
		fmt.Sprintf(`siogw_identity_keys_fetched_seconds{issuer=%q} `, idp.URL),
		"siogw_identity_expired_total 0", "siogw_identity_refreshed_total 0",
	} {
		if !strings.Contains(metrics, "\n"+want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

func TestStartWithoutKeys(t *testing.T) {
	down := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(down.Close)
	yaml := least + fmt.Sprintf("identity: { jwt: { jwks: %q }, fetch: { start: fail, start_time: 100ms } }\n", down.URL+"/keys?private")
	if _, err := New(t.Context(), parse(t, "", yaml), Options{}); err == nil || strings.Contains(err.Error(), "private") {
		t.Errorf("started: %v", err)
	}
	a, err := New(t.Context(), parse(t, "", strings.Replace(yaml, "fail", "deny", 1)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestIdentityErrors names the key that is at fault.
func TestIdentityErrors(t *testing.T) {
	for yaml, want := range map[string]string{
		`identity: { jwt: { jwks: "http://h.example/" } }`:                                "siogw.yaml:2:26: identity.jwt.jwks: plain http to another host than loopback",
		`identity: { jwt: { discovery: true } }`:                                          "identity.jwt.discovery: needs issuer",
		`identity: { issuers: [{ issuer: a, secret: s }, { issuer: b, jwks: /no.json }]}`: "identity.issuers.1.jwks: open /no.json",
		`identity: { jwt: { secret: s }, fetch: { ca_file: /no.pem } }`:                   "identity.fetch.ca_file: open /no.pem",
	} {
		_, err := NewJudge(t.Context(), parse(t, "", least+yaml), JudgeOptions{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", yaml, err, want)
		}
	}
}

// TestCertificateIdentity lets in whom a certificate names, and nobody else.
func TestCertificateIdentity(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"sensor.example"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	up := siotest.NewUpstream(t, nil)
	serverCert, serverKey := certificate(t, time.Now().Add(time.Hour))
	dir := folder(t, map[string]string{"c.pem": serverCert, "k.pem": serverKey, "ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))})
	s := serve(t, dir, fmt.Sprintf(`
listen: 127.0.0.1:0
upstream: { url: %q }
tls: { cert_file: c.pem, key_file: k.pem, client_ca_file: ca.pem, client_auth: optional }
identity: { certificate: dns, required: true }
`, up.URL))
	for name, tt := range map[string]struct {
		certs []tls.Certificate
		want  string
	}{
		"known":  {[]tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, `40{"sid":`},
		"nobody": {nil, `44{"message":"authentication required"`},
	} {
		c := &http.Client{Timeout: siotest.Wait, Transport: &http.Transport{TLSClientConfig: &tls.Config{Certificates: tt.certs, InsecureSkipVerify: true}}}
		defer c.CloseIdleConnections()
		url := "https://" + s.clients + "/socket.io/?EIO=4&transport=polling"
		_, open, _ := body(t, c, url)
		_, rest, _ := strings.Cut(open, `"sid":"`)
		sid, _, _ := strings.Cut(rest, `"`)
		resp, err := c.Post(url+"&sid="+sid, "text/plain", strings.NewReader("40"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if _, got, _ := body(t, c, url+"&sid="+sid); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
