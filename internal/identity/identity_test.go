package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/strictjson"
)

var (
	secret = []byte("0123456789abcdef0123456789abcdef")
	now    = time.Unix(1_800_000_000, 0)

	rsaKey  = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	rsaKey2 = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	ecKeys  = sync.OnceValue(func() (out [3]*ecdsa.PrivateKey) {
		for i, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
			out[i] = must(ecdsa.GenerateKey(c, rand.Reader))
		}
		return out
	})
	edKey = sync.OnceValue(func() ed25519.PrivateKey { _, k, _ := ed25519.GenerateKey(rand.Reader); return k })
)

func newRSA(bits int) *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, bits)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func sign(alg string, key any, claims string) string {
	a, _ := jwa.LookupSignatureAlgorithm(alg)
	return string(must(jws.Sign([]byte(claims), jws.WithKey(a, key))))
}

// raw makes a token of parts as they are.
func raw(header, claims string, signature []byte) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(header)) + "." + e([]byte(claims)) + "." + e(signature)
}

// hmacToken signs any header, duplicates and all.
func hmacToken(header, claims string) string {
	unsigned := strings.TrimSuffix(raw(header, claims, nil), ".")
	return unsigned + "." + base64.RawURLEncoding.EncodeToString(mac(unsigned))
}

