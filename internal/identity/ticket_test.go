package identity

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/ticket"
)

// ticketed is a verifier of tickets, and of tokens by secret, with the store behind it and what stands for its clock.
func ticketed(t *testing.T, from ...string) (*Verifier, *ticket.Memory, *time.Time) {
	t.Helper()
	at := now
	clock := func() time.Time { return at }
	store := ticket.NewMemory(ticket.Limits{Entries: 100, Bytes: 1 << 20}, clock)
	v, err := New(Options{From: []string{"auth.token"}, Issuers: []Issuer{{Secret: secret}}, Tickets: store, TicketFrom: from, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return v, store, &at
}

func wantDenied(t *testing.T, v *Verifier, c gateway.Credentials, code engine.Code) {
	t.Helper()
	if id, denial := v.Verify(c); id != nil || denial == nil || denial.Code != code || strings.Contains(denial.Reason, ticket.Prefix) {
		t.Errorf("%+v %+v, want %d", id, denial, code)
	}
}

func TestTicket(t *testing.T) {
	v, store, at := ticketed(t, "auth.ticket")
	g := ticket.Grant{Sub: "u1", Roles: []string{"r"}, Scopes: []string{"s"}, Claims: []byte(`{"a":1}`), Expires: now.Add(time.Minute), Lifetime: time.Hour}
	issue := func(g ticket.Grant) gateway.Credentials {
		return gateway.Credentials{Auth: []byte(`{"ticket":"` + must(store.Issue(g)) + `"}`), Namespace: "/chat", Addr: netip.MustParseAddr("192.0.2.1")}
	}
	c := issue(g)
	id, denial := v.Verify(c)
	if denial != nil || id.Sub != "u1" || id.Roles[0] != "r" || id.Scopes[0] != "s" || string(id.Claims) != `{"a":1}` || id.Issuer != TicketIssuer ||
		!id.Until.Equal(now.Add(time.Hour)) || id.ExpiresAt != now.Add(time.Hour).Unix() {
		t.Errorf("%+v %v", id, denial)
	}
	wantDenied(t, v, c, engine.CodeTicketUsed)
	wantDenied(t, v, gateway.Credentials{Auth: []byte(`{"ticket":"sgt_x"}`)}, engine.CodeTicketUnknown)
	wantDenied(t, v, gateway.Credentials{Auth: []byte(`{"ticket":1}`)}, engine.CodeTokenInvalid)
	g.Namespace = "/admin"
	wantDenied(t, v, issue(g), engine.CodeTicketBound)
	g.Namespace, g.Addr = "/chat", netip.MustParseAddr("192.0.2.2")
	wantDenied(t, v, issue(g), engine.CodeTicketBound)
	g.Addr, g.Lifetime = netip.Addr{}, 0
	if id, _ := v.Verify(issue(g)); id == nil || string(id.Claims) != `{"a":1,"ticket":{"namespace":"/chat"}}` || id.ExpiresAt != 0 || !id.Until.IsZero() {
		t.Errorf("%+v", id)
	}
	late := issue(g)
	*at = now.Add(time.Minute)
	wantDenied(t, v, late, engine.CodeTicketExpired)

	g.Expires = at.Add(time.Minute)
	text := must(store.Issue(g)) // of a refresh
	if id, denial := v.Verify(gateway.Credentials{Token: text, Namespace: "/chat"}); id == nil {
		t.Errorf("by itself: %v", denial)
	}
	for _, none := range []string{`{}`, `{"ticket":""}`, `{"ticket":null}`} {
		if id, denial := v.Verify(gateway.Credentials{Auth: []byte(none)}); id != nil || denial != nil {
			t.Errorf("%s: %v %v", none, id, denial)
		}
	}
	token := sign("HS256", secret, `{"sub":"u2"}`)
	if id, denial := v.Verify(auth(token)); denial != nil || id.Sub != "u2" {
		t.Errorf("beside tickets: %v", denial)
	}
}

// TestTicketOfHandshake: one in the query is used up by the handshake, and counts for the namespaces of that session.
func TestTicketOfHandshake(t *testing.T) {
	v, store, at := ticketed(t, "auth.ticket", "query.ticket")
	text := must(store.Issue(ticket.Grant{Sub: "u1", Namespace: "/chat", Expires: now.Add(time.Second), Lifetime: time.Minute}))
	r := httptest.NewRequest("GET", "/socket.io/?ticket="+text, nil)
	id, denial := v.Verify(gateway.Credentials{Request: r})
	if denial != nil {
		t.Fatal(denial)
	}
	*at = now.Add(59 * time.Second)
	c := gateway.Credentials{Request: r, Auth: []byte("{}"), Namespace: "/chat", Before: id}
	if again, denial := v.Verify(c); again != id {
		t.Errorf("%v", denial)
	}
	c.Namespace = "/admin"
	wantDenied(t, v, c, engine.CodeTicketBound)
	c.Namespace = "/chat"
	for _, other := range []*engine.Identity{nil, {Authenticated: true, Sub: "u1"}} {
		c.Before = other
		wantDenied(t, v, c, engine.CodeTicketUnknown)
	}
	c.Before = id
	*at = now.Add(time.Minute)
	wantDenied(t, v, c, engine.CodeTicketExpired)
	wantDenied(t, v, gateway.Credentials{Request: httptest.NewRequest("GET", r.URL.String(), nil)}, engine.CodeTicketUsed)
}
