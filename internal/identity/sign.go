package identity

import (
	"crypto"
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
	"fmt"
	"os"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

// maxSigningKeys bounds the keys of a gateway: one signs, the others are those before and after it.
const maxSigningKeys = 16

// NewKey makes a key for ES256, which every library for tokens knows.
func NewKey() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// signingKey is a private key with what a token that it signs says of it.
type signingKey struct {
	private crypto.Signer
	alg     jwa.SignatureAlgorithm
	headers jws.Headers // typ, kid
	public  jwk.Key
}

// loadSigningKey reads a PEM file.
func loadSigningKey(file string) (*signingKey, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	private, err := privateKey(data)
	if err == nil {
		var k *signingKey
		if k, err = newSigningKey(private); err == nil {
			return k, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", file, err)
}

// privateKey finds the key among the blocks of a PEM file, which may begin with EC PARAMETERS.
func privateKey(data []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PARAMETERS":
			continue
		default:
			return nil, fmt.Errorf("%q is no private key", block.Type)
		}
		if err != nil {
			return nil, err
		}
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
		return nil, errUnusable
	}
	return nil, errors.New("no PEM file with a private key")
}

// newSigningKey names the key by its thumbprint (RFC 7638): gateways with the same file agree.
func newSigningKey(private crypto.Signer) (*signingKey, error) {
	if err := strong(private.Public()); err != nil {
		return nil, err
	}
	k := &signingKey{private: private, headers: jws.NewHeaders()}
	switch p := private.Public().(type) {
	case *rsa.PublicKey:
		k.alg = jwa.RS256()
	case ed25519.PublicKey:
		k.alg = jwa.EdDSA()
	case *ecdsa.PublicKey:
		k.alg = map[int]jwa.SignatureAlgorithm{256: jwa.ES256(), 384: jwa.ES384(), 521: jwa.ES512()}[p.Curve.Params().BitSize]
	}
	var err error
	if k.public, err = jwk.Import(private.Public()); err != nil {
		return nil, err
	}
	thumb, err := k.public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	kid := base64.RawURLEncoding.EncodeToString(thumb)
	for _, err := range []error{k.public.Set(jwk.KeyIDKey, kid), k.public.Set(jwk.AlgorithmKey, k.alg), k.public.Set(jwk.KeyUsageKey, "sig"),
		k.headers.Set(jws.KeyIDKey, kid), k.headers.Set(jws.TypeKey, "JWT")} {
		if err != nil {
			return nil, err
		}
	}
	return k, nil
}

// slow reports whether signing may take a millisecond, and with a long RSA key several.
func (k *signingKey) slow() bool {
	_, rsa := k.private.Public().(*rsa.PublicKey)
	return rsa || slowAlgorithm(k.alg.String())
}

func (k *signingKey) sign(claims []byte) (string, error) {
	token, err := jws.Sign(claims, jws.WithKey(k.alg, k.private, jws.WithProtectedHeaders(k.headers)))
	return string(token), err
}

// publicSet gives the public keys as a JSON Web Key Set (RFC 7517).
func publicSet(keys []*signingKey) ([]byte, error) {
	set := struct {
		Keys []jwk.Key `json:"keys"`
	}{}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.public)
	}
	return json.Marshal(set)
}