func pemFile(t *testing.T, public any) string {
	t.Helper()
	der := must(x509.MarshalPKIXPublicKey(public))
	return file(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func file(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// build makes a verifier of issuers, with tokens in the CONNECT payload.
func build(t *testing.T, issuers ...Issuer) *Verifier {
	t.Helper()
	return buildOf(t, Options{From: []string{"auth.token"}, Issuers: issuers})
}

func buildOf(t *testing.T, o Options) *Verifier {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Stop)
	return v
}

func auth(token string) gateway.Credentials {
	return gateway.Credentials{Auth: must(json.Marshal(map[string]string{"token": token}))}
}

func TestAlgorithms(t *testing.T) {
	keys := []struct {
		algs    []string
		private any
		options Issuer
	}{
		{[]string{"HS256", "HS384", "HS512"}, secret, Issuer{Secret: secret}},
		{[]string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, rsaKey(), Issuer{PublicKeyFile: pemFile(t, rsaKey().Public())}},
		{[]string{"ES256"}, ecKeys()[0], Issuer{PublicKeyFile: pemFile(t, ecKeys()[0].Public())}},
		{[]string{"ES384"}, ecKeys()[1], Issuer{PublicKeyFile: pemFile(t, ecKeys()[1].Public())}},
		{[]string{"ES512"}, ecKeys()[2], Issuer{PublicKeyFile: pemFile(t, ecKeys()[2].Public())}},
		{[]string{"EdDSA"}, edKey(), Issuer{PublicKeyFile: pemFile(t, edKey().Public())}},
	}
	for _, k := range keys {
		for _, alg := range k.algs {
			token := sign(alg, k.private, `{"sub":"u1"}`)
			for _, verifier := range keys {
				id, denied := build(t, verifier.options).Verify(auth(token))
				if good := verifier.algs[0] == k.algs[0]; good != (denied == nil) || good != (id != nil && id.Sub == "u1") {
					t.Errorf("%s by the key for %s: %v %v", alg, verifier.algs[0], id, denied)
				}
			}
			only := k.options
			only.Algorithms = []string{alg}
			if _, denied := build(t, only).Verify(auth(token)); denied != nil {
				t.Errorf("%s alone: %v", alg, denied)
			}
		}
	}
}

func TestClaims(t *testing.T) {
	o := Issuer{Secret: secret, Issuer: "https://idp", Audience: "chat", Leeway: 30 * time.Second, RolesClaim: "realm.roles"}
	const fine = `"iss":"https://idp","aud":"chat"`
	tests := []struct {
		name, claims, reason string // "" is verified
		code                 engine.Code
	}{
		{"least", `{` + fine + `}`, "", 0},
		{"space around", " {" + fine + "}\n", "", 0},
		{"audience in a list", `{"iss":"https://idp","aud":["x","chat"]}`, "", 0},
		{"no issuer", `{"aud":"chat"}`, `invalid token: wrong issuer: the token is of "", this gateway expects "https://idp"`, 201},
		{"other issuer", `{"iss":"https://idp/","aud":"chat"}`, `invalid token: wrong issuer: the token is of "https://idp/", this gateway expects "https://idp"`, 201},
		{"issuer in a list", `{"iss":["https://idp"],"aud":"chat"}`, `invalid token: wrong issuer: the token is of "", this gateway expects "https://idp"`, 201},
		{"no audience", `{"iss":"https://idp"}`, `invalid token: wrong audience: the token is for nobody (aud), this gateway expects "chat"`, 201},
		{"other audience", `{"iss":"https://idp","aud":["chat2"]}`, `invalid token: wrong audience: the token is for ["chat2"], this gateway expects "chat"`, 201},
		{"exp within leeway", `{` + fine + `,"exp":1799999971}`, "", 0},
		{"exp at leeway", `{` + fine + `,"exp":1799999970}`, "token expired: 30s ago, leeway 30s", 202},
		{"exp with fraction", `{` + fine + `,"exp":1799999970.5}`, "", 0},
		{"exp long ago", `{` + fine + `,"exp":-1e300}`, "token expired: centuries ago, leeway 30s", 202},
		{"exp zero", `{` + fine + `,"exp":0}`, "token expired: 500000h0m0s ago, leeway 30s", 202},
		{"exp never", `{` + fine + `,"exp":1e300}`, "", 0},
		{"exp text", `{` + fine + `,"exp":"1900000000"}`, "invalid token: exp, nbf or iat is no number", 201},
		{"exp null", `{` + fine + `,"exp":null}`, "invalid token: exp, nbf or iat is no number", 201},
		{"nbf within leeway", `{` + fine + `,"nbf":1800000030}`, "", 0},
		{"nbf past leeway", `{` + fine + `,"nbf":1800000031}`, "invalid token: not valid yet: its nbf is 31s ahead of this gateway's clock, leeway 30s", 201},
		{"iat past leeway", `{` + fine + `,"iat":1800000031}`, "invalid token: not valid yet: its iat is 31s ahead of this gateway's clock, leeway 30s", 201},
		{"sub number", `{` + fine + `,"sub":7}`, "invalid token: sub is no string", 201},
		{"duplicate", `{` + fine + `,"sub":"a","sub":"b"}`, "invalid token: its claims are no strict JSON object", 201},
		{"duplicate escaped", `{` + fine + `,"sub":"a","s\u0075b":"b"}`, "invalid token: its claims are no strict JSON object", 201},
		{"array", `[]`, "invalid token: its claims are no strict JSON object", 201},
		{"empty", ``, "invalid token: its claims are no strict JSON object", 201},
		{"prototype", `{` + fine + `,"__proto__":{}}`, "invalid token: its claims are no strict JSON object", 201},
		{"roles of numbers", `{` + fine + `,"realm":{"roles":[1]}}`, `invalid token: the roles claim "realm.roles" holds something else than strings`, 201},
		{"roles object", `{` + fine + `,"realm":{"roles":{}}}`, `invalid token: the roles claim "realm.roles" is neither strings nor a string`, 201},
		{"256 roles", `{` + fine + `,"realm":{"roles":"` + strings.Repeat("r ", 256) + `"}}`, "", 0},
		{"257 roles", `{` + fine + `,"realm":{"roles":"` + strings.Repeat("r ", 257) + `"}}`, `invalid token: the roles claim "realm.roles" has 257, at most 256`, 201},
	}
	j := build(t, o)
	for _, tt := range tests {
		id, denied := j.Verify(auth(sign("HS256", secret, tt.claims)))
		switch {
		case tt.reason == "" && (denied != nil || id == nil || !id.Authenticated):
			t.Errorf("%s: %v %v", tt.name, id, denied)
		case tt.reason != "" && (denied == nil || id != nil || denied.Reason != tt.reason || denied.Code != tt.code):
			t.Errorf("%s: %v %+v", tt.name, id, denied)
		}
	}
}

func TestIdentity(t *testing.T) {
	claims := `{"sub":"u1","exp":1800000099.9,"https://x.example/roles":["a","b c"],"big":12345678901234567890, "z":1}`
	id, denied := build(t, Issuer{Secret: secret, RolesClaim: "https://x.example/roles"}).Verify(auth(sign("HS256", secret, claims)))
	if denied != nil {
		t.Fatal(denied)
	}
	want := &engine.Identity{Authenticated: true, Sub: "u1", Roles: []string{"a", "b c"}, Claims: json.RawMessage(claims), ExpiresAt: 1800000099}
	if id.Sub != want.Sub || !reflect.DeepEqual(id.Roles, want.Roles) || string(id.Claims) != claims || id.ExpiresAt != want.ExpiresAt {
		t.Errorf("got %+v", id)
	}
	id, _ = build(t, Issuer{Secret: secret, RolesClaim: "scope"}).Verify(auth(sign("HS256", secret, `{"scope":"read  write"}`)))
	if !reflect.DeepEqual(id.Roles, []string{"read", "write"}) || id.ExpiresAt != 0 || id.Sub != "" {
		t.Errorf("got %+v", id)
	}
}

func TestAttacks(t *testing.T) {
	public := pemFile(t, rsaKey().Public())
	publicPEM := must(os.ReadFile(public))
	der, _ := pem.Decode(publicPEM)
	good := sign("HS256", secret, `{"sub":"u1"}`)
	parts := strings.Split(good, ".")
	byRSA, bySecret := Issuer{PublicKeyFile: public}, Issuer{Secret: secret}
	embedded := must(json.Marshal(must(jwk.Import(rsaKey2().Public()))))
	tests := []struct {
		name, token, reason string
		options             Issuer
	}{
		{"alg none", raw(`{"alg":"none"}`, `{"sub":"u1"}`, nil), `its algorithm "none" is not allowed, want `, bySecret},
		{"alg None", raw(`{"alg":"None"}`, `{"sub":"u1"}`, nil), `its algorithm "None" is not allowed, want `, byRSA},
		{"alg none with a signature", raw(`{"alg":"none"}`, `{"sub":"u1"}`, []byte("x")), `its algorithm "none" is not allowed, want `, bySecret},
		{"alg empty", raw(`{"alg":""}`, `{}`, nil), "its header is no strict JSON object", bySecret},
		{"alg missing", raw(`{}`, `{}`, nil), "its header is no strict JSON object", bySecret},
		{"alg number", raw(`{"alg":1}`, `{}`, nil), "its header is no strict JSON object", bySecret},
		{"alg of a curve we do not have", raw(`{"alg":"ES256K"}`, `{}`, nil), `its algorithm "ES256K" is not allowed, want `, byRSA},
		{"confusion: the PEM as a secret", sign("HS256", publicPEM, `{"sub":"u1"}`), "no key is for its algorithm HS256", byRSA},
		{"confusion: the trimmed PEM", sign("HS256", bytes.TrimSpace(publicPEM), `{"sub":"u1"}`), "no key is for its algorithm HS256", byRSA},
		{"confusion: the DER", sign("HS256", der.Bytes, `{"sub":"u1"}`), "no key is for its algorithm HS256", byRSA},
		{"algorithm outside of the list", sign("HS512", secret, `{}`), `its algorithm "HS512" is not allowed, want `, Issuer{Secret: secret, Algorithms: []string{"HS256"}}},
		{"other secret", sign("HS256", bytes.Repeat([]byte("x"), 32), `{}`), "its signature does not verify", bySecret},
		{"other RSA key", sign("RS256", rsaKey2(), `{}`), "its signature does not verify", byRSA},
		{"other claims", parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"admin"}`)) + "." + parts[2], "its signature does not verify", bySecret},
		{"no signature", parts[0] + "." + parts[1] + ".", "its signature does not verify", bySecret},
		{"two parts", parts[0] + "." + parts[1], "not three parts of base64url", bySecret},
		{"four parts", good + ".x", "not three parts of base64url", bySecret},
		{"padding", good + "=", "not three parts of base64url", bySecret},
		{"newline", parts[0] + "\n." + parts[1] + "." + parts[2], "not three parts of base64url", bySecret},
		{"blank inside", parts[0] + " ." + parts[1] + "." + parts[2], "not three parts of base64url", bySecret},
		{"standard alphabet", "+" + good, "not three parts of base64url", bySecret},
		{"JSON form", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "not three parts of base64url", bySecret},
		{"duplicate alg", hmacToken(`{"alg":"none","alg":"HS256"}`, `{}`), "its header is no strict JSON object", bySecret},
		{"crit", hmacToken(`{"alg":"HS256","crit":["exp"],"exp":1}`, `{}`), "its header has extensions", bySecret},
		{"b64", hmacToken(`{"alg":"HS256","b64":false}`, `{}`), "its header has extensions", bySecret},
		{"kid number", hmacToken(`{"alg":"HS256","kid":1}`, `{}`), "its header is no strict JSON object", bySecret},
		{"header array", raw(`[]`, `{}`, nil), "its header is no strict JSON object", bySecret},
		{"a key of its own", signRS(t, `{"alg":"RS256","jwk":`+string(embedded)+`}`, `{"sub":"u1"}`), "its signature does not verify", byRSA},
		{"key from a link", signRS(t, `{"alg":"RS256","jku":"http://127.0.0.1:1/"}`, `{"sub":"u1"}`), "its signature does not verify", byRSA},
		{"largest", strings.Repeat("a", MaxToken), "not three parts of base64url", bySecret},
		{"too large", strings.Repeat("a", MaxToken+1), "too long", bySecret},
		{"rubbish", "rubbish", "not three parts of base64url", bySecret},
	}
	for _, tt := range tests {
		id, denied := build(t, tt.options).Verify(auth(tt.token))
		if id != nil || denied == nil || denied.Code != engine.CodeTokenInvalid || !strings.HasPrefix(denied.Reason, "invalid token: "+tt.reason) {
			t.Errorf("%s: %v %+v", tt.name, id, denied)
		}
		if denied != nil && strings.Contains(denied.Reason, tt.token) && tt.token != "" {
			t.Errorf("%s: the reason echoes the token", tt.name)
		}
	}
	// The same ways of making tokens give a good one, else the attacks above would prove nothing.
	if _, denied := build(t, bySecret).Verify(auth(hmacToken(`{"alg":"HS256"}`, `{}`))); denied != nil {
		t.Error(denied)
	}
	if _, denied := build(t, Issuer{PublicKeyFile: pemFile(t, rsaKey2().Public())}).Verify(auth(signRS(t, `{"alg":"RS256"}`, `{}`))); denied != nil {
		t.Error(denied)
	}
}

// TestTruncation cuts a good token at every byte: none of the rest is a token.
func TestTruncation(t *testing.T) {
	j := build(t, Issuer{Secret: secret})
	token := sign("HS256", secret, `{"sub":"u1","exp":1900000000}`)
	if _, denied := j.Verify(auth(token)); denied != nil {
		t.Fatal(denied)
	}
	for i := 1; i < len(token); i++ {
		for _, cut := range []string{token[:i], token[i:], token[:i] + token[i+1:]} {
			if id, denied := j.Verify(auth(cut)); id != nil || denied == nil {
				t.Fatalf("cut at %d: %v %v", i, id, denied)
			}
		}
	}
}

func TestSources(t *testing.T) {
	from := []string{"auth.token", "auth.a.b", "header.authorization", "header.x-token", "cookie.session", "query.t"}
	j := buildOf(t, Options{From: from, Issuers: []Issuer{{Secret: secret}}})
	tok := func(sub string) string { return sign("HS256", secret, `{"sub":"`+sub+`"}`) }
	bad := "invalid token: not three parts of base64url"
	tests := []struct {
		name, auth string
		header     http.Header
		query      string
		sub        string // "" is anonymous
		reason     string
	}{
		{"nothing", ``, nil, "", "", ""},
		{"auth", `{"token":"` + tok("a") + `"}`, nil, "", "a", ""},
		{"deeper", `{"a":{"b":"` + tok("b") + `"}}`, nil, "", "b", ""},
		{"key with a dot", `{"a.b":"` + tok("b") + `"}`, nil, "", "b", ""},
		{"escaped", `{"t\u006fken":"\u0065` + tok("a")[1:] + `"}`, nil, "", "a", ""},
		{"null", `{"token":null}`, nil, "", "", ""},
		{"empty", `{"token":""}`, nil, "", "", ""},
		{"number", `{"token":1}`, nil, "", "", "invalid token: not a string"},
		{"object", `{"token":{"b":1}}`, nil, "", "", "invalid token: not a string"},
		{"bad auth", `{"token":"a","token":"b"}`, nil, "", "", "invalid token: the payload around it is no strict JSON"},
		{"first wins", `{"token":"` + tok("a") + `"}`, http.Header{"Authorization": {"Bearer x"}}, "", "a", ""},
		{"bad first does not fall through", `{"token":"x"}`, http.Header{"Authorization": {"Bearer " + tok("h")}}, "", "", bad},
		{"header", `{}`, http.Header{"Authorization": {"Bearer " + tok("h")}}, "", "h", ""},
		{"scheme in small letters", `{}`, http.Header{"Authorization": {"bearer  " + tok("h")}}, "", "h", ""},
		{"another scheme", `{}`, http.Header{"Authorization": {"Basic dTpw"}}, "", "", ""},
		{"bare", `{}`, http.Header{"Authorization": {tok("h")}}, "", "", ""},
		{"two headers", `{}`, http.Header{"Authorization": {"Bearer " + tok("h"), "Bearer " + tok("h")}}, "", "", "invalid token: given twice"},
		{"own header", `{}`, http.Header{"X-Token": {tok("x")}}, "", "x", ""},
		{"cookie", `{}`, http.Header{"Cookie": {"a=b; session=" + tok("c")}}, "", "c", ""},
		{"cookie twice", `{}`, http.Header{"Cookie": {"session=" + tok("c") + "; session=" + tok("d")}}, "", "", "invalid token: given twice"},
		{"query", `{}`, nil, "t=" + tok("q"), "q", ""},
		{"query twice", `{}`, nil, "t=a&t=b", "", "invalid token: given twice"},
		{"bad query", `{}`, nil, "t=a", "", bad},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/socket.io/?"+tt.query, nil)
		if tt.header != nil {
			r.Header = tt.header
		}
		id, denied := j.Verify(gateway.Credentials{Request: r, Auth: []byte(tt.auth)})
		switch {
		case tt.reason != "":
			if id != nil || denied == nil || denied.Reason != tt.reason {
				t.Errorf("%s: %v %+v", tt.name, id, denied)
			}
		case denied != nil || (tt.sub == "") != (id == nil) || id != nil && id.Sub != tt.sub:
			t.Errorf("%s: %v %+v", tt.name, id, denied)
		}
	}
}

func TestOptionErrors(t *testing.T) {
	rsaFile := pemFile(t, rsaKey().Public())
	tests := []struct {
		name, option, message string
		o                     Issuer
	}{
		{"no key", "secret", "want one of secret, public_key_file, jwks and discovery", Issuer{}},
		{"two keys", "secret", "want one of", Issuer{Secret: secret, PublicKeyFile: rsaFile}},
		{"PEM as secret", "secret", "use public_key_file", Issuer{Secret: must(os.ReadFile(rsaFile))}},
		{"no file", "public_key_file", "no such file", Issuer{PublicKeyFile: "/nowhere"}},
		{"no PEM", "public_key_file", "is no PEM file", Issuer{PublicKeyFile: file(t, []byte("x"))}},
		{"private key", "public_key_file", "holds a private key", Issuer{PublicKeyFile: file(t, pem.EncodeToMemory(
			&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(ecKeys()[0]))}))}},
		{"weak RSA", "public_key_file", "an RSA key of 1024 bits, want at least 2048", Issuer{PublicKeyFile: pemFile(t, newRSA(1024).Public())}},
		{"other curve", "public_key_file", "not a key that siogw can use", Issuer{PublicKeyFile: pemFile(t, must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)).Public())}},
		{"PEM of something else", "public_key_file", `"X" is no public key`, Issuer{PublicKeyFile: file(t, pem.EncodeToMemory(&pem.Block{Type: "X"}))}},
		{"broken PEM", "public_key_file", "asn1", Issuer{PublicKeyFile: file(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY"}))}},
		{"no set", "jwks", "no such file", Issuer{JWKSFile: "/nowhere"}},
		{"no JSON", "jwks", "is no JSON Web Key Set", Issuer{JWKSFile: file(t, []byte("x"))}},
		{"weak secret in the set", "jwks", "key 0: a secret of 3 bytes", Issuer{JWKSFile: file(t, []byte(`{"keys":[{"kty":"oct","k":"YWJj"}]}`))}},
		{"empty set", "jwks", "has 0 signature keys", Issuer{JWKSFile: file(t, []byte(`{"keys":[]}`))}},
		{"algorithm of another key", "algorithms", "the key cannot verify HS256", Issuer{PublicKeyFile: rsaFile, Algorithms: []string{"RS256", "HS256"}}},
		{"none", "algorithms", `"none" is not an algorithm that siogw allows`, Issuer{Secret: secret, Algorithms: []string{"none"}}},
		{"algorithm of another key kind", "algorithms", "a provider's keys are public", Issuer{JWKSURL: "https://h/", Algorithms: []string{"HS256"}}},
		{"no URL", "jwks", "no URL", Issuer{JWKSURL: "https://h/%"}},
		{"user in the URL", "jwks", "without a user", Issuer{JWKSURL: "https://u:secret@h/"}},
		{"plain HTTP", "jwks", "plain http to another host", Issuer{JWKSURL: "http://h/"}},
		{"discovery of nobody", "discovery", "needs issuer", Issuer{Discovery: true}},
		{"discovery by plain HTTP", "discovery", "plain http to another host", Issuer{Discovery: true, Issuer: "http://h"}},
	}
	for _, tt := range tests {
		_, err := New(Options{From: []string{"auth.token"}, Issuers: []Issuer{tt.o}})
		var oe *OptionError
		if !errors.As(err, &oe) || oe.Option != tt.option || !strings.Contains(err.Error(), tt.message) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func FuzzToken(f *testing.F) {
	j, err := New(Options{From: []string{"auth.token"}, Now: func() time.Time { return now }, Issuers: []Issuer{
		{Issuer: "a", Secret: secret, RolesClaim: "roles"}, {Issuer: "b", Secret: bytes.Repeat([]byte("b"), 32)}}})
	if err != nil {
		f.Fatal(err)
	}
	good := sign("HS256", secret, `{"iss":"a","sub":"u1","roles":["a"]}`)
	f.Add(good)
	f.Add(raw(`{"alg":"none"}`, `{}`, nil))
	f.Fuzz(func(t *testing.T, token string) {
		id, err := j.token(token, nil)
		if id != nil && token != good {
			t.Fatalf("a token of its own: %q", token)
		}
		if (id == nil) == (err == nil) {
			t.Fatalf("%v %v", id, err)
		}
	})
}

func FuzzClaims(f *testing.F) {
	i := &issuer{now: func() time.Time { return now }, o: Issuer{Issuer: "i", Audience: "a", RolesClaim: "r.s", ScopesClaim: "scope",
		MaxAge: time.Hour, MaxLifetime: time.Hour, Claims: []Claim{{Path: "e", Equals: []byte("true")}}}}
	f.Add([]byte(`{"iss":"i","aud":["a"],"exp":1800000100,"iat":1.8e9,"nbf":1e9,"sub":"u","r":{"s":["x"]},"scope":"a b","e":[1,true]}`))
	f.Fuzz(func(t *testing.T, claims []byte) {
		id, err := i.identity(claims)
		if (id == nil) == (err == nil) || id != nil && (!id.Authenticated || !json.Valid(id.Claims) || !id.Until.After(now)) {
			t.Fatalf("%v %v", id, err)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add([]byte(`{"a":{"b.c":1},"a.b":2}`), `a.b\.c`)
	f.Fuzz(func(t *testing.T, object []byte, path string) {
		if strictjson.Scan(object, strictjson.Limits{}) != nil {
			return
		}
		if raw, ok := at(object, path); ok && !json.Valid(raw) {
			t.Fatalf("%q", raw)
		}
	})
}
