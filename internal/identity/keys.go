package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwk"
)

const (
	minSecret = 32   // bytes (RFC 7518 section 3.2)
	minRSA    = 2048 // bits (RFC 7518 section 3.3)
	maxKeys   = 64   // of a set: a token without kid may be tried with each
)

// algorithms are the allowed ones (RFC 7518 section 3.1, RFC 8037 section 3.1). none is not one.
var algorithms = []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512", "EdDSA"}

var errUnusable = errors.New("not a key that siogw can use")

// key is a verification key.
type key struct {
	raw any    // []byte, *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey
	kid string // "" for none
	alg string // the only algorithm that it is for, "" for any that fits
}

// serves reports whether k may be tried on a token with this header.
func (k key) serves(h header) bool {
	return fits(h.alg, k.raw) && (k.alg == "" || k.alg == h.alg) && (h.kid == "" || k.kid == "" || k.kid == h.kid)
}

// fits reports whether a key is of the type that the algorithm is defined for. This is what keeps a
// public key from being used as an HMAC secret.
func fits(alg string, raw any) bool {
	switch k := raw.(type) {
	case []byte:
		return alg == "HS256" || alg == "HS384" || alg == "HS512"
	case *rsa.PublicKey:
		return len(alg) == 5 && (alg[:2] == "RS" || alg[:2] == "PS")
	case *ecdsa.PublicKey:
		return map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[k.Curve.Params().BitSize] == alg
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}

// loadKeys gives the keys of a file or a secret, and the option that is at fault.
func loadKeys(o Issuer) (keys []key, option string, err error) {
	switch {
	case len(o.Secret) > 0:
		keys, err = secretKey(o.Secret)
		return keys, "secret", err
	case o.PublicKeyFile != "":
		keys, err = pemKey(o.PublicKeyFile)
		return keys, "public_key_file", err
	}
	keys, err = setKeys(o.JWKSFile)
	return keys, "jwks", err
}

func secretKey(secret []byte) ([]key, error) {
	if bytes.HasPrefix(secret, []byte("-----BEGIN ")) {
		return nil, errors.New("is PEM, which is no secret: use public_key_file")
	}
	return []key{{raw: bytes.Clone(secret)}}, nil
}

func pemKey(file string) ([]key, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s is no PEM file", file)
	}
	if strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return nil, fmt.Errorf("%s holds a private key: siogw needs only the public one", file)
	}
	raw, err := publicKey(block)
	if err == nil {
		err = strong(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return []key{{raw: raw}}, nil
}

func publicKey(block *pem.Block) (any, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return cert.PublicKey, nil
	}
	return nil, fmt.Errorf("%q is no public key and no certificate", block.Type)
}

func setKeys(file string) ([]key, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	set, err := jwk.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s is no JSON Web Key Set", file)
	}
	var keys []key
	for i := range set.Len() {
		k, _ := set.Key(i)
		if use, ok := k.KeyUsage(); ok && use != "sig" {
			continue
		}
		out, err := export(k)
		if err != nil {
			return nil, fmt.Errorf("%s: key %d: %w", file, i, err)
		}
		keys = append(keys, out)
	}
	if len(keys) == 0 || len(keys) > maxKeys {
		return nil, fmt.Errorf("%s has %d signature keys, want 1 to %d", file, len(keys), maxKeys)
	}
	return keys, nil
}

// providerKeys reads a key set that was fetched. Keys that siogw cannot use are left out, as providers add new kinds
// before anybody needs them; so are secrets, which have no place where everybody may read them.
func providerKeys(data []byte) ([]key, error) {
	set, err := jwk.Parse(data, jwk.WithIgnoreParseError(true))
	if err != nil {
		return nil, errors.New("no JSON Web Key Set")
	}
	if set.Len() > maxKeys {
		return nil, fmt.Errorf("%d keys, at most %d", set.Len(), maxKeys)
	}
	var keys []key
	for i := range set.Len() {
		k, _ := set.Key(i)
		if use, ok := k.KeyUsage(); ok && use != "sig" {
			continue
		}
		out, err := export(k)
		if _, secret := out.raw.([]byte); err == nil && !secret {
			keys = append(keys, out)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("no signature key that siogw can use")
	}
	return keys, nil
}

// export takes the public part of a key.
func export(k jwk.Key) (key, error) {
	public, err := jwk.PublicKeyOf(k)
	if err != nil {
		return key{}, errUnusable
	}
	out := key{}
	if err := jwk.Export(public, &out.raw); err != nil {
		return key{}, errUnusable
	}
	out.kid, _ = k.KeyID()
	if alg, ok := k.Algorithm(); ok {
		out.alg = alg.String()
	}
	return out, strong(out.raw)
}

// strong refuses keys that are too short, and those of a type that no allowed algorithm uses.
func strong(raw any) error {
	switch k := raw.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSA {
			return fmt.Errorf("an RSA key of %d bits, want at least %d", k.N.BitLen(), minRSA)
		}
	case []byte: // of a set, which is made by a program: unlike a secret in the file it is nobody's old choice
		if len(k) < minSecret {
			return fmt.Errorf("a secret of %d bytes, want at least %d", len(k), minSecret)
		}
	}
	for _, alg := range algorithms {
		if fits(alg, raw) {
			return nil
		}
	}
	return errUnusable
}
