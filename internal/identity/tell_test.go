package identity

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

// keyFile writes a private key.
func keyFile(t *testing.T, key any) string {
	t.Helper()
	block := &pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))}
	return file(t, pem.EncodeToMemory(block))
}

func teller(t *testing.T, o TellOptions) *Teller {
	t.Helper()
	o.Now = func() time.Time { return now }
	one, err := NewTeller(o)
	if err != nil {
		t.Fatal(err)
	}
	return one
}

func signs(keys ...string) *SignOptions {
	return &SignOptions{Keys: keys, Own: ecKeys()[0], Issuer: "gw", Audience: "up", Lifetime: time.Minute, Field: "token", Header: "Authorization"}
}

func connecting(id *engine.Identity) *engine.Input {
	return &engine.Input{Kind: engine.Connect, Namespace: "/chat", Identity: id, Session: &engine.Session{ID: "s1", IP: "192.0.2.1"}}
}

// server verifies as the upstream would, by the key set alone.
func server(t *testing.T, one *Teller) *Verifier {
	t.Helper()
	return build(t, Issuer{JWKSFile: file(t, one.KeySet()), Issuer: "gw", Audience: "up", RolesClaim: "roles", ScopesClaim: "scopes", MaxLifetime: time.Minute})
}

func TestTellKeys(t *testing.T) {
	for alg, key := range map[string]crypto.Signer{"ES256": ecKeys()[0], "ES384": ecKeys()[1], "ES512": ecKeys()[2], "EdDSA": edKey(), "RS256": rsaKey()} {
		one := teller(t, TellOptions{Sign: signs(keyFile(t, key))})
		token, err := one.Token(connecting(&engine.Identity{Authenticated: true, Sub: "u1", Roles: []string{"a b"}, Scopes: []string{"c d", "e"}}))
		if err != nil {
			t.Fatal(err)
		}
		h, _, err := parse(token)
		if err != nil || h.alg != alg || len(h.kid) != 43 {
			t.Errorf("%s: %+v %v", alg, h, err)
		}
		if bytes.Contains(one.KeySet(), []byte(`"d"`)) || !bytes.Contains(one.KeySet(), []byte(h.kid)) {
			t.Errorf("%s: %s", alg, one.KeySet())
		}
		id, denial := server(t, one).Verify(auth(token))
		if denial != nil || id.Sub != "u1" || !reflect.DeepEqual(id.Roles, []string{"a b"}) || !reflect.DeepEqual(id.Scopes, []string{"c d", "e"}) {
			t.Errorf("%s: %+v %v", alg, id, denial)
		}
	}
}

// TestTellRotation: what the key before has signed holds as long as that is in the set.
func TestTellRotation(t *testing.T) {
	old, next := keyFile(t, ecKeys()[0]), keyFile(t, edKey())
	in := connecting(&engine.Identity{Authenticated: true, Sub: "u1"})
	before, both, after := teller(t, TellOptions{Sign: signs(old)}), teller(t, TellOptions{Sign: signs(next, old)}), teller(t, TellOptions{Sign: signs(next)})
	first, second := must(before.Token(in)), must(both.Token(in))
	for name, tt := range map[string]struct {
		by    *Teller
		token string
		good  bool
	}{"old, both": {both, first, true}, "new, both": {both, second, true}, "old, after": {after, first, false}, "new, after": {after, second, true}, "new, before": {before, second, false}} {
		if _, denial := server(t, tt.by).Verify(auth(tt.token)); (denial == nil) != tt.good {
			t.Errorf("%s: %v", name, denial)
		}
	}
}

func TestTellClaims(t *testing.T) {
	o := signs()
	o.Claims = []string{"email", "org.name", "absent"}
	var n atomic.Uint64
	o.Signed = &n
	one := teller(t, TellOptions{Sign: o})
	claims := `{"email":"a@b","org":{"name":"x","secret":1},"iss":"idp"}`
	read := func(id *engine.Identity) string {
		_, text, err := parse(must(one.Token(connecting(id))))
		if err != nil {
			t.Fatal(err)
		}
		jti, _ := strictjson.Member(text, "jti")
		if len(jti) != 24 {
			t.Errorf("jti %s", jti)
		}
		return string(dropMember(text, "jti"))
	}
	base := fmt.Sprintf(`{"iss":"gw","aud":"up","sub":"u1","iat":%d,"exp":%%d,"roles":[],"scopes":[],"by":%%q%%s,"namespace":"/chat","session":"s1","ip":"192.0.2.1"%%s}`, now.Unix())
	minute := now.Add(time.Minute)
	for name, tt := range map[string]struct {
		id   *engine.Identity
		want string
	}{
		"token":       {&engine.Identity{Issuer: "idp", Claims: []byte(claims)}, fmt.Sprintf(base, minute.Unix(), "token", `,"issuer":"idp"`, `,"claims":{"email":"a@b","org.name":"x"}`)},
		"ticket":      {&engine.Identity{Issuer: TicketIssuer}, fmt.Sprintf(base, minute.Unix(), "ticket", "", "")},
		"certificate": {&engine.Identity{Issuer: certificateIssuer}, fmt.Sprintf(base, minute.Unix(), "certificate", "", "")},
		"ends sooner": {&engine.Identity{Until: now.Add(7 * time.Second)}, fmt.Sprintf(base, now.Unix()+7, "token", "", "")},
		"ends later":  {&engine.Identity{Until: minute.Add(1)}, fmt.Sprintf(base, minute.Unix(), "token", "", "")},
		"ends now":    {&engine.Identity{Until: now.Add(1)}, fmt.Sprintf(base, now.Unix()+1, "token", "", "")},
	} {
		tt.id.Authenticated, tt.id.Sub = true, "u1"
		if got := read(tt.id); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, tt.want)
		}
	}
	for _, nobody := range []*engine.Identity{nil, {Sub: "u1"}} {
		if token, err := one.Token(connecting(nobody)); token != "" || err != nil {
			t.Errorf("a token for nobody: %s %v", token, err)
		}
	}
	if n.Load() != 6 {
		t.Errorf("%d were counted", n.Load())
	}
}

