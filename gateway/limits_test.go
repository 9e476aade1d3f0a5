package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// Each limit on one packet: what is just allowed is answered, one more is refused with the limit's own number.
func TestPacketLimits(t *testing.T) {
	const hour = time.Hour
	for name, c := range map[string]struct {
		change func(*gateway.Limits)
		within []string
		over   string
		code   engine.Code
	}{
		"elements":    {func(l *gateway.Limits) { l.Elements = 3 }, []string{`421["echo",1,2]`}, `422["echo",1,2,3]`, engine.CodeElements},
		"number":      {func(l *gateway.Limits) { l.Number = 3 }, []string{`421["echo",1.5]`}, `422["echo",1.25]`, engine.CodeNumber},
		"event name":  {func(l *gateway.Limits) { l.EventName = 4 }, []string{`421["echo"]`}, `422["echoo"]`, engine.CodeEventName},
		"ack id":      {func(l *gateway.Limits) { l.AckID = 2 }, []string{`4299["echo"]`}, `42100["echo"]`, engine.CodeAckID},
		"unanswered":  {func(l *gateway.Limits) { l.Acks = 2 }, []string{`421["silent"]`, `422["silent"]`, `42["echo"]`}, `423["silent"]`, engine.CodeUnanswered},
		"events":      {func(l *gateway.Limits) { l.EventsPerSession = gateway.Rate{Count: 2, Per: hour} }, []string{`421["echo"]`, `422["echo"]`}, `423["echo"]`, engine.CodeEventRate},
		"of an event": {func(l *gateway.Limits) { l.EventsPerName = map[string]gateway.Rate{"a": {Count: 1, Per: hour}} }, []string{`421["a"]`, `422["b"]`}, `423["a"]`, engine.CodeEventRate},
		"of a user":   {func(l *gateway.Limits) { l.EventsPerIdentity = gateway.Rate{Count: 2, Per: hour} }, []string{`421["echo"]`, `422["echo"]`}, `423["echo"]`, engine.CodeIdentityEvents},
		"event bytes": {func(l *gateway.Limits) { l.Payload, l.EventBytes = 100, gateway.Rate{Count: 1, Per: hour} }, []string{`421["` + strings.Repeat("x", 93) + `"]`, `422["` + strings.Repeat("x", 93) + `"]`}, `423["echo"]`, engine.CodeEventBytes},
		"depth":       {func(l *gateway.Limits) { l.Depth = 3 }, []string{`421["echo",[[]]]`}, `422["echo",[[[]]]]`, engine.CodeTooDeep},
		"message":     {func(l *gateway.Limits) { l.Payload = 20 }, []string{`421["` + strings.Repeat("x", 13) + `"]`}, `421["` + strings.Repeat("x", 14) + `"]`, engine.CodeTooLarge},
		"namespace":   {func(l *gateway.Limits) { l.NamespaceName = 5 }, []string{`40/chat,`}, `40/chats,`, engine.CodeNamespaceName},
		"namespaces":  {func(l *gateway.Limits) { l.Namespaces = 2 }, []string{`40/a,`}, `40/b,`, engine.CodeNamespaces},
		"connects":    {func(l *gateway.Limits) { l.Connects = gateway.Rate{Count: 3, Per: hour} }, []string{`40/a,`, `40/b,`}, `40/c,`, engine.CodeConnectRate},
		"two by one":  {func(l *gateway.Limits) { l.Attachments = 1 }, []string{"binary:1", `421["echo"]`}, "binary:2", engine.CodeAttachments},
		"their bytes": {func(l *gateway.Limits) { l.AttachmentBytes = 8 }, []string{"binary:2"}, "binary:3", engine.CodeAttachmentBytes},
	} {
		t.Run(name, func(t *testing.T) {
			up := siotest.NewUpstream(t, &siotest.Server{Message: func(_ *siotest.Peer, m siotest.Message, _ []string) bool {
				return strings.HasPrefix(m.Data, `["silent"`)
			}})
			r := rigBefore(t, up, nil, func(o *gateway.Options) { c.change(&o.Limits); o.Verifier = everybody{} })
			client, p := r.client(t)
			client.Join("/", "")
			for _, text := range c.within {
				send(client, text)
			}
			waitFor(t, "what is within the limits to arrive, or to be refused", func() bool { return len(p.Got()) > len(c.within) || len(r.denied()) > 0 })
			if n := len(r.denied()); n != 0 {
				t.Fatalf("within the limit: %+v", r.log.entries[n-1].d)
			}
			send(client, c.over)
			waitFor(t, "the refusal", func() bool { return len(r.denied()) > 0 })
			if got := r.denied()[0]; got != c.code {
				t.Errorf("refused for %d %s, want %d", got, got, c.code)
			}
		})
	}
}

