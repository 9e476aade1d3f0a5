package identity

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

const maxRoles = 256

var (
	errClaims    = errors.New("its claims are no strict JSON object")
	errDate      = errors.New("exp, nbf or iat is no number")
	errNotYet    = errors.New("not valid yet")
	errIssuer    = errors.New("wrong issuer")
	errAudience  = errors.New("wrong audience")
	errSubject   = errors.New("sub is no string")
	errRoleClaim = errors.New("the roles claim is neither strings nor a string")
)

// identity checks the claims (RFC 7519 section 4.1) and takes from them who the client is.
func (j *JWT) identity(claims []byte) (*engine.Identity, error) {
	if strictjson.Scan(claims, strictjson.Limits{}) != nil || strictjson.KindOf(claims) != strictjson.Object {
		return nil, errClaims
	}
	expires, err := j.dates(claims)
	if err != nil {
		return nil, err
	}
	if iss, err := text(claims, "iss"); j.o.Issuer != "" && (err != nil || iss != j.o.Issuer) {
		return nil, errIssuer
	}
	if j.o.Audience != "" && !names(claims, "aud", j.o.Audience) {
		return nil, errAudience
	}
	sub, err := text(claims, "sub")
	if err != nil {
		return nil, errSubject
	}
	roles, err := j.roles(claims)
	if err != nil {
		return nil, err
	}
	return &engine.Identity{Authenticated: true, Sub: sub, Roles: roles, Claims: claims, ExpiresAt: expires}, nil
}

// dates checks exp, nbf and iat, and gives exp in whole seconds, 0 for none.
func (j *JWT) dates(claims []byte) (int64, error) {
	now := j.o.Now()
	exp, hasExp, err := date(claims, "exp")
	if err != nil {
		return 0, err
	}
	if hasExp && !now.Before(exp.Add(j.o.Leeway)) { // "on or after" (RFC 7519 section 4.1.4)
		return 0, errExpired
	}
	for _, name := range []string{"nbf", "iat"} {
		t, ok, err := date(claims, name)
		if err != nil {
			return 0, err
		}
		if ok && now.Add(j.o.Leeway).Before(t) {
			return 0, errNotYet
		}
	}
	if !hasExp {
		return 0, nil
	}
	return max(exp.Unix(), 1), nil
}

const latest = 1 << 40 // seconds, in the year 36812: no date in use is later, and no sum overflows

// date reads a NumericDate (RFC 7519 section 2), which may have a fraction.
func date(claims []byte, name string) (t time.Time, ok bool, err error) {
	raw, ok := strictjson.Member(claims, name)
	if !ok {
		return t, false, nil
	}
	if strictjson.KindOf(raw) != strictjson.Number {
		return t, false, errDate
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return t, false, errDate
	}
	whole, part := math.Modf(max(-latest, min(latest, f)))
	return time.Unix(int64(whole), int64(part*1e9)), true, nil
}

// names reports whether the claim is want, or an array with want in it.
func names(claims []byte, claim, want string) bool {
	raw, ok := strictjson.Member(claims, claim)
	if !ok {
		return false
	}
	if strictjson.KindOf(raw) != strictjson.Array {
		return strictjson.Is(raw, want)
	}
	for item := range strictjson.Elements(raw) {
		if strictjson.Is(item, want) {
			return true
		}
	}
	return false
}

// roles reads the roles claim. A claim of another form is an error and not an absence: a policy may deny
// by a role.
func (j *JWT) roles(claims []byte) ([]string, error) {
	if j.o.RolesClaim == "" {
		return nil, nil
	}
	raw, ok := at(claims, j.o.RolesClaim)
	if !ok || strictjson.KindOf(raw) == strictjson.Null {
		return nil, nil
	}
	if strictjson.KindOf(raw) == strictjson.Text {
		return limited(strings.Fields(strictjson.String(raw)))
	}
	if strictjson.KindOf(raw) != strictjson.Array {
		return nil, errRoleClaim
	}
	var roles []string
	for item := range strictjson.Elements(raw) {
		if strictjson.KindOf(item) != strictjson.Text {
			return nil, errRoleClaim
		}
		roles = append(roles, strictjson.String(item))
	}
	return limited(roles)
}

func limited(roles []string) ([]string, error) {
	if len(roles) > maxRoles {
		return nil, errRoleClaim
	}
	return roles, nil
}
