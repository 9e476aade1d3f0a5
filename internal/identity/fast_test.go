package identity

import (
	"slices"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
)

// Tokens are verified without the library's parsing of their headers, which parse does: what verifies by the one way
// does by the other, for each algorithm, and a change of any byte is seen by both.
func TestVerifiedAlike(t *testing.T) {
	for _, alg := range algorithms {
		private, public := keysOf(alg)
		token := sign(alg, private, `{"sub":"u1","exp":4102444800}`)
		known, _ := jwa.LookupSignatureAlgorithm(alg)
		both := func(token []byte) (claims []byte, err error) {
			claims, err = jws.VerifyCompactFast(public, token, known)
			slow, slowErr := jws.Verify(token, jws.WithKey(known, public), jws.WithCompact())
			if (err == nil) != (slowErr == nil) || string(claims) != string(slow) {
				t.Errorf("%s %s: %q %v, and %q %v", alg, token, claims, err, slow, slowErr)
			}
			return claims, err
		}
		if claims, err := both([]byte(token)); err != nil || string(claims) != `{"sub":"u1","exp":4102444800}` {
			t.Errorf("%s: %q %v", alg, claims, err)
		}
		for i := 0; i < len(token); i += 1 + len(token)/40 {
			other := []byte(token)
			other[i] ^= 2
			if _, _, err := parse(string(other)); err != nil {
				continue
			}
			if _, err := both(other); err == nil {
				t.Errorf("%s: byte %d does not matter", alg, i)
			}
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	v, err := New(Options{From: []string{"auth.token"}, Now: func() time.Time { return now }, Issuers: []Issuer{{Secret: secret}}})
	if err != nil {
		b.Fatal(err)
	}
	token := sign("HS256", secret, `{"sub":"u1","roles":["member"],"exp":4102444800}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.token(token, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// keysOf gives a key of an algorithm, and what verifies.
func keysOf(alg string) (private, public any) {
	switch {
	case alg[0] == 'H':
		return secret, secret
	case alg == "EdDSA":
		return edKey(), edKey().Public()
	case alg[0] == 'E':
		k := ecKeys()[slices.Index([]string{"ES256", "ES384", "ES512"}, alg)]
		return k, k.Public()
	}
	return rsaKey(), rsaKey().Public()
}
