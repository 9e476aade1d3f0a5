package app

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/bundletest"
	"github.com/siogw/siogw/internal/siotest"
)

// rsaKeys gives a private key, and its public one, as PEM.
func rsaKeys(t *testing.T) (private, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	private = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return private, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: text}))
}

// TestBundlesByRSA: signatures by a private key, of which the gateway has the public one.
func TestBundlesByRSA(t *testing.T) {
	c := newControl(t)
	private, public := rsaKeys(t)
	stranger, _ := rsaKeys(t)
	m, _ := manageApp(t, c, fmt.Sprintf(`
  keys: { %s: { algorithm: RS256, key: %q } }
  bundles: { authz: { service: control, signing: { keyid: signer, scope: write }, polling: { long_polling_timeout_seconds: 5 } } }
`, bundletest.KeyID, public))
	signed := func(revision, key, algo string) *bundletest.Bundle {
		return &bundletest.Bundle{Revision: revision, Key: key, Algo: algo, Modules: authz("allow := true # " + revision)}
	}
	c.put("authz", signed("one", private, "RS256"))
	m.active(t, "one")
	for name, bad := range map[string]*bundletest.Bundle{
		"another key":                signed("bad", stranger, "RS256"),
		"a longer hash":              signed("bad", private, "RS512"),
		"the public key as a secret": signed("bad", public, "HS256"),
		"not signed":                 signed("bad", "", ""),
		"replaced after it was":      {Revision: "bad", Key: private, Algo: "RS256", Modules: authz("allow := false"), Tampered: authz("allow := true")},
	} {
		c.put("authz", bad)
		m.counts(t, `siogw_opa_bundle_failing{bundle="authz"} 1`)
		m.active(t, "one")
		c.put("authz", signed("one", private, "RS256"))
		m.counts(t, `siogw_opa_bundle_failing{bundle="authz"} 0`)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	c.put("authz", signed("two", private, "RS256"))
	m.active(t, "two")
}

// TestBundlesTogether: a policy in one bundle and its data in another, which comes by deltas. Roots that overlap are refused.
func TestBundlesTogether(t *testing.T) {
	c := newControl(t)
	m, _ := manageApp(t, c, `
  bundles:
    authz: { service: control, polling: { long_polling_timeout_seconds: 5 } }
    members: { service: control, polling: { long_polling_timeout_seconds: 5 } }
`)
	members := func(revision string, roots []string, events ...any) *bundletest.Bundle {
		return &bundletest.Bundle{Revision: revision, Roots: roots, Data: map[string]any{"members": map[string]any{"events": events}}}
	}
	c.put("authz", &bundletest.Bundle{Revision: "one", Roots: []string{"siogw/authz"},
		Modules: authz("allow if input.kind != \"event\"\nallow if input.event in data.members.events")})
	m.active(t, "one")
	if status, text := scrape(t, m.Admin(), "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(text, "bundle members") {
		t.Errorf("with half of the bundles /readyz is %d %s", status, text)
	}
	c.put("members", members("first", []string{"members"}, "other"))
	m.activeOf(t, "members", "first")
	client := siotest.NewClient(t, m.url, nil)
	client.Join("/", "")
	if speaks(t, client, 1) {
		t.Error("echo is no member")
	}
	c.put("members", &bundletest.Bundle{Revision: "second", Roots: []string{"members"},
		Delta: []bundletest.Operation{{Op: "upsert", Path: "/members/events/-", Value: "echo"}}})
	m.activeOf(t, "members", "second")
	if !speaks(t, client, 2) {
		t.Error("a delta that makes echo a member is not obeyed")
	}
	c.put("members", members("overlaps", []string{"members", "siogw"}))
	m.counts(t, `siogw_opa_bundle_failing{bundle="members"} 1`)
	m.activeOf(t, "members", "second")
	if !speaks(t, client, 3) {
		t.Error("a bundle whose roots overlap was taken")
	}
	c.put("members", members("third", []string{"members"}))
	m.activeOf(t, "members", "third")
	if speaks(t, client, 4) {
		t.Error("the delta outlives the snapshot after it")
	}
}

// TestSignedDelta: OPA signs no deltas, so a bundle that must be signed does not come by them.
func TestSignedDelta(t *testing.T) {
	c := newControl(t)
	m, _ := manageApp(t, c, `
  keys: { signer: { algorithm: HS256, key: "`+bundleKey+`" } }
  bundles: { authz: { service: control, signing: { keyid: signer, scope: write }, polling: { long_polling_timeout_seconds: 5 } } }
`)
	c.put("authz", bundle("one", bundleKey, authz("allow if input.event in data.siogw.events")))
	m.active(t, "one")
	c.put("authz", &bundletest.Bundle{Revision: "two", Key: bundleKey, Delta: []bundletest.Operation{{Op: "upsert", Path: "/siogw/events", Value: []any{"echo"}}}})
	m.counts(t, `siogw_opa_bundle_failing{bundle="authz"} 1`)
	m.active(t, "one")
}
