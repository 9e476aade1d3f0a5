package identity

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/siogw/siogw/internal/strictjson"
)

// Issuer says what makes a token of one issuer good. Exactly one of Secret, PublicKeyFile, JWKSFile, JWKSURL and
// Discovery is set.
type Issuer struct {
	Issuer string // the iss to demand; "" demands none

	Secret        []byte // HMAC; RFC 7518 section 3.2 asks for at least 32 bytes with HS256
	PublicKeyFile string // PEM: a public key or a certificate
	JWKSFile      string // a key set (RFC 7517); keys for encryption are left out
	JWKSURL       string // the same at a provider, fetched by [Verifier.Start]
	Discovery     bool   // the provider's URL of it stands in Issuer/.well-known/openid-configuration

	Algorithms  []string      // allowed ones; nil allows those that fit the key
	Audience    string        // the aud to demand; "" demands none
	Leeway      time.Duration // for exp, nbf and iat
	MaxAge      time.Duration // since iat, which is then demanded; 0 for no limit
	MaxLifetime time.Duration // from iat (or now) to exp, which is then demanded; 0 for no limit
	Claims      []Claim       // demanded ones
	RolesClaim  string        // a claim's name or path; "" for no roles
	ScopesClaim string        // the same; "" for no scopes
}

// Claim is a demand on one claim.
type Claim struct {
	Path   string          // as RolesClaim
	Equals json.RawMessage // what it is, or has as a member of an array; nil: it is there and not null
}

// issuer verifies the tokens of one issuer.
type issuer struct {
	o        Issuer
	now      func() time.Time
	keys     []key     // of a file
	provider *provider // nil when the keys are of a file
}

func newIssuer(rules Issuer, o Options, f *fetcher) (*issuer, *OptionError) {
	one := &issuer{o: rules, now: o.Now}
	given := 0
	for _, set := range []bool{len(rules.Secret) > 0, rules.PublicKeyFile != "", rules.JWKSFile != "", rules.JWKSURL != "", rules.Discovery} {
		if set {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, bad("secret", "want one of secret, public_key_file, jwks and discovery")
	case rules.JWKSURL != "" || rules.Discovery:
		p, err := newProvider(rules, o, f)
		if err != nil {
			return nil, err
		}
		one.provider = p
	default:
		keys, option, err := loadKeys(rules)
		if err != nil {
			return nil, &OptionError{Option: option, Err: err}
		}
		one.keys = keys
	}
	return one, one.checkAlgorithms()
}

// checkAlgorithms refuses an allow-list with an algorithm that no key can serve. Key sets are left out, as their
// keys come and go; but those of a provider are never secrets.
func (i *issuer) checkAlgorithms() *OptionError {
	for _, alg := range i.o.Algorithms {
		if !slices.Contains(algorithms, alg) {
			return bad("algorithms", "%q is not an algorithm that siogw allows", alg)
		}
		fits := func(k key) bool { return fits(alg, k.raw) }
		switch {
		case i.provider != nil:
			if alg[0] == 'H' {
				return bad("algorithms", "a provider's keys are public: they cannot verify %s", alg)
			}
		case i.o.JWKSFile == "" && !slices.ContainsFunc(i.keys, fits):
			return bad("algorithms", "the key cannot verify %s", alg)
		}
	}
	return nil
}

// choose gives the issuer whose rules a token comes under, by its iss, which nothing has proved yet: only the keys
// of the one chosen are tried.
func (v *Verifier) choose(unproved []byte) (*issuer, error) {
	if len(v.issuers) == 0 {
		return nil, invalid("no issuer is configured (identity)")
	}
	if v.byName == nil {
		return v.issuers[0], nil
	}
	if strictjson.Scan(unproved, strictjson.Limits{}) != nil || strictjson.KindOf(unproved) != strictjson.Object {
		return nil, errClaims
	}
	name, err := text(unproved, "iss")
	if err != nil {
		return nil, invalid("iss is no string")
	}
	if one := v.byName[name]; one != nil {
		return one, nil
	}
	return nil, invalid("no issuer %s is configured (identity.issuers)", quote(name))
}
