package config

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"time"
)

// Identity says how clients prove who they are (docs/identity.md).
type Identity struct {
	JWT JWT `yaml:"jwt"`
	// Issuers are several, of which the iss of a token chooses one: then JWT has only From. The names are required and
	// unique; at most 32. Default none.
	Issuers []JWT `yaml:"issuers"`
	Fetch   Fetch `yaml:"fetch"`
	// RolesClaim is the claim that holds the roles, by path: an array of strings or a string with blanks between. The
	// dots of a name in a path are written \\. where they could be taken for steps. Default roles.
	RolesClaim ClaimPath `yaml:"roles_claim"`
	// ScopesClaim is the same for scopes. Default scope.
	ScopesClaim ClaimPath `yaml:"scopes_claim"`
	// Certificate is the part of a client's certificate (tls.client_ca_file) that names clients without a token:
	// subject, common_name, dns, email or uri. Default none: certificates let in and name nobody.
	Certificate string `yaml:"certificate" enum:"none,subject,common_name,dns,email,uri"`
	// OnExpiry is what happens to a live connection when its identity ends: leave the namespace, close the session, or
	// ignore it. Default leave.
	OnExpiry string `yaml:"on_expiry" enum:"leave,close,ignore"`
	// RefreshEvent is the event by which a client brings a new token on a live connection; it is never forwarded.
	// Default siogw:refresh; "" for none.
	RefreshEvent string  `yaml:"refresh_event"`
	Upstream     Tell    `yaml:"upstream"`
	Tickets      Tickets `yaml:"tickets"`
	// Required refuses a CONNECT without a verified identity. Default false.
	Required bool `yaml:"required"`
}

// JWT says where tokens are and what makes one good. At most one of Secret, PublicKeyFile, JWKS and Discovery;
// with none, nobody is authenticated by token.
type JWT struct {
	// From are the places of a token, the first that holds one counts: auth.MEMBER (of the CONNECT
	// payload, by path), header.NAME, cookie.NAME, query.NAME. Not for one of several issuers.
	// Default auth.token, header.authorization.
	From []TokenSource `yaml:"from"`
	// Secret is the HMAC secret; siogw warns of one below 32 bytes. Also secret_file.
	Secret     Secret `yaml:"secret"`
	SecretFile Path   `yaml:"secret_file"` // its content, less one final newline, is Secret
	// PublicKeyFile is a PEM file: an RSA (2048 bits or more), EC or Ed25519 public key, or a certificate.
	PublicKeyFile Path `yaml:"public_key_file"`
	// JWKS is a JSON Web Key Set (RFC 7517): a file, or an https URL, which is fetched as Fetch says.
	JWKS Location `yaml:"jwks"`
	// Discovery takes the URL of the key set from Issuer/.well-known/openid-configuration. Default false.
	Discovery bool   `yaml:"discovery"`
	Issuer    string `yaml:"issuer"`   // the iss to demand; "" demands none
	Audience  string `yaml:"audience"` // the aud to demand; "" demands none
	// Algorithms are those a token may be signed with. Default those that fit the key.
	Algorithms []Algorithm   `yaml:"algorithms"`
	Leeway     time.Duration `yaml:"leeway" min:"0s" max:"10m"` // for exp, nbf and iat; default 0s
	MaxAge     time.Duration `yaml:"max_age"`                   // since iat, which is then required; default 0s, no limit
	// MaxLifetime is from iat to exp, which is then required. Default 0s, no limit.
	MaxLifetime time.Duration `yaml:"max_lifetime"`
	Claims      []Claim       `yaml:"claims"`       // that a token must have; default none
	RolesClaim  ClaimPath     `yaml:"roles_claim"`  // default that of Identity
	ScopesClaim ClaimPath     `yaml:"scopes_claim"` // default that of Identity
}

// Claim is a demand on one claim.
type Claim struct {
	Claim  ClaimPath `yaml:"claim"`  // by path; required
	Equals JSON      `yaml:"equals"` // what it is, or has in it as an array; default anything but null
}

// Fetch says how key sets of providers are fetched.
type Fetch struct {
	// Refresh is the time between two fetches, where the provider's Cache-Control does not say another between one minute
	// and one day. Default 1h.
	Refresh time.Duration `yaml:"refresh" min:"1m" max:"24h"`
	Timeout time.Duration `yaml:"timeout" min:"100ms" max:"1m"` // of one; default 5s
	// Stale is how long keys serve since they were fetched, while the provider is down. Default 24h.
	Stale time.Duration `yaml:"stale" min:"1m" max:"720h"`
	// Start is what becomes of the start when the keys do not come: deny the tokens till they are there, fail, or wait
	// without end. Default deny.
	Start     string        `yaml:"start" enum:"deny,fail,wait"`
	StartTime time.Duration `yaml:"start_time" min:"100ms" max:"10m"` // that deny and fail wait first; default 10s
	Insecure  bool          `yaml:"insecure"`                         // plain http to other hosts than loopback; default false
	CAFile    Path          `yaml:"ca_file"`                          // PEM: who signs the providers' certificates; default the system's roots
}

// ClaimPath is the path of a claim: names with dots between; \\. is a dot in a name.
type ClaimPath string