// send puts a text, or for binary:N an event with as many attachments of 4 bytes.
func send(c *siotest.Client, text string) {
	var n int
	if _, err := fmt.Sscanf(text, "binary:%d", &n); err != nil {
		c.Put(text)
		return
	}
	places := ""
	for i := range n {
		places += fmt.Sprintf(`,{"_placeholder":true,"num":%d}`, i)
	}
	_ = c.Send(fmt.Sprintf(`45%d-["up"%s]`, n, places)) // an end before the last attachment is the test's to see
	for range n {
		_ = c.Write(siotest.Frame{Binary: true, Data: "abcd"})
	}
}

func (r *rig) denied() (codes []engine.Code) {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	for _, e := range r.log.entries {
		if e.d.Effect != engine.Allow {
			codes = append(codes, e.d.Code)
		}
	}
	return codes
}

// everybody is a Verifier that believes a header, or calls everyone u1.
type everybody struct{}

func (everybody) Verify(c gateway.Credentials) (*engine.Identity, *engine.Denial) {
	name := c.Request.Header.Get("X-User")
	if name == "" {
		name = "u1"
	}
	return &engine.Identity{Authenticated: name != "nobody", Sub: name}, nil
}

func TestDecisionTime(t *testing.T) {
	r := newRig(t, func(in *engine.Input) engine.Verdict {
		if in.Event == "slow" {
			time.Sleep(20 * time.Millisecond)
		}
		return allowAll(in)
	}, func(o *gateway.Options) { o.Limits.DecisionTime = 10 * time.Millisecond })
	c, _ := r.joined(t, "/")
	c.Put(`421["slow"]`)
	c.Want(`431[]`) // one may cost what it does; the next ones wait for it
	c.Put(`422["slow"]`, `423["quick"]`)
	c.Next()
	waitFor(t, "the refusal", func() bool { return len(r.denied()) > 0 })
	if got := r.denied()[0]; got != engine.CodeDecisionTime {
		t.Error(got)
	}
}

// Decisions that take less than their share of a second do not wait.
func TestDecisionTimeWithin(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) { o.Limits.DecisionTime = 900 * time.Millisecond })
	c, _ := r.joined(t, "/")
	for i := range 50 {
		c.Put(fmt.Sprintf(`42%d["quick"]`, i))
		c.Want(fmt.Sprintf(`43%d[]`, i))
	}
	if got := r.denied(); len(got) != 0 {
		t.Error(got)
	}
}

// One packet of the server may be as large as the send buffer; what is larger ends the session at once.
func TestSendBuffer(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) { o.Limits.SendBuffer = 300 << 10 })
	c, p := r.joined(t, "/")
	fits := `42["x","` + strings.Repeat("x", 299<<10) + `"]`
	if err := p.Send(fits); err != nil {
		t.Fatal(err)
	}
	c.Want(fits)
	_ = p.Send(fits[:len(fits)-2] + strings.Repeat("x", 1<<10) + `"]`) // the gateway may end it before all is written
	r.wantEnd(t, c)
	waitFor(t, "the count", func() bool { return r.Stats().Closed[engineio.SlowReader] == 1 }) // the client may see it first
}

