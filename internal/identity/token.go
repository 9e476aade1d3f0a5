package identity

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/siogw/siogw/internal/strictjson"
)

var (
	errTooLong   = errors.New("too long")
	errForm      = errors.New("not three parts of base64url")
	errHeader    = errors.New("its header is no strict JSON object")
	errAlgorithm = errors.New("its algorithm is not allowed")
	errCritical  = errors.New("its header has extensions")
	errNoKey     = errors.New("no key fits it")
	errSignature = errors.New("its signature does not verify")
)

// header is what matters of a token's (RFC 7515 section 4.1). Keys and links in it are never used.
type header struct {
	alg string
	kid string // "" for none
}

var base64url = base64.RawURLEncoding.Strict()

// parseHeader checks the form of a token, all but its signature's value and its claims.
func parseHeader(token string) (header, error) {
	if len(token) > MaxToken {
		return header{}, errTooLong
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return header{}, errForm
	}
	var decoded [3][]byte
	for i, p := range parts {
		b, err := base64url.DecodeString(p)
		if err != nil || strings.ContainsAny(p, "\r\n") { // which the decoder skips
			return header{}, errForm
		}
		decoded[i] = b
	}
	return readHeader(trim(decoded[0]))
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
func (j *JWT) verify(token string, h header) ([]byte, error) {
	if !slices.Contains(algorithms, h.alg) || len(j.o.Algorithms) > 0 && !slices.Contains(j.o.Algorithms, h.alg) {
		return nil, errAlgorithm
	}
	alg, ok := jwa.LookupSignatureAlgorithm(h.alg)
	if !ok {
		return nil, errAlgorithm
	}
	err := errNoKey
	for _, k := range j.keys { // at most maxKeys
		if !k.serves(h) {
			continue
		}
		claims, failed := jws.Verify([]byte(token), jws.WithKey(alg, k.raw), jws.WithCompact())
		if failed == nil {
			return trim(claims), nil
		}
		err = errSignature
	}
	return nil, err
}