func defaultIdentity() Identity {
	return Identity{
		JWT:          JWT{From: []TokenSource{"auth.token", "header.authorization"}},
		RolesClaim:   "roles",
		ScopesClaim:  "scope",
		Fetch:        Fetch{Refresh: time.Hour, Timeout: 5 * time.Second, Stale: 24 * time.Hour, Start: "deny", StartTime: 10 * time.Second},
		Certificate:  "none",
		OnExpiry:     "leave",
		RefreshEvent: "siogw:refresh",
		Upstream:     defaultTell(),
		Tickets:      defaultTickets(),
	}
}

const maxIssuers = 32

// HasKey reports whether tokens can be verified.
func (j *JWT) HasKey() bool {
	return j.Secret != "" || j.PublicKeyFile != "" || j.JWKS != "" || j.Discovery
}

// HasKeys reports whether tokens can be verified, of the one issuer or of several.
func (i *Identity) HasKeys() bool { return i.JWT.HasKey() || len(i.Issuers) > 0 }

// Proves reports whether anybody can be authenticated.
func (i *Identity) Proves() bool { return i.HasKeys() || i.Certificate != "none" || i.Tickets.On() }

func (d *decoder) identity() {
	i := &d.cfg.Identity
	d.jwt("identity.jwt", &i.JWT)
	d.issuers()
	d.tell()
	d.tickets()
	if i.HasKeys() && len(i.JWT.From) == 0 {
		d.fail("identity.jwt.from", "want at least one place of a token")
	}
	if i.Certificate != "none" && d.cfg.TLS.ClientCAFile == "" {
		d.fail("identity.certificate", "needs tls.client_ca_file: without it clients are asked for no certificate")
	}
	if i.RefreshEvent != "" && i.RefreshEvent == d.cfg.Deny.Event {
		d.fail("identity.refresh_event", "is deny.event too")
	}
	if i.HasKeys() || i.JWT.SecretFile != "" {
		return
	}
	const missing = "needs identity.jwt.secret, secret_file, public_key_file, jwks or discovery"
	if i.Required && i.Certificate == "none" && !i.Tickets.On() && i.Tickets.SecretFile == "" {
		d.fail("identity.required", missing)
	}
	j := &i.JWT
	for _, one := range []struct {
		key string
		set bool
	}{{"issuer", j.Issuer != ""}, {"audience", j.Audience != ""}, {"max_age", j.MaxAge > 0}, {"max_lifetime", j.MaxLifetime > 0},
		{"claims", len(j.Claims) > 0}} {
		if one.set {
			d.fail("identity.jwt."+one.key, missing)
		}
	}
}

// issuers checks those of several.
func (d *decoder) issuers() {
	i := &d.cfg.Identity
	if len(i.Issuers) > maxIssuers {
		d.fail("identity.issuers", "want at most %d", maxIssuers)
	}
	if len(i.Issuers) > 0 && (i.JWT.HasKey() || i.JWT.SecretFile != "") {
		d.fail("identity.jwt", "identity.issuers is set too: want the keys in one of them")
	}
	seen := map[string]int{}
	for n := range i.Issuers {
		j, key := &i.Issuers[n], join("identity.issuers", strconv.Itoa(n))
		first, twice := seen[j.Issuer]
		switch {
		case j.Issuer == "":
			d.fail(key+".issuer", "required: the iss of a token chooses")
		case twice:
			d.fail(key+".issuer", "the same as that of identity.issuers.%d", first)
		}
		seen[j.Issuer] = n
		if len(j.From) > 0 {
			d.fail(key+".from", "want it in identity.jwt.from, for all issuers")
		}
		if !j.HasKey() && j.SecretFile == "" {
			d.fail(key, "want one of secret, secret_file, public_key_file, jwks and discovery")
		}
		d.jwt(key, j)
	}
}

// jwt checks what is said of one issuer.
func (d *decoder) jwt(key string, j *JWT) {
	set := 0
	for _, is := range []bool{j.Secret != "", j.PublicKeyFile != "", j.JWKS != "", j.Discovery} {
		if is {
			set++
		}
	}
	if set > 1 {
		d.fail(key, "want one of secret, public_key_file, jwks and discovery")
	}
	for n, c := range j.Claims {
		if c.Claim == "" {
			d.fail(join(key+".claims", strconv.Itoa(n))+".claim", "required")
		}
	}
}

// secretFiles reads each secret_file.
func (d *decoder) secretFiles() {
	i := &d.cfg.Identity
	d.secretFile("identity.jwt", i.JWT.SecretFile, &i.JWT.Secret)
	for n := range i.Issuers {
		d.secretFile(join("identity.issuers", strconv.Itoa(n)), i.Issuers[n].SecretFile, &i.Issuers[n].Secret)
	}
	d.secretFile("identity.tickets", i.Tickets.SecretFile, &i.Tickets.Secret)
}

func (d *decoder) secretFile(section string, file Path, secret *Secret) {
	if file == "" {
		return
	}
	key := section + ".secret_file"
	if *secret != "" {
		d.fail(key, "%s.secret is set too: choose one", section)
		return
	}
	data, err := os.ReadFile(string(file))
	if err != nil {
		d.fail(key, "%v", err)
		return
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		d.fail(key, "%s is empty", file)
	}
	*secret = Secret(text)
}

func (p *ClaimPath) parse(text, _ string) error {
	*p = ClaimPath(text)
	rest := strings.NewReplacer(`\\`, "", `\.`, "").Replace(text)
	if strings.Contains(rest, `\`) {
		return errors.New(`want a path such as realm_access.roles, with \. for a dot in a name`)
	}
	return nil
}