// What a server sends has a limit of its own, above that of clients.
func TestUpstreamPayload(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) { o.Limits.Payload, o.Limits.UpstreamPayload = 100, 1000 })
	c, p := r.joined(t, "/")
	fits := `42["x","` + strings.Repeat("x", 990) + `"]`
	if err := p.Send(fits); err != nil {
		t.Fatal(err)
	}
	c.Want(fits)
	_ = p.Send(fits[:len(fits)-2] + `x"]`)
	r.wantEnd(t, c)
}

func TestOldQuestionsMakeRoom(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) { o.Limits.Acks = 1 })
	c, _ := r.joined(t, "/")
	for _, id := range []string{"1", "2", "3"} { // answered ones take no place
		c.Put(`42` + id + `["echo"]`)
		c.Want(`43` + id + `[]`)
	}
}

func TestNeverConnected(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) { o.Limits.Sessions.ConnectTime = 100 * time.Millisecond })
	silent, _ := r.client(t)
	good, _ := r.client(t)
	good.Join("/", "")
	r.wantEnd(t, silent)
	if got := r.denied(); !slices.Equal(got, []engine.Code{engine.CodeNeverConnected}) {
		t.Error(got)
	}
	if n := r.Stats().Closed[engineio.HandshakeTimeout]; n != 1 {
		t.Error(r.Stats().Closed)
	}
	good.Put(`421["echo"]`)
	good.Want(`431[]`)
}

func TestUnfinished(t *testing.T) {
	const begun = `452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
	t.Run("time", func(t *testing.T) {
		r := newRig(t, nil, func(o *gateway.Options) { o.Limits.Unfinished.Time = 100 * time.Millisecond })
		good, _ := r.joined(t, "/")
		bad, _ := r.joined(t, "/")
		bad.Put(begun)
		bad.PutBinary("a")
		good.Put(begun)
		good.PutBinary("a", "b")
		good.Want(`452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "binary:61", "binary:62")
		r.wantEnd(t, bad)
		if got := r.denied(); !slices.Equal(got, []engine.Code{engine.CodeUnfinished}) {
			t.Error(got)
		}
		good.Put(`421["echo"]`)
		good.Want(`431[]`)
	})
	t.Run("bytes", func(t *testing.T) {
		const held = len(begun) - len("452-") + 100
		r := newRig(t, nil, func(o *gateway.Options) { o.Limits.Unfinished.Bytes = 2 * held })
		var clients []*siotest.Client
		for i := range 2 {
			c, _ := r.joined(t, "/")
			c.Put(begun)
			c.PutBinary(strings.Repeat("a", 100))
			waitFor(t, "the attachment", func() bool { return r.Stats().Unfinished == int64((i+1)*held) })
			clients = append(clients, c)
		}
		bad, _ := r.joined(t, "/")
		bad.Put(begun)
		r.wantEnd(t, bad)
		if got := r.denied(); !slices.Equal(got, []engine.Code{engine.CodeUnfinishedBytes}) {
			t.Error(got)
		}
		for _, c := range clients {
			c.PutBinary("b")
			c.Next()
		}
		waitFor(t, "nothing to be held", func() bool { return r.Stats().Unfinished == 0 })
	})
}

