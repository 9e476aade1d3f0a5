package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/siotest"
)

const backendSecret = "the backend's own secret of 32 bytes"

func withTickets(up, more string) string {
	return fmt.Sprintf(`
listen: 127.0.0.1:0
upstream: { url: %q }
identity:
  required: true
  upstream: { auth: exchange }
  tickets: { secret: %q, %s }
`, up, backendSecret, more)
}

// post asks for a ticket.
func post(t *testing.T, admin, body string, header ...string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, admin+"/tickets", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+backendSecret)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := once().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatal(err, resp.Header)
	}
	return resp.StatusCode, string(data)
}

// ticketFor gives the auth payload with a ticket.
func ticketFor(t *testing.T, admin, body string) string {
	t.Helper()
	status, text := post(t, admin, body)
	var got struct {
		Ticket    string `json:"ticket"`
		ExpiresAt int64  `json:"expires_at"`
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || status != http.StatusCreated || got.ExpiresAt == 0 {
		t.Fatalf("%d %s", status, text)
	}
	return fmt.Sprintf(`{"ticket":%q}`, got.Ticket)
}

func TestTickets(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	s := serve(t, t.TempDir(), withTickets(up.URL, "ttl: 20s"))
	c := siotest.NewClient(t, "http://"+s.clients, nil)
	p := up.Peer(t)
	one := ticketFor(t, s.admin, `{"sub":"u1","roles":["r"],"claims":{"email":"a@b"},"namespace":"/chat","ip":"127.0.0.1","ttl":5,"lifetime":60}`)
	refused := func(namespace, auth string, code int) {
		t.Helper()
		c.Put("40" + namespace + "," + auth)
		want := fmt.Sprintf(`"data":{"code":%d,`, code)
		if got := c.Next().String(); !strings.HasPrefix(got, "44"+namespace+",") || !strings.Contains(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	refused("/other", one, 211)
	c.Join("/chat", one)
	refused("/more", one, 208)
	refused("/more", `{"ticket":"sgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, 207)
	refused("/more", `{}`, 200)
	refused("/more", ticketFor(t, s.admin, `{"sub":"u1","ip":"192.0.2.1"}`), 211)
	for _, text := range p.Got() {
		if strings.Contains(text, "sgt_") {
			t.Errorf("the server got a ticket: %s", text)
		}
	}
	auth := map[string]string{}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(p.Got()[0], "40/chat,")), &auth); err != nil {
		t.Fatal(err)
	}
	if _, claims := claimsOf(t, auth["token"]); claims["sub"] != "u1" || claims["by"] != "ticket" || fmt.Sprint(claims["roles"]) != "[r]" {
		t.Errorf("%v", claims)
	}
	_, metrics, _ := body(t, once(), s.admin+"/metrics")
	for _, want := range []string{`siogw_tickets_issued_total 2`, `siogw_tickets_redeemed_total{result="ok"} 1`, `siogw_tickets_redeemed_total{result="used"} 1`,
		`siogw_tickets_redeemed_total{result="bound"} 2`, `siogw_tickets_redeemed_total{result="unknown"} 1`, `siogw_tickets 2`} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if s.log.has("sgt_") {
		t.Error("a ticket is in the log")
	}
}

// TestTicketInQuery is used up by the handshake, and counts for each namespace of that session alone.
func TestTicketInQuery(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	s := serve(t, t.TempDir(), withTickets(up.URL, "from: [query.ticket]"))
	var auth struct{ Ticket string }
	if err := json.Unmarshal([]byte(ticketFor(t, s.admin, `{"sub":"u1"}`)), &auth); err != nil {
		t.Fatal(err)
	}
	url := "http://" + s.clients + "/socket.io/?ticket=" + auth.Ticket
	c := siotest.NewClient(t, url, nil)
	c.Join("/", "")
	c.Join("/chat", `{"x":1}`)
	p := up.Peer(t)
	if p.Request.URL.Query().Has("ticket") || !strings.HasPrefix(p.Request.Header.Get("Authorization"), "Bearer ey") {
		t.Errorf("the server got %s %v", p.Request.URL, p.Request.Header)
	}
	_, err := siotest.Dial(url, nil)
	var no *siotest.Refused
	if !errors.As(err, &no) || no.Status != http.StatusForbidden || !strings.Contains(no.Body, "ticket used before") {
		t.Errorf("again: %v", err)
	}
	c.Put("41")
	c.Join("/", "") // still of that session
}

func TestTicketRequests(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	s := serve(t, t.TempDir(), withTickets(up.URL, "entries: 5, ttl: 20s, lifetime: 1h"))
	long := func(n int) string {
		rest := n - len(`{"sub":""}`)
		return `{"sub":"` + strings.Repeat("x", rest) + `"}`
	}
	names := func(n int) string {
		return `{"sub":"u","roles":[` + strings.TrimSuffix(strings.Repeat(`"r",`, n), ",") + `]}`
	}
	for _, tt := range []struct {
		body   string
		header []string
		status int
		text   string
	}{
		{`{"sub":"u"}`, []string{"Authorization", "Bearer " + backendSecret + "x"}, 401, "identity.tickets.secret"},
		{`{"sub":"u"}`, []string{"Authorization", "Basic " + backendSecret}, 401, ""},
		{`{"sub":"u"}`, []string{"Authorization", ""}, 401, ""},
		{`{"sub":"u"}`, []string{"Origin", "https://a.example"}, 403, "not for browsers"},
		{`{"sub":"u"}`, []string{"Sec-Fetch-Site", "none"}, 403, "not for browsers"},
		{`{}`, nil, 400, "want sub"},
		{``, nil, 400, "want a JSON object"},
		{`{"sub":"u"} x`, nil, 400, "want a JSON object"},
		{`{"sub":"u","sub":"v"}`, nil, 400, "want a JSON object"},
		{`{"sub":"u","role":"r"}`, nil, 400, `unknown field "role"`},
		{`{"sub":"u","roles":"r"}`, nil, 400, "roles"},
		{`{"sub":"u","claims":[]}`, nil, 400, "claims: want an object"},
		{`{"sub":"u","claims":{"ticket":1}}`, nil, 400, `"ticket" is the gateway's own`},
		{`{"sub":"u","namespace":"chat"}`, nil, 400, "namespace"},
		{`{"sub":"u","ip":"here"}`, nil, 400, "ip"},
		{`{"sub":"u","ttl":20.1}`, nil, 400, "at most 20"},
		{`{"sub":"u","ttl":0}`, nil, 400, "more than 0"},
		{`{"sub":"u","lifetime":3601}`, nil, 400, "at most 3600"},
		{names(maxTicketNames + 1), nil, 400, "at most 256"},
		{long(maxTicketBody + 1), nil, 413, "at most 16384 bytes"},
		{long(maxTicketBody), nil, 201, "sgt_"},
		{names(maxTicketNames), nil, 201, "sgt_"},
		{`{"sub":"u","ttl":20}`, nil, 201, "sgt_"},
		{`{"sub":"u","lifetime":3600,"claims":{"a":1},"ip":"2001:db8::1"}`, nil, 201, "sgt_"},
		{`{"sub":"u"}`, []string{"Authorization", "bearer " + backendSecret}, 201, "sgt_"},
		{`{"sub":"u"}`, nil, 503, "identity.tickets.entries"},
	} {
		if status, text := post(t, s.admin, tt.body, tt.header...); status != tt.status || !strings.Contains(text, tt.text) {
			t.Errorf("%.40s %v: %d %s, want %d %s", tt.body, tt.header, status, text, tt.status, tt.text)
		}
	}
	_, metrics, _ := body(t, once(), s.admin+"/metrics")
	for _, want := range []string{`unauthorized"} 3`, `browser"} 2`, `malformed"} 15`, `full"} 1`, `off"} 0`} {
		if !strings.Contains(metrics, `siogw_tickets_refused_total{reason="`+want+"\n") {
			t.Errorf("no %s", want)
		}
	}
}

// TestNoTickets: without a secret nobody gets one, from wherever.
func TestNoTickets(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	s := serve(t, t.TempDir(), fmt.Sprintf("listen: 127.0.0.1:0\nupstream: { url: %q }\n", up.URL))
	for _, header := range [][]string{nil, {"Authorization", "Bearer "}, {"Authorization", ""}} {
		if status, text := post(t, s.admin, `{"sub":"u"}`, header...); status != http.StatusForbidden || !strings.Contains(text, "identity.tickets.secret is not set") {
			t.Errorf("%d %s", status, text)
		}
	}
}

// TestTicketsStay over a reload, with the limits of that.
func TestTicketsStay(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	dir := t.TempDir()
	s := serve(t, dir, withTickets(up.URL, "entries: 10"))
	auth := ticketFor(t, s.admin, `{"sub":"u1"}`)
	conf := "admin: { listen: 127.0.0.1:0 }\ndecision_log: { output: none }\n" + withTickets(up.URL, "entries: 1")
	if _, err := s.Reload(t.Context(), parse(t, dir, conf)); err != nil {
		t.Fatal(err)
	}
	if status, _ := post(t, s.admin, `{"sub":"u2"}`); status != http.StatusServiceUnavailable {
		t.Errorf("%d", status)
	}
	siotest.NewClient(t, "http://"+s.clients, nil).Join("/", auth)
}

func FuzzGrant(f *testing.F) {
	tickets, at := &config.Default().Identity.Tickets, time.Unix(1e9, 0)
	f.Add([]byte(`{"sub":"u","roles":["a"],"claims":{"x":1},"namespace":"/n","ip":"::1","ttl":1,"lifetime":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := grant(data, tickets, at)
		if err != nil {
			return
		}
		if g.Sub == "" || g.Expires.Before(at) || g.Expires.Sub(at) > tickets.TTL || g.Lifetime > tickets.Lifetime {
			t.Errorf("%s gave %+v", data, g)
		}
		if g.Claims != nil && !json.Valid(g.Claims) {
			t.Errorf("%s gave %s", data, g.Claims)
		}
	})
}
