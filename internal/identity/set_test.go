package identity

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

func mac(unsigned string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(unsigned))
	return h.Sum(nil)
}

// signRS signs any header with the second RSA key.
func signRS(t *testing.T, header, claims string) string {
	t.Helper()
	unsigned := strings.TrimSuffix(raw(header, claims, nil), ".")
	sum := sha256.Sum256([]byte(unsigned))
	sig, err := rsa.SignPKCS1v15(rand.Reader, rsaKey2(), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return unsigned + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// jwkOf gives a key with members.
func jwkOf(t *testing.T, raw any, members map[string]any) jwk.Key {
	t.Helper()
	k := must(jwk.Import(raw))
	for name, v := range members {
		if err := k.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func TestKeySet(t *testing.T) {
	set := must(json.Marshal(map[string]any{"keys": []jwk.Key{
		jwkOf(t, rsaKey().Public(), map[string]any{"kid": "one", "alg": "RS256"}),
		jwkOf(t, ecKeys()[0].Public(), map[string]any{"kid": "two"}),
		jwkOf(t, edKey(), map[string]any{"kid": "three", "use": "sig"}), // a private key by mistake: its public part serves
		jwkOf(t, rsaKey2().Public(), map[string]any{"kid": "enc", "use": "enc"}),
	}}))
	j := build(t, Issuer{JWKSFile: file(t, set)})
	signKid := func(alg string, key any, kid string) string {
		a, _ := jwa.LookupSignatureAlgorithm(alg)
		h := jws.NewHeaders()
		if kid != "" {
			if err := h.Set("kid", kid); err != nil {
				t.Fatal(err)
			}
		}
		return string(must(jws.Sign([]byte(`{}`), jws.WithKey(a, key, jws.WithProtectedHeaders(h)))))
	}
	tests := []struct {
		name, alg string
		key       any
		kid       string
		reason    string
	}{
		{"by kid", "RS256", rsaKey(), "one", ""},
		{"curve by kid", "ES256", ecKeys()[0], "two", ""},
		{"Ed25519", "EdDSA", edKey(), "three", ""},
		{"without kid", "ES256", ecKeys()[0], "", ""},
		{"unknown kid", "RS256", rsaKey(), "four", `no key is for its algorithm RS256 and its kid "four"`},
		{"kid of another key", "RS256", rsaKey(), "two", "no key is for its algorithm "},
		{"algorithm that the key is not for", "PS256", rsaKey(), "one", "no key is for its algorithm "},
		{"signed with another", "RS256", rsaKey2(), "one", "its signature does not verify"},
		{"encryption key", "RS256", rsaKey2(), "enc", "no key is for its algorithm "},
		{"secret", "HS256", secret, "", "no key is for its algorithm "},
	}
	for _, tt := range tests {
		id, denied := j.Verify(auth(signKid(tt.alg, tt.key, tt.kid)))
		switch {
		case tt.reason == "" && (denied != nil || id == nil):
			t.Errorf("%s: %+v", tt.name, denied)
		case tt.reason != "" && (denied == nil || !strings.HasPrefix(denied.Reason, "invalid token: "+tt.reason)):
			t.Errorf("%s: %v %+v", tt.name, id, denied)
		}
	}
}

func TestKeySetIsBounded(t *testing.T) {
	one := string(must(json.Marshal(jwkOf(t, ecKeys()[0].Public(), nil))))
	set := func(n int) []byte {
		return []byte(`{"keys":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`)
	}
	build(t, Issuer{JWKSFile: file(t, set(maxKeys))})
	if _, err := New(Options{From: []string{"auth.t"}, Issuers: []Issuer{{JWKSFile: file(t, set(maxKeys+1))}}}); err == nil {
		t.Errorf("%d keys were accepted", maxKeys+1)
	}
}

// TestPEMForms reads each form of a public key that tools write.
func TestPEMForms(t *testing.T) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	cert := must(x509.CreateCertificate(rand.Reader, template, template, rsaKey().Public(), rsaKey()))
	for kind, der := range map[string][]byte{
		"PUBLIC KEY":     must(x509.MarshalPKIXPublicKey(rsaKey().Public())),
		"RSA PUBLIC KEY": x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey),
		"CERTIFICATE":    cert,
	} {
		j := build(t, Issuer{PublicKeyFile: file(t, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))})
		if _, denied := j.Verify(auth(sign("RS256", rsaKey(), `{}`))); denied != nil {
			t.Errorf("%s: %+v", kind, denied)
		}
	}
}