// Requests above the limits of HTTP are answered before anything is done for them.
func TestHTTPLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limits gateway.HTTPLimits
		header http.Header // within
		more   http.Header // added: one above
		path   string
		status int
		code   engine.Code
	}{
		"url":     {gateway.HTTPLimits{URL: 10}, nil, nil, "/123456789", http.StatusRequestURITooLong, engine.CodeURL},
		"cookie":  {gateway.HTTPLimits{Cookie: 6}, http.Header{"Cookie": {"a=b", "a="}}, http.Header{"Cookie": {"b=", "c"}}, "", 431, engine.CodeCookie},
		"headers": {gateway.HTTPLimits{Headers: 3}, http.Header{"A": {"1", "2"}, "B": {"3"}}, http.Header{"C": {""}}, "", 431, engine.CodeHeaderCount},
		"header":  {gateway.HTTPLimits{Header: 9}, http.Header{"A": {"12", "3"}, "B": {"123"}}, http.Header{"C": {""}}, "", 431, engine.CodeHeaderBytes},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil, func(o *gateway.Options) { o.Limits.HTTP, o.Passthrough = c.limits, false })
			ask := func(path string, more http.Header) *httptest.ResponseRecorder {
				req, w := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
				for _, h := range []http.Header{c.header, more} {
					for k, v := range h {
						req.Header[k] = append(req.Header[k], v...)
					}
				}
				r.ServeHTTP(w, req)
				return w
			}
			if w := ask("/123456789", nil); w.Code != http.StatusNotFound {
				t.Errorf("within the limit: %d %s", w.Code, w.Body)
			}
			path := "/123456789"
			if c.path != "" {
				path += "0"
			}
			w := ask(path, c.more)
			if w.Code != c.status || w.Body.String() != `{"code":4,"message":"`+c.code.String()+`"}` {
				t.Errorf("above it: %d %s", w.Code, w.Body)
			}
			if n := r.Stats().Refused[c.code]; n != 1 {
				t.Error("counted:", r.Stats().Refused)
			}
		})
	}
}

// from is a header that a trusted proxy sends.
func from(addr, user string) http.Header {
	return http.Header{"X-Forwarded-For": {addr}, "X-User": {user}}
}

func trusting(o *gateway.Options) { o.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func TestIdentityConnections(t *testing.T) {
	for name, c := range map[string]struct {
		limits gateway.Limits
		code   engine.Code
	}{
		"connections": {gateway.Limits{ConnectionsPerIdentity: 2}, engine.CodeConnectionsPerIdentity},
		"their rate":  {gateway.Limits{ConnectRatePerIdentity: gateway.Rate{Count: 2, Per: time.Hour}}, engine.CodeIdentityRate},
		"total rate":  {gateway.Limits{ConnectRateTotal: gateway.Rate{Count: 2, Per: time.Hour}}, engine.CodeTotalRate},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil, func(o *gateway.Options) { trusting(o); o.Limits, o.Verifier = c.limits, everybody{} })
			dial := func(user string) error {
				conn, err := siotest.Dial(r.url, from("203.0.113.1", user))
				if err == nil {
					t.Cleanup(func() { conn.Close() })
				}
				return err
			}
			for range 2 {
				if err := dial("ann"); err != nil {
					t.Fatal(err)
				}
			}
			refused, ok := dial("ann").(*siotest.Refused)
			if !ok || refused.Status != http.StatusTooManyRequests || !strings.Contains(refused.Body, c.code.String()) {
				t.Errorf("one more: %v", refused)
			}
			if err := dial("bob"); (err == nil) != (c.code != engine.CodeTotalRate) {
				t.Errorf("another: %v", err)
			}
			if err := dial("nobody"); (err == nil) != (c.code != engine.CodeTotalRate) {
				t.Errorf("without identity: %v", err)
			}
		})
	}
}

// One subscriber holds a whole IPv6 network.
func TestIPv6Prefix(t *testing.T) {
	for bits, same := range map[int]string{0: "2001:db8:0:1::2", 48: "2001:db8:0:2::1", 128: "2001:db8:0:1::1"} {
		r := newRig(t, nil, func(o *gateway.Options) { trusting(o); o.Limits.ConnectionsPerIP, o.Limits.IPv6Prefix = 1, bits })
		siotest.NewClient(t, r.url, from("2001:db8:0:1::1", ""))
		if _, err := siotest.Dial(r.url, from(same, "")); err == nil {
			t.Errorf("/%d: %s is another client", bits, same)
		}
		siotest.NewClient(t, r.url, from("2001:db8:1:1::1", ""))
	}
}
