package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/identity"
)

// loadKeys makes the verifier of tokens and certificates, where the configuration has any.
func (j *Judge) loadKeys(cfg *config.Config, jo JudgeOptions) error {
	id := &cfg.Identity
	if !id.Proves() {
		return nil
	}
	f := &id.Fetch
	o := identity.Options{Logger: jo.Logger, Changed: jo.KeysChanged, Fetch: identity.Fetch{Refresh: f.Refresh, Timeout: f.Timeout,
		Stale: f.Stale, Insecure: f.Insecure, CAFile: string(f.CAFile), Start: identity.Start(f.Start), StartTime: f.StartTime}}
	if id.Certificate != "none" {
		o.Certificate = id.Certificate
	}
	o.From = sources(id.JWT.From)
	if id.Tickets.On() {
		o.Tickets, o.TicketFrom = lastingOf(jo.Keep).store(cfg), sources(id.Tickets.From)
	}
	issuers := id.Issuers
	if len(issuers) == 0 && id.JWT.HasKey() {
		issuers = []config.JWT{id.JWT}
	}
	for i := range issuers {
		o.Issuers = append(o.Issuers, issuer(id, &issuers[i]))
	}
	v, err := identity.New(o)
	var oe *identity.OptionError
	if errors.As(err, &oe) {
		return cfg.Error(optionKey(id, issuers, oe), err)
	}
	if err != nil {
		return err
	}
	j.tokens, j.Verifier = v, v
	return nil
}

// issuer gives the rules for tokens of one issuer.
func issuer(id *config.Identity, jwt *config.JWT) identity.Issuer {
	o := identity.Issuer{
		Issuer: jwt.Issuer, Secret: []byte(jwt.Secret), PublicKeyFile: string(jwt.PublicKeyFile), Discovery: jwt.Discovery,
		Audience: jwt.Audience, Leeway: jwt.Leeway, MaxAge: jwt.MaxAge, MaxLifetime: jwt.MaxLifetime,
		RolesClaim: string(id.RolesClaim), ScopesClaim: string(id.ScopesClaim),
	}
	if jwt.JWKS.IsURL() {
		o.JWKSURL = string(jwt.JWKS)
	} else {
		o.JWKSFile = string(jwt.JWKS)
	}
	if jwt.RolesClaim != "" {
		o.RolesClaim = string(jwt.RolesClaim)
	}
	if jwt.ScopesClaim != "" {
		o.ScopesClaim = string(jwt.ScopesClaim)
	}
	for _, a := range jwt.Algorithms {
		o.Algorithms = append(o.Algorithms, string(a))
	}
	for _, c := range jwt.Claims {
		o.Claims = append(o.Claims, identity.Claim{Path: string(c.Claim), Equals: []byte(c.Equals)})
	}
	return o
}

// optionKey gives the key of the configuration that an option was made of.
func optionKey(id *config.Identity, issuers []config.JWT, e *identity.OptionError) string {
	switch e.Option {
	case "from":
		return "identity.jwt.from"
	case "certificate", "fetch.ca_file":
		return "identity." + e.Option
	}
	option := e.Option
	if option == "secret" && issuers[e.Issuer].SecretFile != "" {
		option = "secret_file"
	}
	if len(id.Issuers) == 0 {
		return "identity.jwt." + option
	}
	return fmt.Sprintf("identity.issuers.%d.%s", e.Issuer, option)
}

// startKeys fetches the keys of providers, and keeps them fresh till [Judge.Close]. Those of before, nil for none, serve
// till then.
func (j *Judge) startKeys(ctx context.Context, before *Judge) error {
	if j.tokens == nil {
		return nil
	}
	if before != nil {
		j.tokens.Inherit(before.tokens)
	}
	return j.tokens.Start(ctx)
}