// TestTellLong is on both sides of MaxTold.
func TestTellLong(t *testing.T) {
	one := teller(t, TellOptions{Sign: signs()})
	size := func(n int) (int, error) {
		token, err := one.Token(connecting(&engine.Identity{Authenticated: true, Sub: strings.Repeat("x", n)}))
		return len(token), err
	}
	n := 1
	for got := must(size(n)); got+4 < MaxTold; got = must(size(n)) {
		n += max(1, (MaxTold-got)/2)
	}
	if _, err := size(n + 12); !errors.Is(err, errLong) {
		t.Errorf("beyond: %v", err)
	}
}

func TestStrip(t *testing.T) {
	from := []string{"auth.token", "auth.user.jwt", `auth.a\.b`, "auth.c.d", "header.authorization", "query.token", "cookie.session"}
	for given, want := range map[string]string{
		`{}`:                                `{}`,
		`{"token":"x"}`:                     `{}`,
		`{"a":1,"token":{"deep":1},"b":[]}`: `{"a":1,"b":[]}`,
		`{"t\u006fken":"x","Token":1}`:      `{"Token":1}`,
		`{"user":{"jwt":"x","n":1}}`:        `{"user":{"n":1}}`,
		`{"user":"me","user.jwt":"x"}`:      `{"user":"me"}`,
		`{"user":{"jwt":1},"user.jwt":"x"}`: `{"user":{}}`,
		`{"a.b":1,"a":{"b":2}}`:             `{"a":{"b":2}}`,
		`{"c":{"d":1},"c.d":2}`:             `{"c":{}}`,
		`{ "pid" : "p", "offset" : "o" }`:   `{ "pid" : "p", "offset" : "o" }`,
	} {
		one := teller(t, TellOptions{From: from})
		if got, err := one.Strip([]byte(given)); err != nil || string(got) != want {
			t.Errorf("%s became %s, want %s, %v", given, got, want, err)
		}
		if token, err := one.Connect(connecting(&engine.Identity{Authenticated: true}), []byte(want)); string(token) != want || err != nil {
			t.Errorf("strip alone tells %s %v", token, err)
		}
	}
}

// TestSpoof: whatever a client says where the gateway speaks is not heard, also where the client is nobody.
func TestSpoof(t *testing.T) {
	o := signs()
	o.Field, o.Header = "identity", "X-Identity"
	one := teller(t, TellOptions{From: []string{"auth.token"}, Sign: o})
	in := connecting(nil)
	stripped, err := one.Strip([]byte(`{"identity":"forged","ident\u0069ty2":1,"x":1}`))
	if err != nil || string(stripped) != `{"ident\u0069ty2":1,"x":1}` {
		t.Errorf("%s %v", stripped, err)
	}
	if got, _ := one.Connect(in, stripped); !bytes.Equal(got, stripped) {
		t.Errorf("nobody is told as %s", got)
	}
	h := http.Header{"X-Identity": {"forged", "twice"}, "Authorization": {"Basic x"}}
	q := url.Values{"identity": {"forged"}, "x": {"1"}}
	if err := one.Handshake(in, h, q); err != nil || len(h) != 1 || h.Get("Authorization") != "Basic x" || q.Encode() != "x=1" {
		t.Errorf("%v %v %v", h, q, err)
	}
	in.Identity = &engine.Identity{Authenticated: true, Sub: "u1"}
	h.Set("X-Identity", "forged")
	if err := one.Handshake(in, h, q); err != nil || len(h["X-Identity"]) != 1 || strings.Count(h.Get("X-Identity"), ".") != 2 {
		t.Errorf("%v %v", h, err)
	}
	got, err := one.Connect(in, stripped)
	if err != nil || !strings.HasPrefix(string(got), `{"ident\u0069ty2":1,"x":1,"identity":"ey`) || strictjson.Scan(got, strictjson.Limits{}) != nil {
		t.Errorf("%s %v", got, err)
	}
}

