package identity

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"

	"github.com/siogw/siogw/engine"
)

// certificateIssuer is the Issuer of identities by certificate: no iss of a token is like it.
const certificateIssuer = "\x00certificate"

var parts = map[string]func(*x509.Certificate) string{
	"subject":     func(c *x509.Certificate) string { return c.Subject.String() },
	"common_name": func(c *x509.Certificate) string { return c.Subject.CommonName },
	"dns":         func(c *x509.Certificate) string { return sole(c.DNSNames) },
	"email":       func(c *x509.Certificate) string { return sole(c.EmailAddresses) },
	"uri": func(c *x509.Certificate) string {
		if len(c.URIs) != 1 {
			return ""
		}
		return c.URIs[0].String()
	},
}

// sole gives the only name, "" when there are several: one of them must not stand for the others.
func sole(names []string) string {
	if len(names) != 1 {
		return ""
	}
	return names[0]
}

func knownPart(name string) bool { return name == "" || parts[name] != nil }

// ofCertificate gives the identity of a client that came with a certificate which TLS has verified; nil for others.
func (v *Verifier) ofCertificate(state *tls.ConnectionState) (*engine.Identity, error) {
	if state == nil || len(state.VerifiedChains) == 0 || len(state.VerifiedChains[0]) == 0 {
		return nil, nil
	}
	c := state.VerifiedChains[0][0]
	sub := parts[v.certificate](c)
	if sub == "" {
		return nil, invalid("the client's certificate has no %s, or several", v.certificate)
	}
	if now := v.now(); !now.Before(c.NotAfter) { // it may have been good when the connection opened
		return nil, expired("the client's certificate ended %s ago", span(now.Sub(c.NotAfter)))
	}
	claims, err := certificateClaims(c)
	if err != nil {
		return nil, err
	}
	return &engine.Identity{Authenticated: true, Sub: sub, Issuer: certificateIssuer, Claims: claims,
		ExpiresAt: max(c.NotAfter.Unix(), 1), Until: c.NotAfter}, nil
}

// certificateClaims gives what policies may want to know: {"certificate":{…}}.
func certificateClaims(c *x509.Certificate) ([]byte, error) {
	sum := sha256.Sum256(c.Raw)
	shown := map[string]any{"subject": c.Subject.String(), "common_name": c.Subject.CommonName, "issuer": c.Issuer.String(),
		"serial": c.SerialNumber.Text(16), "sha256": hex.EncodeToString(sum[:])}
	var uris []string
	for _, u := range c.URIs {
		uris = append(uris, u.String())
	}
	for name, list := range map[string][]string{"dns": c.DNSNames, "email": c.EmailAddresses, "uri": uris,
		"organization": c.Subject.Organization, "organizational_unit": c.Subject.OrganizationalUnit} {
		if list == nil {
			list = []string{}
		}
		shown[name] = list
	}
	return json.Marshal(map[string]any{"certificate": shown})
}
