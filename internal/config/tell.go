package config

import (
	"strings"
	"time"
)

// Tell says what the upstream learns of who a client is (docs/identity.md).
type Tell struct {
	// Auth is what becomes of the client's token: pass leaves everything as the client sent it, strip takes tokens and
	// tickets out of where they are looked for, and exchange also puts a token of the gateway's own there. Default pass.
	Auth string `yaml:"auth" enum:"pass,strip,exchange"`
	// Keys are PEM files with private keys (Ed25519, EC, or RSA of 2048 bits or more); the first signs, the others are in
	// the key set, at most 16 together. Default none: a key is made at the start, which no other gateway has.
	Keys     []Path `yaml:"keys"`
	Issuer   string `yaml:"issuer"`   // the iss of the gateway's tokens; default siogw
	Audience string `yaml:"audience"` // their aud, "" for none; default upstream
	// Lifetime is from their iat to their exp, which is never after the identity's own end. Default 60s.
	Lifetime time.Duration `yaml:"lifetime" min:"10s" max:"1h"`
	Claims   []ClaimPath   `yaml:"claims"` // those of the client's own that they have; default none
	Field    string        `yaml:"field"`  // the member of the CONNECT payload; default token
	// Header is that of the handshake, for clients that are known then; authorization has Bearer before the token.
	// Default authorization; "" for none.
	Header string `yaml:"header"`
	// Event tells the upstream of a refresh: its argument is a new token. No client may send it. Default "", none.
	Event string `yaml:"event"`
	// JWKSPath is a path of the clients' listener that serves the public keys, beside /.well-known/jwks.json of the admin
	// listener. Default "", none.
	JWKSPath string `yaml:"jwks_path"`
}

// Tickets are one-time connection tickets, which POST /tickets on the admin listener gives (docs/identity.md).
type Tickets struct {
	// Secret is what the application's backend shows for a ticket, as Authorization: Bearer; 32 bytes or more. Also
	// secret_file. Default "": there are no tickets.
	Secret     Secret `yaml:"secret"`
	SecretFile Path   `yaml:"secret_file"` // its content, less one final newline, is Secret
	// From are the places of a ticket in what clients send, as those of a token. Default auth.ticket.
	From []TokenSource `yaml:"from"`
	// TTL is how long a ticket waits for its use, unless the backend says less. Default 30s.
	TTL time.Duration `yaml:"ttl" min:"1s" max:"10m"`
	// Lifetime is how long the identity lives from then on, unless the backend says less. Default 24h.
	Lifetime time.Duration `yaml:"lifetime" min:"1s" max:"720h"`
	Entries  int           `yaml:"entries" min:"1" max:"10000000"` // tickets that are not past their TTL; default 10000
	Bytes    Size          `yaml:"bytes" min:"64KiB" max:"1GiB"`   // of them together; default 16MiB
}

// minTicketSecret is in bytes.
const minTicketSecret = 32

func defaultTell() Tell {
	return Tell{Auth: "pass", Issuer: "siogw", Audience: "upstream", Lifetime: time.Minute, Field: "token", Header: "authorization"}
}

func defaultTickets() Tickets {
	return Tickets{From: []TokenSource{"auth.ticket"}, TTL: 30 * time.Second, Lifetime: 24 * time.Hour, Entries: 10000, Bytes: 16 << 20}
}

// Signs reports whether the upstream gets tokens of the gateway's own.
func (t *Tell) Signs() bool { return t.Auth == "exchange" }

// On reports whether there are tickets.
func (t *Tickets) On() bool { return t.Secret != "" }

func (d *decoder) tell() {
	i := &d.cfg.Identity
	t := &i.Upstream
	if len(t.Keys) > 16 {
		d.fail("identity.upstream.keys", "want at most 16")
	}
	if t.Field == "" {
		d.fail("identity.upstream.field", "want the name of a member of the CONNECT payload")
	}
	if t.Header != "" && !headerName.MatchString(t.Header) {
		d.fail("identity.upstream.header", "want the name of a header, or none")
	}
	if reservedHeader[strings.ToLower(t.Header)] {
		d.fail("identity.upstream.header", "%s is the handshake's own", t.Header)
	}
	if t.Event != "" && (t.Event == i.RefreshEvent || t.Event == d.cfg.Deny.Event) {
		d.fail("identity.upstream.event", "is identity.refresh_event or deny.event too")
	}
	switch p := t.JWKSPath; {
	case p == "":
	case !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "?#%") || p == "/":
		d.fail("identity.upstream.jwks_path", "want a path such as /.well-known/jwks.json")
	case strings.HasPrefix(p+"/", d.cfg.Path):
		d.fail("identity.upstream.jwks_path", "is where Engine.IO answers (path)")
	}
	for _, one := range []struct {
		key string
		set bool
	}{{"keys", len(t.Keys) > 0}, {"claims", len(t.Claims) > 0}, {"event", t.Event != ""}, {"jwks_path", t.JWKSPath != ""}} {
		if one.set && !t.Signs() {
			d.fail("identity.upstream."+one.key, "needs identity.upstream.auth: exchange")
		}
	}
	if t.Signs() && !i.Proves() && i.JWT.SecretFile == "" && i.Tickets.SecretFile == "" {
		d.fail("identity.upstream.auth", "there is nobody to tell of: needs identity.jwt, issuers, certificate or tickets")
	}
}

// reservedHeader are names that the gateway, or HTTP, gives a meaning to.
var reservedHeader = map[string]bool{"cookie": true, "user-agent": true, "accept-language": true, "host": true, "connection": true, "upgrade": true,
	"origin": true, "content-length": true, "transfer-encoding": true, "sec-websocket-key": true, "sec-websocket-version": true,
	"sec-websocket-extensions": true, "sec-websocket-protocol": true, "sec-websocket-accept": true,
	"x-forwarded-for": true, "x-forwarded-proto": true, "x-forwarded-host": true}

func (d *decoder) tickets() {
	t := &d.cfg.Identity.Tickets
	if !t.On() {
		return
	}
	if len(t.Secret) < minTicketSecret {
		key := "identity.tickets.secret"
		if t.SecretFile != "" {
			key = "identity.tickets.secret_file"
		}
		d.fail(key, "want at least %d bytes: who finds it can be anybody", minTicketSecret)
	}
	if len(t.From) == 0 {
		d.fail("identity.tickets.from", "want at least one place of a ticket")
	}
	if d.cfg.Admin.Listen == "" {
		d.fail("identity.tickets", "needs admin.listen, where tickets are given")
	}
}
