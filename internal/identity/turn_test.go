package identity

import (
	"crypto"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
)

// fakeTurn counts who leaves; full refuses.
type fakeTurn struct {
	left int
	full bool
}

func (t *fakeTurn) Leave() bool {
	t.left++
	return !t.full
}

// Who waits for a provider's keys leaves first; with no room nobody waits, and the token does not hold.
func TestLeaveForKeys(t *testing.T) {
	key := ecKeys()[0]
	p := newIDP(t, keySet(t, key))
	v, clock := started(t, p, Fetch{})
	for _, c := range []struct {
		kid    string
		full   bool
		left   int
		reason string
	}{
		{"k0", true, 0, ""},
		{"k8", true, 1, "too many wait"},
		{"k9", false, 1, "fetched anew"},
	} {
		tn := &fakeTurn{full: c.full}
		_, no := v.Verify(gateway.Credentials{Token: kidToken(t, key, c.kid, claimsOfI), Turn: tn})
		if (no == nil) != (c.reason == "") || no != nil && (no.Code != engine.CodeTokenInvalid || !strings.Contains(no.Reason, c.reason)) || tn.left != c.left {
			t.Errorf("%+v: left %d times, %+v", c, tn.left, no)
		}
		clock.add(unknownEvery + time.Second)
		for v.issuers[0].provider.busy() { // with the fetch that nobody waited for
			time.Sleep(time.Millisecond)
		}
	}
}

func (p *provider) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.under != nil
}

// Signatures that take long leave; those of the usual curves do not.
func TestLeaveForSignatures(t *testing.T) {
	for alg, c := range map[string]struct {
		key                crypto.Signer
		signing, verifying int
	}{"ES256": {ecKeys()[0], 0, 0}, "ES384": {ecKeys()[1], 1, 1}, "ES512": {ecKeys()[2], 1, 1}, "EdDSA": {edKey(), 0, 0}, "RS256": {rsaKey(), 1, 0}} {
		one := teller(t, TellOptions{Sign: signs(keyFile(t, c.key))})
		signing, verifying := &fakeTurn{full: true}, &fakeTurn{full: true} // which keeps nobody from computing
		in := connecting(&engine.Identity{Authenticated: true, Sub: "u"})
		in.Turn = signing
		token, err := one.Token(in)
		if err != nil || signing.left != c.signing {
			t.Errorf("%s: signing left %d times, %v", alg, signing.left, err)
		}
		_, no := server(t, one).Verify(gateway.Credentials{Token: token, Turn: verifying})
		if no != nil || verifying.left != c.verifying {
			t.Errorf("%s: verifying left %d times, %v", alg, verifying.left, no)
		}
	}
}
