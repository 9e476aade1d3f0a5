package identity

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/internal/turn"
)

var (
	errTooLong   = errors.New("too long")
	errForm      = errors.New("not three parts of base64url")
	errHeader    = errors.New("its header is no strict JSON object")
	errCritical  = errors.New("its header has extensions")
	errSignature = errors.New("its signature does not verify")
)

// header is what matters of a token's (RFC 7515 section 4.1). Keys and links in it are never used.
type header struct {
	alg string
	kid string // "" for none
}

var base64url = base64.RawURLEncoding.Strict()

// parse checks the form of a token, all but its signature's value and its claims, which it gives as they are.
func parse(token string) (h header, unproved []byte, err error) {
	if len(token) > MaxToken {
		return header{}, nil, errTooLong
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return header{}, nil, errForm
	}
	var decoded [3][]byte
	for i, p := range parts {
		b, err := base64url.DecodeString(p)
		if err != nil || strings.ContainsAny(p, "\r\n") { // which the decoder skips
			return header{}, nil, errForm
		}
		decoded[i] = b
	}
	h, err = readHeader(trim(decoded[0]))
	return h, trim(decoded[1]), err
}

func readHeader(h []byte) (header, error) {
	if strictjson.Scan(h, strictjson.Limits{Depth: 8, Elements: 64}) != nil || strictjson.KindOf(h) != strictjson.Object {
		return header{}, errHeader
	}
	if _, ok := strictjson.Member(h, "crit"); ok {
		return header{}, errCritical
	}
	if _, ok := strictjson.Member(h, "b64"); ok {
		return header{}, errCritical
	}
	alg, err := text(h, "alg")
	if err != nil || alg == "" {
		return header{}, errHeader
	}
	kid, err := text(h, "kid")
	if err != nil {
		return header{}, errHeader
	}
	return header{alg, kid}, nil
}

// text gives the string member key, "" where there is none.
func text(object []byte, key string) (string, error) {
	raw, ok := strictjson.Member(object, key)
	if !ok {
		return "", nil
	}
	if strictjson.KindOf(raw) != strictjson.Text {
		return "", errNotString
	}
	return strictjson.String(raw), nil
}

func trim(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }

// verify checks the signature with the keys that fit, and gives the claims.
func (i *issuer) verify(token string, h header, t engine.Turn) ([]byte, error) {
	allowed := algorithms
	if len(i.o.Algorithms) > 0 {
		allowed = i.o.Algorithms
	}
	alg, ok := jwa.LookupSignatureAlgorithm(h.alg)
	if !ok || !slices.Contains(algorithms, h.alg) || !slices.Contains(allowed, h.alg) {
		return nil, invalid("its algorithm %s is not allowed, want %s", quote(h.alg), strings.Join(allowed, ", "))
	}
	keys, why := i.keys, ""
	if i.provider != nil {
		var err error
		if keys, why, err = i.provider.find(h, t); err != nil {
			return nil, err
		}
	}
	if slowAlgorithm(h.alg) {
		turn.Leave(t)
	}
	err := i.noKey(h, why)
	for _, k := range keys { // at most maxKeys
		if !k.serves(h) {
			continue
		}
		claims, failed := jws.VerifyCompactFast(k.raw, []byte(token), alg)
		if failed == nil {
			return trim(claims), nil
		}
		err = errSignature
	}
	return nil, err
}

// noKey says that no key may be tried, and why not, where something is known of that.
func (i *issuer) noKey(h header, why string) error {
	if why != "" {
		why = ": " + why
	}
	if h.kid == "" {
		return invalid("no key is for its algorithm %s%s", h.alg, why)
	}
	return invalid("no key is for its algorithm %s and its kid %s%s", h.alg, quote(h.kid), why)
}
