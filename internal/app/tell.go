package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/identity"
)

// telling is what a Judge has to tell the upstream with.
type telling struct {
	teller  *identity.Teller // nil where the upstream gets what the client sent
	lasting *lasting
}

// loadTeller makes what tells the upstream of identities, where the configuration asks for it.
func (j *Judge) loadTeller(cfg *config.Config, mine *lasting) error {
	j.lasting = mine
	up := &cfg.Identity.Upstream
	if up.Auth == "pass" {
		return nil
	}
	o := identity.TellOptions{From: places(cfg)}
	if up.Signs() {
		o.Sign = &identity.SignOptions{Issuer: up.Issuer, Audience: up.Audience, Lifetime: up.Lifetime,
			Field: up.Field, Header: up.Header, Signed: &mine.signed}
		for _, k := range up.Keys {
			o.Sign.Keys = append(o.Sign.Keys, string(k))
		}
		for _, c := range up.Claims {
			o.Sign.Claims = append(o.Sign.Claims, string(c))
		}
		if len(up.Keys) == 0 {
			var err error
			if o.Sign.Own, err = mine.signer(); err != nil {
				return err
			}
		}
	}
	var err error
	j.teller, err = identity.NewTeller(o)
	var oe *identity.OptionError
	if errors.As(err, &oe) {
		return cfg.Error("identity.upstream."+oe.Option, err)
	}
	return err
}

// places gives all where tokens and tickets are looked for.
func places(cfg *config.Config) []string {
	return append(sources(cfg.Identity.JWT.From), sources(cfg.Identity.Tickets.From)...)
}

func sources(in []config.TokenSource) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

// tell puts it into what the gateway decides by.
func (t *telling) tell(r *gateway.Rules) {
	if t.teller != nil {
		r.Tell = t.teller
	}
}

// keysAge is how long a reader of the key set may keep it, in seconds: the time between two steps of a rotation.
const keysAge = "300"

// serveClients answers on the clients' listener: the gateway, but for the key set where that is served there.
func (a *App) serveClients(w http.ResponseWriter, r *http.Request) {
	path := a.current.Load().cfg.Identity.Upstream.JWKSPath
	if path != "" && r.URL.Path == path && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		a.serveKeySet(w, r)
		return
	}
	a.gateway.ServeHTTP(w, r)
}

// serveKeySet gives the public keys that the gateway's own tokens are verified with (RFC 7517).
func (a *App) serveKeySet(w http.ResponseWriter, r *http.Request) {
	var set []byte
	if t := a.current.Load().judge.teller; t != nil {
		set = t.KeySet()
	}
	if set == nil {
		http.NotFound(w, r)
		return
	}
	sum := sha256.Sum256(set)
	h := w.Header()
	h.Set("Content-Type", "application/jwk-set+json")
	h.Set("Cache-Control", "public, max-age="+keysAge)
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(set))
}

// masks gives what the decision log hides from now on: what cfg says, and tokens wherever they were expected since the
// start, since what a client has said is judged again by later rules. It is called in turn.
func (a *App) masks(cfg *config.Config) []string {
	for _, m := range tokenMasks(cfg) {
		if !slices.Contains(a.tokens, m) {
			a.tokens = append(a.tokens, m)
		}
	}
	out := slices.Clone(a.tokens)
	for _, m := range cfg.DecisionLog.Mask {
		out = append(out, string(m))
	}
	return out
}

// tokenMasks gives the masks of the decision log that hide tokens and tickets whatever else it shows.
func tokenMasks(cfg *config.Config) []string {
	var out []string
	for _, place := range places(cfg) {
		path, ok := strings.CutPrefix(place, "auth.")
		if !ok {
			continue
		}
		path = strings.NewReplacer("~", "~0", "/", "~1").Replace(path)
		whole := strings.NewReplacer(`\\`, `\`, `\.`, ".").Replace(path)
		steps := strings.NewReplacer(`\\`, `\`, `\.`, ".", ".", "/").Replace(path)
		out = append(out, "/auth/"+whole)
		if steps != whole {
			out = append(out, "/auth/"+steps)
		}
	}
	return out
}
