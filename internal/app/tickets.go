package app

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/identity"
	"github.com/siogw/siogw/internal/strictjson"
	"github.com/siogw/siogw/internal/ticket"
)

// Bounds of what a backend may say of a client.
const (
	maxTicketBody  = 16 << 10 // bytes
	maxTicketNames = 256      // roles, and scopes
)

// noTicket names why a ticket is refused, for the metrics.
var noTicket = [...]string{"off", "browser", "unauthorized", "malformed", "full"}

const (
	ticketsOff = iota
	ticketBrowser
	ticketUnauthorized
	ticketMalformed
	ticketsFull
)

// ticketRequest is the body of POST /tickets. Times are in seconds; nil is what the configuration says.
type ticketRequest struct {
	Sub       string          `json:"sub"`
	Roles     []string        `json:"roles"`
	Scopes    []string        `json:"scopes"`
	Claims    json.RawMessage `json:"claims"`
	Namespace string          `json:"namespace"`
	IP        string          `json:"ip"`
	TTL       *float64        `json:"ttl"`
	Lifetime  *float64        `json:"lifetime"`
}

// serveTickets gives the application's backend a one-time ticket for a client of its own.
func (a *App) serveTickets(w http.ResponseWriter, r *http.Request) {
	cfg := a.current.Load().cfg
	mine, t := &a.keep.lasting, &cfg.Identity.Tickets
	refuse := func(why, status int, text string) {
		mine.refused[why].Add(1)
		answer(w, status, text)
	}
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "":
		refuse(ticketBrowser, http.StatusForbidden, "not for browsers")
		return
	case !t.On():
		refuse(ticketsOff, http.StatusForbidden, "no tickets are given: identity.tickets.secret is not set")
		return
	case !authorized(r, t.Secret):
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(ticketUnauthorized, http.StatusUnauthorized, "want Authorization: Bearer with identity.tickets.secret")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTicketBody))
	if err != nil {
		refuse(ticketMalformed, http.StatusRequestEntityTooLarge, fmt.Sprintf("want at most %d bytes, in time", maxTicketBody))
		return
	}
	now := time.Now()
	g, err := grant(body, t, now)
	if err != nil {
		refuse(ticketMalformed, http.StatusBadRequest, err.Error())
		return
	}
	text, err := mine.store(cfg).Issue(g)
	if err != nil {
		w.Header().Set("Retry-After", "1")
		refuse(ticketsFull, http.StatusServiceUnavailable, err.Error()+" (identity.tickets.entries, bytes)")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"ticket": text, "expires_at": g.Expires.Unix()}) // a reader that is gone needs no answer
}

// authorized compares the secret without telling by time how much of it was right.
func authorized(r *http.Request, secret config.Secret) bool {
	given := r.Header.Values("Authorization")
	if len(given) != 1 {
		return false
	}
	scheme, value, _ := strings.Cut(given[0], " ")
	a, b := sha256.Sum256([]byte(value)), sha256.Sum256([]byte(secret))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// grant reads what a ticket is to be good for.
func grant(body []byte, t *config.Tickets, now time.Time) (g ticket.Grant, err error) {
	var r ticketRequest
	body = bytes.TrimSpace(body)
	if err := strictjson.Scan(body, strictjson.Limits{}); err != nil || strictjson.KindOf(body) != strictjson.Object {
		return g, fmt.Errorf("want a JSON object: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return g, err
	}
	switch _, taken := strictjson.Member(r.Claims, identity.TicketClaim); {
	case r.Sub == "":
		return g, errors.New("want sub: who the client is")
	case len(r.Roles) > maxTicketNames || len(r.Scopes) > maxTicketNames:
		return g, fmt.Errorf("want at most %d roles and scopes", maxTicketNames)
	case r.Claims != nil && strictjson.KindOf(r.Claims) != strictjson.Object:
		return g, errors.New("claims: want an object")
	case taken:
		return g, fmt.Errorf("claims: %q is the gateway's own", identity.TicketClaim)
	case r.Namespace != "" && r.Namespace[0] != '/':
		return g, errors.New("namespace: want one such as /chat")
	}
	g = ticket.Grant{Sub: r.Sub, Roles: r.Roles, Scopes: r.Scopes, Claims: r.Claims, Namespace: r.Namespace}
	if r.IP != "" {
		if g.Addr, err = netip.ParseAddr(r.IP); err != nil {
			return g, fmt.Errorf("ip: %w", err)
		}
	}
	ttl, err := within("ttl", r.TTL, t.TTL)
	if err != nil {
		return g, err
	}
	g.Expires = now.Add(ttl)
	g.Lifetime, err = within("lifetime", r.Lifetime, t.Lifetime)
	return g, err
}

// within gives a time that is no longer than the most, which is also what nothing means.
func within(name string, seconds *float64, most time.Duration) (time.Duration, error) {
	if seconds == nil {
		return most, nil
	}
	if *seconds <= 0 || *seconds > most.Seconds() {
		return 0, fmt.Errorf("%s: want seconds, more than 0 and at most %v (identity.tickets.%s)", name, most.Seconds(), name)
	}
	return time.Duration(*seconds * float64(time.Second)), nil
}
