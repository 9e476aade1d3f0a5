package identity

import (
	"errors"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/internal/ticket"
)

// TicketIssuer is the Issuer of identities by ticket: no iss of a token is like it.
const TicketIssuer = "\x00ticket"

// TicketClaim is the claim that a ticket for one namespace has beside those that its backend gave.
const TicketClaim = "ticket"

var ticketCodes = map[error]engine.Code{
	ticket.ErrUnknown: engine.CodeTicketUnknown, ticket.ErrUsed: engine.CodeTicketUsed,
	ticket.ErrExpired: engine.CodeTicketExpired, ticket.ErrBound: engine.CodeTicketBound,
}

// findTicket gives the identity of the ticket in c; both are nil when it holds none.
func (v *Verifier) findTicket(c gateway.Credentials) (*engine.Identity, error) {
	if v.tickets == nil {
		return nil, nil
	}
	if c.Again && c.Before != nil && c.Before.Issuer == TicketIssuer { // used up when it was proved
		return v.stillGood(c)
	}
	if c.Token != "" {
		if !strings.HasPrefix(c.Token, ticket.Prefix) {
			return nil, nil
		}
		return v.redeem(c.Token, c)
	}
	for _, s := range v.ticketSources {
		text, err := s.find(c)
		switch {
		case err != nil:
			return nil, err
		case text == "":
		case s.place != "auth" && c.Auth != nil: // of the handshake, which has used it up
			return v.stillGood(c)
		default:
			return v.redeem(text, c)
		}
	}
	return nil, nil
}

func (v *Verifier) redeem(text string, c gateway.Credentials) (*engine.Identity, error) {
	g, err := v.tickets.Redeem(text, ticket.Use{Namespace: c.Namespace, Addr: c.Addr})
	if err != nil {
		return nil, ticketRefusal(err)
	}
	id := &engine.Identity{Authenticated: true, Sub: g.Sub, Issuer: TicketIssuer, Roles: g.Roles, Scopes: g.Scopes, Claims: g.Claims}
	if g.Namespace != "" {
		bound := strictjson.AppendQuote([]byte(`{"namespace":`), g.Namespace)
		id.Claims = putMember(g.Claims, TicketClaim, append(bound, '}'))
	}
	if g.Lifetime > 0 {
		id.Until = v.now().Add(g.Lifetime)
		id.ExpiresAt = max(id.Until.Unix(), 1)
	}
	return id, nil
}

// stillGood gives the identity of a ticket that was used at the handshake, for a CONNECT of the same session.
func (v *Verifier) stillGood(c gateway.Credentials) (*engine.Identity, error) {
	id := c.Before
	if id == nil || id.Issuer != TicketIssuer {
		return nil, ticketRefusal(ticket.ErrUnknown)
	}
	if !id.Until.IsZero() && !v.now().Before(id.Until) {
		return nil, ticketRefusal(ticket.ErrExpired)
	}
	bound, _ := strictjson.Member(id.Claims, TicketClaim)
	if n, ok := strictjson.Member(bound, "namespace"); ok && c.Namespace != "" && !strictjson.Is(n, c.Namespace) {
		return nil, ticketRefusal(ticket.ErrBound)
	}
	return id, nil
}

func ticketRefusal(err error) error {
	for why, code := range ticketCodes {
		if errors.Is(err, why) {
			return &refusal{code, why.Error()}
		}
	}
	return &refusal{engine.CodeTicketUnknown, err.Error()}
}
