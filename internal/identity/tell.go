package identity

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/strictjson"
)

// MaxTold is the largest token in bytes that the upstream is given: it comes in a header, and in front of servers 2.x in
// a query, which have limits there.
const MaxTold = 6 << 10

// TellOptions says what the upstream learns of who a client is.
type TellOptions struct {
	From []string         // the places that tokens and tickets are taken out of, as those of Options
	Sign *SignOptions     // nil: nothing is put in their place
	Now  func() time.Time // nil is time.Now
}

// SignOptions says what the gateway's own tokens are like.
type SignOptions struct {
	Keys     []string       // PEM files with private keys; the first signs, all are in the key set
	Own      crypto.Signer  // signs where there are no Keys
	Issuer   string         // their iss
	Audience string         // their aud; "" for none
	Lifetime time.Duration  // from iat to exp; less where the identity ends before
	Claims   []string       // those of the client's that they hold, by path
	Field    string         // of the CONNECT payload, where they are put
	Header   string         // of the handshake, where they are put: Authorization has the scheme Bearer before; "" for none
	Signed   *atomic.Uint64 // counts them; may be nil
}

// Teller implements [gateway.Teller].
type Teller struct {
	sources []source
	sign    *SignOptions // nil for none
	key     *signingKey
	set     []byte
	now     func() time.Time
}

var _ gateway.Teller = (*Teller)(nil)

// NewTeller loads the keys. A failure is an *[OptionError]; that of a key file has the option keys.N.
func NewTeller(o TellOptions) (*Teller, error) {
	t := &Teller{sign: o.Sign, now: o.Now}
	if t.now == nil {
		t.now = time.Now
	}
	var err error
	if t.sources, err = parseSources(o.From); err != nil || t.sign == nil {
		return t, err
	}
	if len(t.sign.Keys) > maxSigningKeys {
		return nil, bad("keys", "want at most %d", maxSigningKeys)
	}
	var keys []*signingKey
	for n, file := range t.sign.Keys {
		k, err := loadSigningKey(file)
		if err != nil {
			return nil, bad(fmt.Sprintf("keys.%d", n), "%w", err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		k, err := newSigningKey(t.sign.Own)
		if err != nil {
			return nil, bad("keys", "%w", err)
		}
		keys = append(keys, k)
	}
	t.key = keys[0]
	if t.set, err = publicSet(keys); err != nil {
		return nil, bad("keys", "%w", err)
	}
	return t, nil
}

// KeySet gives the public keys as a JSON Web Key Set, nil where nothing is signed.
func (t *Teller) KeySet() []byte { return t.set }

// Handshake implements [gateway.Teller].
func (t *Teller) Handshake(in *engine.Input, header http.Header, query url.Values) error {
	for _, s := range t.sources {
		switch {
		case s.place == "query":
			query.Del(s.name)
		case header == nil:
		case s.place == "header":
			header.Del(s.name)
		case s.place == "cookie":
			dropCookie(header, s.name)
		}
	}
	if t.sign == nil {
		return nil
	}
	query.Del(t.sign.Field)
	if header == nil || t.sign.Header == "" {
		return nil
	}
	header.Del(t.sign.Header)
	token, err := t.Token(in)
	if err != nil || token == "" {
		return err
	}
	if strings.EqualFold(t.sign.Header, "Authorization") {
		token = "Bearer " + token
	}
	header.Set(t.sign.Header, token)
	return nil
}

// dropCookie takes the cookies of a name out of Cookie headers.
func dropCookie(h http.Header, name string) {
	var kept []string
	for _, line := range h["Cookie"] {
		var parts []string
		for part := range strings.SplitSeq(line, ";") {
			key, _, _ := strings.Cut(part, "=")
			if part = strings.TrimSpace(part); part != "" && strings.TrimSpace(key) != name {
				parts = append(parts, part)
			}
		}
		if len(parts) > 0 {
			kept = append(kept, strings.Join(parts, "; "))
		}
	}
	h["Cookie"] = kept
	if kept == nil {
		delete(h, "Cookie")
	}
}

// Strip implements [gateway.Teller].
func (t *Teller) Strip(auth []byte) ([]byte, error) {
	for _, s := range t.sources {
		if s.place == "auth" {
			auth = dropPath(auth, s.name)
		}
	}
	if t.sign == nil {
		return auth, nil
	}
	if _, given := strictjson.Member(auth, t.sign.Field); given {
		auth = dropMember(auth, t.sign.Field)
	}
	return auth, nil
}

// Connect implements [gateway.Teller].
func (t *Teller) Connect(in *engine.Input, stripped []byte) ([]byte, error) {
	token, err := t.Token(in)
	if err != nil || token == "" {
		return stripped, err
	}
	return putMember(stripped, t.sign.Field, strictjson.AppendQuote(nil, token)), nil
}

var errLong = errors.New("the token would be too long: want fewer or shorter claims (identity.upstream.claims), roles and scopes")

// Token implements [gateway.Teller].
func (t *Teller) Token(in *engine.Input) (string, error) {
	if t.sign == nil || in.Identity == nil || !in.Identity.Authenticated {
		return "", nil
	}
	if t.key.slow() {
		in.Leave()
	}
	claims, err := json.Marshal(t.claims(in))
	if err != nil {
		return "", err
	}
	token, err := t.key.sign(claims)
	if err == nil && len(token) > MaxTold {
		return "", errLong
	}
	if err == nil && t.sign.Signed != nil {
		t.sign.Signed.Add(1)
	}
	return token, err
}
