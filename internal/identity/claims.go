package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/strictjson"
)

const maxNames = 256 // roles of an identity, and scopes

var (
	errClaims  = errors.New("its claims are no strict JSON object")
	errDate    = errors.New("exp, nbf or iat is no number")
	errSubject = errors.New("sub is no string")
)

// identity checks the claims (RFC 7519 section 4.1) and takes from them who the client is.
func (i *issuer) identity(claims []byte) (*engine.Identity, error) {
	if strictjson.Scan(claims, strictjson.Limits{}) != nil || strictjson.KindOf(claims) != strictjson.Object {
		return nil, errClaims
	}
	iss, err := text(claims, "iss")
	if i.o.Issuer != "" && (err != nil || iss != i.o.Issuer) {
		return nil, invalid("wrong issuer: the token is of %s, this gateway expects %s", quote(iss), quote(i.o.Issuer))
	}
	if err := i.audience(claims); err != nil {
		return nil, err
	}
	end, err := i.dates(claims)
	if err != nil {
		return nil, err
	}
	if err := i.demands(claims); err != nil {
		return nil, err
	}
	sub, err := text(claims, "sub")
	if err != nil {
		return nil, errSubject
	}
	id := &engine.Identity{Authenticated: true, Sub: sub, Issuer: iss, Claims: claims}
	if id.Roles, err = list(claims, "roles", i.o.RolesClaim); err != nil {
		return nil, err
	}
	if id.Scopes, err = list(claims, "scopes", i.o.ScopesClaim); err != nil {
		return nil, err
	}
	if !end.IsZero() {
		id.ExpiresAt, id.Until = max(end.Unix(), 1), end.Add(i.o.Leeway)
	}
	return id, nil
}

func (i *issuer) audience(claims []byte) error {
	if i.o.Audience == "" || has(claims, "aud", i.o.Audience) {
		return nil
	}
	aud, ok := strictjson.Member(claims, "aud")
	if !ok {
		return invalid("wrong audience: the token is for nobody (aud), this gateway expects %s", quote(i.o.Audience))
	}
	return invalid("wrong audience: the token is for %s, this gateway expects %s", cut(aud), quote(i.o.Audience))
}

// cut shows a claim's JSON.
func cut(raw []byte) string {
	if len(raw) > maxQuoted {
		return string(bytes.ToValidUTF8(raw[:maxQuoted], nil)) + "…"
	}
	return string(raw)
}

// dates are those of one token.
type dates struct {
	exp, nbf, iat          time.Time
	hasExp, hasNbf, hasIat bool
}

func readDates(claims []byte) (d dates, err error) {
	for _, one := range []struct {
		name string
		t    *time.Time
		ok   *bool
	}{{"exp", &d.exp, &d.hasExp}, {"nbf", &d.nbf, &d.hasNbf}, {"iat", &d.iat, &d.hasIat}} {
		if *one.t, *one.ok, err = date(claims, one.name); err != nil {
			return d, err
		}
	}
	return d, nil
}

// dates checks exp, nbf and iat against the clock, and gives when the token ends, leeway not counted: the zero
// time for never.
func (i *issuer) dates(claims []byte) (end time.Time, err error) {
	d, err := readDates(claims)
	if err != nil {
		return end, err
	}
	now := i.now()
	if d.hasExp {
		if end = d.exp; !now.Before(end.Add(i.o.Leeway)) { // "on or after" (RFC 7519 section 4.1.4)
			return end, expired("%s ago, leeway %v", span(now.Sub(end)), i.o.Leeway)
		}
	}
	for _, one := range []struct {
		name string
		t    time.Time
		ok   bool
	}{{"nbf", d.nbf, d.hasNbf}, {"iat", d.iat, d.hasIat}} {
		if one.ok && now.Add(i.o.Leeway).Before(one.t) {
			return end, invalid("not valid yet: its %s is %s ahead of this gateway's clock, leeway %v", one.name, span(one.t.Sub(now)), i.o.Leeway)
		}
	}
	if err := i.lifetime(d, now); err != nil {
		return end, err
	}
	if i.o.MaxAge > 0 && (end.IsZero() || d.iat.Add(i.o.MaxAge).Before(end)) {
		end = d.iat.Add(i.o.MaxAge)
	}
	return end, nil
}

// lifetime holds a token against the most that it may last, whatever its exp says.
func (i *issuer) lifetime(d dates, now time.Time) error {
	if i.o.MaxAge > 0 {
		if !d.hasIat {
			return invalid("no iat, which max_age demands")
		}
		if age := now.Sub(d.iat); age >= i.o.MaxAge+i.o.Leeway {
			return expired("issued %s ago, max_age %v, leeway %v", span(age), i.o.MaxAge, i.o.Leeway)
		}
	}
	if i.o.MaxLifetime <= 0 {
		return nil
	}
	if !d.hasExp {
		return invalid("no exp, which max_lifetime demands")
	}
	from := now
	if d.hasIat {
		from = d.iat
	}
	if life := d.exp.Sub(from); life > i.o.MaxLifetime {
		return invalid("lasts %s, max_lifetime %v", span(life), i.o.MaxLifetime)
	}
	return nil
}

// span shows a time between two clocks.
func span(d time.Duration) string {
	if d == math.MaxInt64 || d == math.MinInt64 { // as far as a Duration goes
		return "centuries"
	}
	return d.Round(time.Millisecond).String()
}

// demands holds the claims against those that are demanded.
func (i *issuer) demands(claims []byte) error {
	for _, want := range i.o.Claims {
		raw, ok := at(claims, want.Path)
		switch {
		case !ok || strictjson.KindOf(raw) == strictjson.Null:
			return invalid("no claim %s, which is demanded", quote(want.Path))
		case want.Equals == nil || same(raw, want.Equals):
		case strictjson.KindOf(raw) == strictjson.Array && containsJSON(raw, want.Equals):
		default:
			return invalid("the claim %s is not %s, which is demanded", quote(want.Path), cut(want.Equals))
		}
	}
	return nil
}

func containsJSON(array, want []byte) bool {
	for item := range strictjson.Elements(array) {
		if same(item, want) {
			return true
		}
	}
	return false
}

// same compares two JSON values, numbers by their text.
func same(a, b []byte) bool {
	x, okX := decode(a)
	y, okY := decode(b)
	return okX && okY && reflect.DeepEqual(x, y)
}

func decode(raw []byte) (v any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return v, d.Decode(&v) == nil
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

// has reports whether the claim is want, or an array with want in it.
func has(claims []byte, claim, want string) bool {
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

// list reads a claim of names: an array of strings, or a string with blanks between (RFC 8693 section 4.2). A
// claim of another form is an error and not an absence: a policy may deny by a name.
func list(claims []byte, what, path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	raw, ok := at(claims, path)
	if !ok || strictjson.KindOf(raw) == strictjson.Null {
		return nil, nil
	}
	var names []string
	switch strictjson.KindOf(raw) {
	case strictjson.Text:
		names = strings.Fields(strictjson.String(raw))
	case strictjson.Array:
		for item := range strictjson.Elements(raw) {
			if strictjson.KindOf(item) != strictjson.Text {
				return nil, invalid("the %s claim %s holds something else than strings", what, quote(path))
			}
			names = append(names, strictjson.String(item))
		}
	default:
		return nil, invalid("the %s claim %s is neither strings nor a string", what, quote(path))
	}
	if len(names) > maxNames {
		return nil, invalid("the %s claim %s has %d, at most %d", what, quote(path), len(names), maxNames)
	}
	return names, nil
}
