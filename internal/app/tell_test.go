package app

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/siotest"
)

const exchanged = `
listen: 127.0.0.1:0
upstream: { url: %q }
identity:
  jwt: { from: [auth.token, query.token], secret: 0123456789abcdef0123456789abcdef }
  upstream: { auth: exchange, claims: [email], event: gateway:identity, jwks_path: /keys, %s }
`

// claimsOf reads a token of the gateway's own.
func claimsOf(t *testing.T, token string) (kid string, claims map[string]any) {
	t.Helper()
	var head struct{ Kid string }
	for i, to := range []any{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i])
		if err == nil {
			err = json.Unmarshal(raw, to)
		}
		if err != nil {
			t.Fatalf("%s: %v", token, err)
		}
	}
	return head.Kid, claims
}

// connectAuth gives the payload of the last CONNECT that the server got.
func connectAuth(t *testing.T, p *siotest.Peer) map[string]string {
	t.Helper()
	var auth map[string]string
	got := p.Got()
	for _, text := range slices.Backward(got) {
		if payload, ok := strings.CutPrefix(text, "40"); ok {
			if err := json.Unmarshal([]byte(payload), &auth); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			return auth
		}
	}
	t.Fatalf("no CONNECT in %q", got)
	return nil
}

func TestExchange(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	s := serve(t, t.TempDir(), fmt.Sprintf(exchanged, up.URL, "header: x-identity"))
	const secret = "0123456789abcdef0123456789abcdef"
	mine := siotest.Token(secret, `{"sub":"u1","email":"a@b","roles":["r"],"hidden":1}`)
	c := siotest.NewClient(t, "http://"+s.clients+"/socket.io/?token="+mine, http.Header{"X-Identity": {"forged"}})
	c.Join("/", `{"token":"`+mine+`","n":"1"}`)
	p := up.Peer(t)
	auth := connectAuth(t, p)
	kid, claims := claimsOf(t, auth["token"])
	for _, name := range []string{"jti", "iat", "exp", "session"} {
		if claims[name] == nil {
			t.Errorf("no %s in %v", name, claims)
		}
		delete(claims, name)
	}
	want := map[string]any{"iss": "siogw", "aud": "upstream", "sub": "u1", "roles": []any{"r"}, "scopes": []any{}, "by": "token",
		"namespace": "/", "ip": "127.0.0.1", "claims": map[string]any{"email": "a@b"}}
	if !reflect.DeepEqual(claims, want) || auth["n"] != "1" || len(auth) != 2 {
		t.Errorf("%v in %v, want %v", claims, auth, want)
	}
	if p.Request.URL.Query().Has("token") {
		t.Errorf("the server sees the client's token: %s", p.Request.URL)
	}
	_, atHandshake := claimsOf(t, p.Request.Header.Get("X-Identity"))
	if atHandshake["sub"] != "u1" || atHandshake["namespace"] != nil {
		t.Errorf("handshake with %v", atHandshake)
	}
	for _, url := range []string{s.admin + "/.well-known/jwks.json", "http://" + s.clients + "/keys"} {
		resp, err := once().Get(url)
		if err != nil {
			t.Fatal(err)
		}
		var set struct{ Keys []map[string]string }
		err = json.NewDecoder(resp.Body).Decode(&set)
		resp.Body.Close()
		if err != nil || len(set.Keys) != 1 || set.Keys[0]["kid"] != kid || set.Keys[0]["use"] != "sig" || set.Keys[0]["d"] != "" {
			t.Errorf("%s: %v %v", url, set, err)
		}
		if h := resp.Header; h.Get("Cache-Control") != "public, max-age=300" || h.Get("Content-Type") != "application/jwk-set+json" {
			t.Errorf("%s: %v", url, h)
		}
		again, _ := http.NewRequest(http.MethodGet, url, nil)
		again.Header.Set("If-None-Match", resp.Header.Get("ETag"))
		if resp, err = once().Do(again); err != nil || resp.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %v %v", url, resp, err)
		} else {
			resp.Body.Close()
		}
	}
	if _, metrics, _ := body(t, once(), s.admin+"/metrics"); !strings.Contains(metrics, "siogw_upstream_tokens_total 2") {
		t.Error("tokens are not counted")
	}
}

