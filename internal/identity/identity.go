// Package identity proves who a client is by the JSON Web Token that it brings (RFC 7519, RFC 7515). A
// token that is there and does not hold is a denial, never an anonymous client.
package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
)

// MaxToken is the largest token in bytes that is looked at.
const MaxToken = 16 << 10

// Options says where tokens are and what makes one good. Exactly one of Secret, PublicKeyFile and
// JWKSFile is set.
type Options struct {
	// From are the places of a token; the first that holds one counts: auth.MEMBER (of the CONNECT payload,
	// by dotted path), header.NAME, cookie.NAME, query.NAME.
	From []string

	Secret        []byte // HMAC; RFC 7518 section 3.2 asks for at least 32 bytes with HS256
	PublicKeyFile string // PEM: a public key or a certificate
	JWKSFile      string // a key set (RFC 7517); keys for encryption are left out

	Algorithms []string      // allowed ones; nil allows those that fit the key
	Issuer     string        // the iss to demand; "" demands none
	Audience   string        // the aud to demand; "" demands none
	Leeway     time.Duration // for exp, nbf and iat
	RolesClaim string        // a claim's name or a dotted path; "" for no roles

	Now func() time.Time // nil is time.Now
}

// OptionError says which option does not serve. Option is its key below identity.jwt.
type OptionError struct {
	Option string
	Err    error
}

// Error gives the reason without the key, which the caller knows by another name.
func (e *OptionError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *OptionError) Unwrap() error { return e.Err }

func bad(option, format string, args ...any) error {
	return &OptionError{option, fmt.Errorf(format, args...)}
}

// JWT verifies tokens. It is immutable and safe for concurrent use.
type JWT struct {
	o       Options
	sources []source
	keys    []key
}

var _ gateway.Verifier = (*JWT)(nil)

// New loads the keys. A failure is an *[OptionError].
func New(o Options) (*JWT, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	j := &JWT{o: o}
	for _, text := range o.From {
		s, err := parseSource(text)
		if err != nil {
			return nil, err
		}
		j.sources = append(j.sources, s)
	}
	if len(j.sources) == 0 {
		return nil, bad("from", "no place of a token")
	}
	keys, option, err := loadKeys(o)
	if err != nil {
		return nil, &OptionError{option, err}
	}
	j.keys = keys
	return j, j.checkAlgorithms()
}

// checkAlgorithms refuses an allow-list with an algorithm that no key can serve. A key set is left out,
// as its keys come and go.
func (j *JWT) checkAlgorithms() error {
	for _, alg := range j.o.Algorithms {
		if !slices.Contains(algorithms, alg) {
			return bad("algorithms", "%q is not an algorithm that siogw allows", alg)
		}
		fits := func(k key) bool { return fits(alg, k.raw) }
		if j.o.JWKSFile == "" && !slices.ContainsFunc(j.keys, fits) {
			return bad("algorithms", "the key cannot verify %s", alg)
		}
	}
	return nil
}

// Verify finds the token and checks it. See [gateway.Verifier].
func (j *JWT) Verify(c gateway.Credentials) (*engine.Identity, *engine.Denial) {
	for _, s := range j.sources {
		token, err := s.find(c)
		if err != nil {
			return nil, denial(err)
		}
		if token == "" {
			continue
		}
		id, err := j.token(token)
		if err != nil {
			return nil, denial(err)
		}
		return id, nil
	}
	return nil, nil
}

var errExpired = errors.New("token expired")

// denial never says what the token held, only what is wrong with it.
func denial(err error) *engine.Denial {
	if errors.Is(err, errExpired) {
		return &engine.Denial{Code: engine.CodeTokenExpired, Reason: engine.CodeTokenExpired.String()}
	}
	reason := engine.CodeTokenInvalid.String() + ": " + strings.TrimPrefix(err.Error(), "token ")
	return &engine.Denial{Code: engine.CodeTokenInvalid, Reason: reason}
}

// token checks one token: form, algorithm, signature, claims, in this order.
func (j *JWT) token(token string) (*engine.Identity, error) {
	h, err := parseHeader(token)
	if err != nil {
		return nil, err
	}
	claims, err := j.verify(token, h)
	if err != nil {
		return nil, err
	}
	return j.identity(claims)
}
