// Package identity proves who a client is: by the JSON Web Token that it brings (RFC 7519, RFC 7515), of one of
// several issuers, or by its certificate. A token that is there and does not hold is a denial, never an
// anonymous client.
package identity

import (
	"log/slog"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/ticket"
)

// MaxToken is the largest token in bytes that is looked at.
const MaxToken = 16 << 10

// Options says where tokens are and who may have signed them.
type Options struct {
	// From are the places of a token; the first that holds one counts: auth.MEMBER (of the CONNECT payload,
	// by path), header.NAME, cookie.NAME, query.NAME.
	From []string
	// Issuers are chosen by the iss of a token, exactly. A single one may leave its name open; several must
	// have different names. None: tokens are not looked at.
	Issuers []Issuer
	// Certificate is the part of a client's verified certificate that is its sub, for clients without a token:
	// subject, common_name, dns, email or uri; "" for none.
	Certificate string
	// Tickets are looked for first, at the places TicketFrom, which are as those of From; nil: nowhere.
	Tickets    ticket.Store
	TicketFrom []string

	// Changed is called when a provider's keys are others than before; nil for nobody. It does not wait.
	Changed func()

	Fetch  Fetch            // of key sets; the zero value fetches nothing
	Logger *slog.Logger     // nil: nothing is logged
	Now    func() time.Time // nil is time.Now
}

// Verifier verifies tokens and certificates. It is safe for concurrent use.
type Verifier struct {
	sources       []source
	issuers       []*issuer
	byName        map[string]*issuer // nil when there is one whatever its name
	certificate   string
	tickets       ticket.Store // nil for none
	ticketSources []source
	now           func() time.Time
}

var _ gateway.Verifier = (*Verifier)(nil)

// New loads the keys that are in files; those of providers are fetched from [Verifier.Start] on. A failure is
// an *[OptionError].
func New(o Options) (*Verifier, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	v := &Verifier{certificate: o.Certificate, tickets: o.Tickets, now: o.Now}
	var err error
	if v.sources, err = parseSources(o.From); err != nil {
		return nil, err
	}
	if v.ticketSources, err = parseSources(o.TicketFrom); err != nil {
		return nil, err
	}
	if len(v.sources) == 0 && len(o.Issuers) > 0 {
		return nil, bad("from", "no place of a token")
	}
	if !knownPart(o.Certificate) {
		return nil, bad("certificate", "%q is no part of a certificate that can be a sub", o.Certificate)
	}
	fetch, err := newFetcher(o.Fetch)
	if err != nil {
		return nil, bad("fetch.ca_file", "%w", err)
	}
	for i, rules := range o.Issuers {
		one, err := newIssuer(rules, o, fetch)
		if err == nil {
			err = v.add(one, len(o.Issuers))
		}
		if err != nil {
			err.Issuer = i
			return nil, err
		}
	}
	return v, nil
}

func (v *Verifier) add(one *issuer, of int) *OptionError {
	v.issuers = append(v.issuers, one)
	name := one.o.Issuer
	if of == 1 {
		return nil
	}
	if v.byName == nil {
		v.byName = map[string]*issuer{}
	}
	switch {
	case name == "":
		return bad("issuer", "required: with several issuers the iss of a token chooses")
	case v.byName[name] != nil:
		return bad("issuer", "%q is given twice", name)
	}
	v.byName[name] = one
	return nil
}

// Verify finds the ticket and uses it up, else the token and checks it, else the certificate. See [gateway.Verifier].
func (v *Verifier) Verify(c gateway.Credentials) (*engine.Identity, *engine.Denial) {
	if id, err := v.findTicket(c); id != nil || err != nil {
		return id, denial(err)
	}
	if c.Token != "" {
		return v.answer(c.Token, c.Turn)
	}
	if len(v.issuers) > 0 {
		for _, s := range v.sources {
			token, err := s.find(c)
			if err != nil {
				return nil, denial(err)
			}
			if token != "" {
				return v.answer(token, c.Turn)
			}
		}
	}
	if v.certificate != "" && c.Request != nil {
		id, err := v.ofCertificate(c.Request.TLS)
		if err != nil {
			return nil, denial(err)
		}
		return id, nil
	}
	return nil, nil
}

func (v *Verifier) answer(token string, turn engine.Turn) (*engine.Identity, *engine.Denial) {
	id, err := v.token(token, turn)
	if err != nil {
		return nil, denial(err)
	}
	return id, nil
}

// token checks one token: form, issuer, algorithm, signature, claims, in this order.
func (v *Verifier) token(token string, turn engine.Turn) (*engine.Identity, error) {
	h, unproved, err := parse(token)
	if err != nil {
		return nil, err
	}
	one, err := v.choose(unproved)
	if err != nil {
		return nil, err
	}
	claims, err := one.verify(token, h, turn)
	if err != nil {
		return nil, err
	}
	return one.identity(claims)
}