// TestStrip: what the server needs of its own stays, the client's token does not; in front of it, policies see all.
func TestStrip(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	s := serve(t, t.TempDir(), fmt.Sprintf(`
listen: 127.0.0.1:0
upstream: { url: %q }
identity:
  jwt: { from: [auth.token, cookie.session, header.authorization, query.jwt], secret: 0123456789abcdef0123456789abcdef }
  upstream: { auth: strip }
`, up.URL))
	mine := siotest.Token("0123456789abcdef0123456789abcdef", `{"sub":"u1"}`)
	header := http.Header{"Cookie": {"theme=dark; session=" + mine}, "Authorization": {"Basic eDp5"}}
	c := siotest.NewClient(t, "http://"+s.clients+"/socket.io/?jwt=x&n=1", header)
	c.Join("/", `{"token":"`+mine+`","pid":"p","offset":"o"}`)
	p := up.Peer(t)
	if got := p.Got()[0]; got != `40{"pid":"p","offset":"o"}` {
		t.Errorf("CONNECT with %s", got)
	}
	h, q := p.Request.Header, p.Request.URL.Query()
	if h.Get("Cookie") != "theme=dark" || h.Get("Authorization") != "" || q.Has("jwt") || q.Get("n") != "1" {
		t.Errorf("handshake with %v %v", h, q)
	}
	if status, _, _ := body(t, once(), s.admin+"/.well-known/jwks.json"); status != http.StatusNotFound {
		t.Errorf("keys: %d", status)
	}
}

// TestTellNothing: without an exchange there are no keys to publish.
func TestTellNothing(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	s := serve(t, t.TempDir(), fmt.Sprintf("listen: 127.0.0.1:0\nupstream: { url: %q }\n", up.URL))
	if status, _, _ := body(t, once(), s.admin+"/.well-known/jwks.json"); status != http.StatusNotFound {
		t.Errorf("%d", status)
	}
}

// TestKeyRotation reloads with another key first: sessions that are open get tokens of that with their next CONNECT. The
// key that a gateway makes for itself is the same after a reload.
func TestKeyRotation(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, private any) {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write("a.pem", ed)
	write("b.pem", ec)
	up := siotest.NewUpstream(t, nil)
	conf := func(more string) string {
		return "admin: { listen: 127.0.0.1:0 }\ndecision_log: { output: none }\n" + fmt.Sprintf(exchanged, up.URL, more)
	}
	s := serve(t, dir, fmt.Sprintf(exchanged, up.URL, "keys: []"))
	token := siotest.Token("0123456789abcdef0123456789abcdef", `{"sub":"u1"}`)
	c := siotest.NewClient(t, "http://"+s.clients, nil)
	p := up.Peer(t)
	kid := func() string {
		c.Join("/", `{"token":"`+token+`"}`)
		got, _ := claimsOf(t, connectAuth(t, p)["token"])
		c.Put("41")
		return got
	}
	reload := func(more string) {
		t.Helper()
		if _, err := s.Reload(t.Context(), parse(t, dir, conf(more))); err != nil {
			t.Fatal(err)
		}
	}
	published := func() (kids []string) {
		_, text, _ := body(t, once(), s.admin+"/.well-known/jwks.json")
		var set struct{ Keys []struct{ Kid string } }
		if err := json.Unmarshal([]byte(text), &set); err != nil {
			t.Fatal(err)
		}
		for _, k := range set.Keys {
			kids = append(kids, k.Kid)
		}
		return kids
	}
	own := kid()
	reload("lifetime: 30s")
	if kid() != own {
		t.Error("the gateway's own key is another after a reload")
	}
	reload("keys: [a.pem, b.pem]")
	a, both := kid(), published()
	reload("keys: [b.pem, a.pem]")
	b, turned := kid(), published()
	if len(both) != 2 || both[0] != a || len(turned) != 2 || turned[0] != b || turned[1] != a || a == b {
		t.Errorf("%s, %s signed; %v, then %v were published", a, b, both, turned)
	}
	_, err = s.Reload(t.Context(), parse(t, dir, conf("keys: [a.pem, c.pem]")))
	if err == nil || !strings.Contains(err.Error(), "identity.upstream.keys.1: ") || kid() != b {
		t.Errorf("%v", err)
	}
}

func TestTokenMasks(t *testing.T) {
	cfg := parse(t, "", `
upstream: { url: 'http://h' }
identity: { jwt: { from: [auth.token, header.authorization, auth.user.jwt, 'auth.a\.b', auth.x/y] } }
`)
	want := []string{"/auth/token", "/auth/user.jwt", "/auth/user/jwt", "/auth/a.b", "/auth/x~1y", "/auth/ticket"}
	if got := tokenMasks(cfg); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
