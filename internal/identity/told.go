package identity

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"

	"github.com/siogw/siogw/engine"
)

// told is the claims of the gateway's tokens: those of RFC 7519 section 4.1, and the gateway's own.
type told struct {
	Issuer    string   `json:"iss"`
	Audience  string   `json:"aud,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	IssuedAt  int64    `json:"iat"`
	Expires   int64    `json:"exp"`
	ID        string   `json:"jti"`
	Roles     []string `json:"roles"`
	Scopes    []string `json:"scopes"`
	By        string   `json:"by"`               // token, ticket or certificate
	IssuedBy  string   `json:"issuer,omitempty"` // the iss of the client's own token
	Namespace string   `json:"namespace,omitempty"`
	Session   string   `json:"session"`
	IP        string   `json:"ip,omitempty"`

	Claims map[string]json.RawMessage `json:"claims,omitempty"` // by path: those of SignOptions.Claims that are there
}

func (t *Teller) claims(in *engine.Input) *told {
	id, now := in.Identity, t.now()
	end := now.Add(t.sign.Lifetime)
	if !id.Until.IsZero() && id.Until.Before(end) {
		end = id.Until
	}
	c := &told{Issuer: t.sign.Issuer, Audience: t.sign.Audience, Subject: id.Sub, IssuedAt: now.Unix(), Expires: max(end.Unix(), now.Unix()+1),
		ID: newID(), Roles: orNone(id.Roles), Scopes: orNone(id.Scopes), By: "token", Namespace: in.Namespace}
	if in.Session != nil {
		c.Session, c.IP = in.Session.ID, in.Session.IP
	}
	switch id.Issuer {
	case TicketIssuer:
		c.By = "ticket"
	case certificateIssuer:
		c.By = "certificate"
	default:
		c.IssuedBy = id.Issuer
	}
	for _, path := range t.sign.Claims {
		if raw, ok := at(id.Claims, path); ok {
			if c.Claims == nil {
				c.Claims = map[string]json.RawMessage{}
			}
			c.Claims[path] = raw
		}
	}
	return c
}

// newID gives a jti that does not come twice.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// orNone gives a list that marshals as one.
func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