func TestStripHandshake(t *testing.T) {
	one := teller(t, TellOptions{From: []string{"header.authorization", "cookie.session", "query.token"}})
	h := http.Header{"Authorization": {"Bearer x"}, "User-Agent": {"u"}, "Cookie": {"a=1; session=x;b=2", "session=y", " session =z; session2=w"}}
	q := url.Values{"token": {"x", "y"}, "n": {"1"}}
	if err := one.Handshake(connecting(nil), h, q); err != nil {
		t.Error(err)
	}
	want := http.Header{"User-Agent": {"u"}, "Cookie": {"a=1; b=2", "session2=w"}}
	if !reflect.DeepEqual(h, want) || q.Encode() != "n=1" {
		t.Errorf("%v %v", h, q)
	}
	h = http.Header{"Cookie": {"session=x"}}
	if err := one.Handshake(connecting(nil), h, q); err != nil || len(h) != 0 {
		t.Errorf("%v %v", h, err)
	}
	if err := one.Handshake(connecting(nil), nil, q); err != nil {
		t.Error(err)
	}
	in := connecting(&engine.Identity{Authenticated: true, Sub: "u1"})
	h = http.Header{"Authorization": {"Bearer x"}}
	if err := teller(t, TellOptions{Sign: signs()}).Handshake(in, h, q); err != nil || !strings.HasPrefix(h.Get("Authorization"), "Bearer ey") {
		t.Errorf("%v %v", h, err)
	}
}

func TestKeyFiles(t *testing.T) {
	good := keyFile(t, ecKeys()[0])
	ec := must(x509.MarshalECPrivateKey(ecKeys()[0]))
	parameters := append(pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 0}}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: ec})...)
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey())})
	a := teller(t, TellOptions{Sign: signs(good)})
	b := teller(t, TellOptions{Sign: signs(file(t, parameters), file(t, pkcs1))})
	if !bytes.HasPrefix(b.KeySet(), bytes.TrimSuffix(a.KeySet(), []byte("]}"))) {
		t.Errorf("one key has two names: %s %s", a.KeySet(), b.KeySet())
	}
	weak := newRSA(1024)
	for text, name := range map[string]string{
		"no such file":                "missing",
		"no PEM file":                 file(t, []byte("x")),
		`"PUBLIC KEY" is no private`:  pemFile(t, rsaKey().Public()),
		"an RSA key of 1024 bits":     keyFile(t, weak),
		"not a key that siogw":        keyFile(t, must(elliptic224())),
		"structure error":             file(t, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{0x30}})),
		"no PEM file with a private ": file(t, parameters[:20]),
	} {
		if name == "missing" {
			name = filepath.Join(t.TempDir(), name)
		}
		_, err := NewTeller(TellOptions{Sign: signs(good, name)})
		var oe *OptionError
		if !errors.As(err, &oe) || oe.Option != "keys.1" || !strings.Contains(err.Error(), text) && !errors.Is(err, os.ErrNotExist) && text != "structure error" {
			t.Errorf("%s: %v", text, err)
		}
	}
	many := make([]string, maxSigningKeys+1)
	for i := range many {
		many[i] = good
	}
	if _, err := NewTeller(TellOptions{Sign: signs(many...)}); err == nil {
		t.Error("too many keys were taken")
	}
	teller(t, TellOptions{Sign: signs(many[1:]...)})
	if _, err := NewTeller(TellOptions{From: []string{"body.x"}}); err == nil {
		t.Error("a place that is none was taken")
	}
}

func elliptic224() (any, error) { return ecdsa.GenerateKey(elliptic.P224(), rand.Reader) }

// FuzzStrip: what is taken out is not found any more, the rest stays, and the result is as strict as before.
func FuzzStrip(f *testing.F) {
	f.Add([]byte(`{"a":{"b":1,"c":2},"a.b":3,"d":4}`), "a.b")
	f.Add([]byte(`{"a":[1],"b\u002e":{}}`), `b\.`)
	f.Fuzz(func(t *testing.T, object []byte, path string) {
		if strictjson.Scan(object, strictjson.Limits{}) != nil || strictjson.KindOf(object) != strictjson.Object {
			t.Skip()
		}
		before := string(object)
		got := dropPath(object, path)
		if string(object) != before {
			t.Fatal("the payload itself was changed")
		}
		if err := strictjson.Scan(got, strictjson.Limits{}); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		if _, found := at(got, path); found {
			t.Fatalf("%s still has %q", got, path)
		}
		put := putMember(got, path, []byte("1"))
		if v, ok := strictjson.Member(put, path); ok && string(v) != "1" {
			t.Fatalf("%s", put)
		}
	})
}

// BenchmarkToken makes one token of each kind of key that is in use for it.
func BenchmarkToken(b *testing.B) {
	in := connecting(&engine.Identity{Authenticated: true, Sub: "u1", Roles: []string{"member"}})
	for name, key := range map[string]crypto.Signer{"ES256": ecKeys()[0], "EdDSA": edKey(), "RS256": rsaKey()} {
		b.Run(name, func(b *testing.B) {
			o := signs()
			o.Own = key
			one := must(NewTeller(TellOptions{Sign: o}))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := one.Token(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
