package identity

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"math/big"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
)

// TestSeveralIssuers: the iss chooses, and nothing of one issuer serves another.
func TestSeveralIssuers(t *testing.T) {
	public := pemFile(t, rsaKey().Public())
	other := bytes.Repeat([]byte("b"), 32)
	v := build(t,
		Issuer{Issuer: "https://a", PublicKeyFile: public, Audience: "chat", RolesClaim: "roles"},
		Issuer{Issuer: "https://b", Secret: secret, Leeway: time.Minute, RolesClaim: "realm.roles"},
		Issuer{Issuer: "https://c", Secret: other, Algorithms: []string{"HS512"}})
	for _, tt := range []struct {
		name, token, reason string // "" is verified
		roles               []string
	}{
		{"a", sign("RS256", rsaKey(), `{"iss":"https://a","aud":"chat","sub":"u","roles":["x"]}`), "", []string{"x"}},
		{"b", sign("HS256", secret, `{"iss":"https://b","sub":"u","realm":{"roles":"y z"},"roles":["x"]}`), "", []string{"y", "z"}},
		{"c", sign("HS512", other, `{"iss":"https://c","sub":"u"}`), "", nil},
		{"b's leeway", sign("HS256", secret, `{"iss":"https://b","exp":1799999941}`), "", nil},
		{"not a's", sign("RS256", rsaKey(), `{"iss":"https://a","aud":"chat","exp":1799999999}`), "token expired: 1s ago, leeway 0s", nil},
		{"a by b's key", sign("HS256", secret, `{"iss":"https://a","aud":"chat"}`), "no key is for its algorithm HS256", nil},
		{"a by its public key as a secret", sign("HS256", must(os.ReadFile(public)), `{"iss":"https://a","aud":"chat"}`), "no key is for its algorithm HS256", nil},
		{"b by a's key", sign("RS256", rsaKey(), `{"iss":"https://b"}`), "no key is for its algorithm RS256", nil},
		{"c by b's key", sign("HS512", secret, `{"iss":"https://c"}`), "its signature does not verify", nil},
		{"c by b's algorithm", sign("HS256", other, `{"iss":"https://c"}`), `its algorithm "HS256" is not allowed, want HS512`, nil},
		{"b's audience", sign("RS256", rsaKey(), `{"iss":"https://a"}`), `wrong audience: the token is for nobody (aud), this gateway expects "chat"`, nil},
		{"another", sign("HS256", secret, `{"iss":"https://b/"}`), `no issuer "https://b/" is configured (identity.issuers)`, nil},
		{"none", sign("HS256", secret, `{}`), `no issuer "" is configured`, nil},
		{"several", sign("HS256", secret, `{"iss":["https://b"]}`), "iss is no string", nil},
		{"twice", sign("HS256", secret, `{"iss":"https://a","iss":"https://b"}`), "its claims are no strict JSON object", nil},
		{"long", sign("HS256", secret, `{"iss":"`+strings.Repeat("x", 300)+`"}`), strings.Repeat("x", maxQuoted) + `"… is`, nil},
	} {
		id, denied := v.Verify(auth(tt.token))
		switch {
		case tt.reason == "" && (denied != nil || id == nil || !reflect.DeepEqual(id.Roles, tt.roles)):
			t.Errorf("%s: %+v %+v", tt.name, id, denied)
		case tt.reason != "" && (denied == nil || id != nil || !strings.Contains(denied.Reason, tt.reason)):
			t.Errorf("%s: %v %+v", tt.name, id, denied)
		}
	}
}

func TestIssuerErrors(t *testing.T) {
	one := Issuer{Issuer: "a", Secret: secret}
	for name, tt := range map[string]struct {
		o       Options
		option  string
		issuer  int
		message string
	}{
		"twice":           {Options{From: []string{"auth.t"}, Issuers: []Issuer{one, one}}, "issuer", 1, `"a" is given twice`},
		"no name":         {Options{From: []string{"auth.t"}, Issuers: []Issuer{one, {Secret: secret}}}, "issuer", 1, "required"},
		"no key":          {Options{From: []string{"auth.t"}, Issuers: []Issuer{one, {Issuer: "b"}}}, "secret", 1, "want one of"},
		"no place":        {Options{Issuers: []Issuer{one}}, "from", 0, "no place of a token"},
		"place":           {Options{From: []string{"body.x"}}, "from", 0, `"body.x" is not`},
		"certificate":     {Options{Certificate: "ip"}, "certificate", 0, "no part of a certificate"},
		"authorities":     {Options{Fetch: Fetch{CAFile: "/nowhere"}}, "fetch.ca_file", 0, "no such file"},
		"authority's PEM": {Options{Fetch: Fetch{CAFile: file(t, []byte("x"))}}, "fetch.ca_file", 0, "holds no certificate"},
	} {
		_, err := New(tt.o)
		var oe *OptionError
		if !errors.As(err, &oe) || oe.Option != tt.option || oe.Issuer != tt.issuer || !strings.Contains(err.Error(), tt.message) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDemandedClaims(t *testing.T) {
	v := build(t, Issuer{Secret: secret, Claims: []Claim{{Path: `https://x\.y/ok`, Equals: json.RawMessage(`true`)},
		{Path: "org.ids", Equals: json.RawMessage(`{"n":7}`)}, {Path: "email"}}})
	for claims, want := range map[string]string{
		`{"https://x.y/ok":true,"org":{"ids":{"n":7}},"email":""}`:        "",
		`{"https://x.y/ok":true,"org":{"ids":[1,{"n":7}]},"email":"a@b"}`: "",
		`{"https://x.y/ok":true,"org":{"ids":[1,{"n":7.0}]},"email":"a"}`: `the claim "org.ids" is not {"n":7}`,
		`{"https://x.y/ok":"true","org":{"ids":{"n":7}},"email":"a"}`:     `the claim "https://x\\.y/ok" is not true`,
		`{"https://x":{"y/ok":true},"org":{"ids":{"n":7}},"email":"a"}`:   `no claim "https://x\\.y/ok"`,
		`{"https://x.y/ok":true,"org":{"ids":{"n":7,"m":1}},"email":"a"}`: `the claim "org.ids" is not`,
		`{"https://x.y/ok":true,"org":{"ids":{"n":7}},"email":null}`:      `no claim "email", which is demanded`,
		`{"https://x.y/ok":true,"org":{"ids":{"n":7}}}`:                   `no claim "email", which is demanded`,
		`{"https://x.y/ok":[[true]],"org":{"ids":{"n":7}},"email":"a"}`:   `the claim "https://x\\.y/ok" is not true`,
	} {
		id, denied := v.Verify(auth(sign("HS256", secret, claims)))
		if want == "" && id == nil || want != "" && (denied == nil || !strings.Contains(denied.Reason, want)) {
			t.Errorf("%s: %v %+v", claims, id, denied)
		}
	}
}

// TestLifetimes holds tokens against max_age and max_lifetime on both sides, and looks at when they end.
func TestLifetimes(t *testing.T) {
	const leeway = 30 * time.Second
	age := Issuer{Secret: secret, MaxAge: 100 * time.Second, Leeway: leeway}
	life := Issuer{Secret: secret, MaxLifetime: 100 * time.Second, Leeway: leeway}
	for _, tt := range []struct {
		o       Issuer
		claims  string
		expires int64 // below 0 is refused
		reason  string
	}{
		{age, `{"iat":1799999871}`, 1799999971, ""},
		{age, `{"iat":1799999870}`, -1, "token expired: issued 2m10s ago, max_age 1m40s, leeway 30s"},
		{age, `{"iat":1799999990,"exp":1900000000}`, 1800000090, ""},
		{age, `{"iat":1799999990,"exp":1800000020}`, 1800000020, ""},
		{age, `{"exp":1800000020}`, -1, "no iat, which max_age demands"},
		{age, `{"iat":1800000031}`, -1, "its iat is 31s ahead of this gateway's clock, leeway 30s"},
		{life, `{"iat":1799999990,"exp":1800000090}`, 1800000090, ""},
		{life, `{"iat":1799999990,"exp":1800000091}`, -1, "lasts 1m41s, max_lifetime 1m40s"},
		{life, `{"exp":1800000100}`, 1800000100, ""},
		{life, `{"exp":1800000101}`, -1, "lasts 1m41s, max_lifetime 1m40s"},
		{life, `{"iat":1799999990}`, -1, "no exp, which max_lifetime demands"},
		{life, `{"exp":1e300}`, -1, "lasts centuries"},
		{Issuer{Secret: secret, Leeway: leeway}, `{}`, 0, ""},
	} {
		id, denied := build(t, tt.o).Verify(auth(sign("HS256", secret, tt.claims)))
		switch {
		case tt.reason != "" && (denied == nil || !strings.Contains(denied.Reason, tt.reason)):
			t.Errorf("%s: %v %+v", tt.claims, id, denied)
		case tt.reason != "":
		case id == nil || id.ExpiresAt != tt.expires:
			t.Errorf("%s: %+v %+v", tt.claims, id, denied)
		case tt.expires == 0 && !id.Until.IsZero(), tt.expires > 0 && !id.Until.Equal(time.Unix(tt.expires, 0).Add(leeway)):
			t.Errorf("%s: until %v", tt.claims, id.Until)
		}
	}
}

func TestScopes(t *testing.T) {
	v := build(t, Issuer{Secret: secret, ScopesClaim: "scope"})
	for claims, want := range map[string][]string{`{"scope":"a  b"}`: {"a", "b"}, `{"scope":["a b"]}`: {"a b"}, `{"scope":""}`: {}, `{}`: nil} {
		if id, denied := v.Verify(auth(sign("HS256", secret, claims))); id == nil || !reflect.DeepEqual(id.Scopes, want) || id.Roles != nil {
			t.Errorf("%s: %+v %v", claims, id, denied)
		}
	}
	_, denied := v.Verify(auth(sign("HS256", secret, `{"scope":1}`)))
	if denied == nil || !strings.Contains(denied.Reason, `the scopes claim "scope" is neither strings nor a string`) {
		t.Errorf("%v", denied)
	}
}

func TestPath(t *testing.T) {
	object := []byte(`{"a":{"b":1,"c.d":2,"e\\f":3},"a.b":4,"g.h":{"i":5}}`)
	for path, want := range map[string]string{
		"a.b": "4", `a.c\.d`: "2", `a\.b`: "4", `g\.h.i`: "5", `a.e\\f`: "3", `a\.c`: "", "a.x": "", "x": "", "": "", "a.": "", `a.b\`: "",
	} {
		if raw, ok := at(object, path); string(raw) != want || ok != (want != "") {
			t.Errorf("%s: %q %v, want %q", path, raw, ok, want)
		}
	}
}

// TestTokenAlone: a token that is given by itself is the only one looked at.
func TestTokenAlone(t *testing.T) {
	v := build(t, Issuer{Secret: secret})
	c := auth(sign("HS256", secret, `{"sub":"a"}`))
	c.Token = sign("HS256", secret, `{"sub":"b"}`)
	if id, denied := v.Verify(c); id == nil || id.Sub != "b" {
		t.Errorf("%v %v", id, denied)
	}
	c.Token = "x"
	if id, denied := v.Verify(c); id != nil || denied == nil {
		t.Errorf("%v %v", id, denied)
	}
}

func TestCertificate(t *testing.T) {
	cert := &x509.Certificate{Raw: []byte("der"), SerialNumber: big.NewInt(255), NotAfter: now.Add(time.Hour),
		Subject: pkix.Name{CommonName: "sensor", Organization: []string{"acme"}}, Issuer: pkix.Name{CommonName: "root"},
		DNSNames: []string{"a.example"}, EmailAddresses: []string{"a@example", "b@example"}, URIs: []*url.URL{must(url.Parse("spiffe://x/y"))}}
	ended := *cert
	ended.NotAfter = now
	verified := func(c *x509.Certificate) *tls.ConnectionState {
		return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}, VerifiedChains: [][]*x509.Certificate{{c}}}
	}
	for _, tt := range []struct {
		part   string
		state  *tls.ConnectionState
		sub    string // "" is nobody
		code   engine.Code
		reason string
	}{
		{"subject", verified(cert), "CN=sensor,O=acme", 0, ""},
		{"common_name", verified(cert), "sensor", 0, ""},
		{"dns", verified(cert), "a.example", 0, ""},
		{"uri", verified(cert), "spiffe://x/y", 0, ""},
		{"email", verified(cert), "", engine.CodeTokenInvalid, "has no email, or several"},
		{"dns", verified(&ended), "", engine.CodeTokenExpired, "the client's certificate ended 0s ago"},
		{"dns", nil, "", 0, ""},
		{"dns", &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}}, "", 0, ""}, // asked for, and not verified
		{"", verified(cert), "", 0, ""},
	} {
		v := buildOf(t, Options{From: []string{"auth.token"}, Issuers: []Issuer{{Secret: secret}}, Certificate: tt.part})
		r := httptest.NewRequest("GET", "/", nil)
		r.TLS = tt.state
		id, denied := v.Verify(gateway.Credentials{Request: r})
		switch {
		case tt.reason != "":
			if id != nil || denied == nil || denied.Code != tt.code || !strings.Contains(denied.Reason, tt.reason) {
				t.Errorf("%s: %v %+v", tt.part, id, denied)
			}
		case denied != nil || (id != nil) != (tt.sub != "") || id != nil && (id.Sub != tt.sub || !id.Authenticated || !id.Until.Equal(cert.NotAfter)):
			t.Errorf("%s: %+v %+v", tt.part, id, denied)
		}
		c := auth(sign("HS256", secret, `{"sub":"token"}`))
		c.Request = r
		if id, _ := v.Verify(c); id == nil || id.Sub != "token" {
			t.Errorf("beside a token: %+v", id)
		}
	}
	v := buildOf(t, Options{Certificate: "dns"})
	r := httptest.NewRequest("GET", "/", nil)
	r.TLS = verified(cert)
	id, denied := v.Verify(gateway.Credentials{Request: r})
	if id == nil {
		t.Fatal(denied)
	}
	const want = `{"certificate":{"common_name":"sensor","dns":["a.example"],"email":["a@example","b@example"],"issuer":"CN=root",` +
		`"organization":["acme"],"organizational_unit":[],"serial":"ff","sha256":"","subject":"CN=sensor,O=acme","uri":["spiffe://x/y"]}}`
	var got, expected map[string]map[string]any
	if json.Unmarshal(id.Claims, &got) != nil || json.Unmarshal([]byte(want), &expected) != nil {
		t.Fatalf("%s", id.Claims)
	}
	if sum, _ := got["certificate"]["sha256"].(string); len(sum) != 64 {
		t.Errorf("sha256 %q", sum)
	}
	delete(got["certificate"], "sha256")
	delete(expected["certificate"], "sha256")
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("got %s", id.Claims)
	}
}
