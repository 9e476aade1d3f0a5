package gateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

func TestEitherEndClosesTheOther(t *testing.T) {
	t.Run("client", func(t *testing.T) {
		r := newRig(t, nil, nil)
		c, p := r.joined(t, "/")
		c.Stop()
		waitFor(t, "the upstream's session to end", func() bool { return p.Send("2") != nil })
		waitFor(t, "the log of the end", func() bool { return len(r.log.of(engine.Disconnect)) == 1 })
	})
	t.Run("upstream", func(t *testing.T) {
		r := newRig(t, nil, nil)
		c, p := r.joined(t, "/")
		p.Close()
		c.WantEnd()
	})
	t.Run("kick", func(t *testing.T) {
		r := newRig(t, nil, nil)
		c, p := r.joined(t, "/")
		if err := p.Send("41"); err != nil {
			t.Fatal(err)
		}
		c.Want("41")
		c.Put(`42["late"]`) // what the client sent before it knew ends at the gateway
		c.Join("/chat", "")
		if slices.Contains(p.Got(), `42["late"]`) {
			t.Error("the upstream got a packet to a namespace that it had closed")
		}
	})
}

// waitFor polls a condition that another goroutine brings about.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(siotest.Wait); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

func TestConnectionLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limits gateway.Limits
		code   engine.Code
	}{
		"total":  {gateway.Limits{ConnectionsTotal: 2}, engine.CodeConnectionsTotal},
		"per ip": {gateway.Limits{ConnectionsPerIP: 2}, engine.CodeConnectionsPerIP},
		"rate":   {gateway.Limits{ConnectRatePerIP: gateway.Rate{Count: 2, Per: time.Hour}}, engine.CodeConnectionRate},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil, func(o *gateway.Options) { o.Limits = c.limits })
			first, _ := r.client(t)
			r.client(t)
			_, err := siotest.Dial(r.url, nil)
			refused, ok := err.(*siotest.Refused)
			if !ok || refused.Status != http.StatusTooManyRequests || refused.Body != `{"code":4,"message":"`+c.code.String()+`"}` {
				t.Fatalf("got %v", err)
			}
			first.Stop()
			waitFor(t, "the place to be free", func() bool { return r.Stats().Open == 1 })
			again, err := siotest.Dial(r.url, nil)
			if free := err == nil; free != (c.code != engine.CodeConnectionRate) {
				t.Errorf("after one has left: %v", err)
			}
			if again != nil {
				again.Close()
			}
		})
	}
}

func TestUpstreamDownAndBack(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	down := true
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down {
			http.Error(w, "restarting", http.StatusBadGateway)
			return
		}
		up.ServeHTTP(w, r)
	}))
	defer front.Close()
	r := rigBefore(t, &siotest.Upstream{Server: up.Server, URL: front.URL}, nil, nil)
	_, err := siotest.Dial(r.url, nil)
	if refused, ok := err.(*siotest.Refused); !ok || refused.Status != 503 || !strings.Contains(refused.Body, "Upstream unavailable") {
		t.Errorf("WebSocket: got %v", err)
	}
	if status, body := get(t, siotest.SocketURL(r.url, "polling")); status != 503 || body != `{"code":6,"message":"Upstream unavailable"}` {
		t.Errorf("polling: got %d %s", status, body)
	}
	down = false
	c := siotest.NewClient(t, r.url, nil)
	c.Join("/", "")
	c.Stop()
	r.up.CloseAll()
}

func TestUpstreamRefusal(t *testing.T) {
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(r.URL.Query().Get("say")))
	}))
	defer front.Close()
	up := siotest.NewUpstream(t, nil)
	r := rigBefore(t, &siotest.Upstream{Server: up.Server, URL: front.URL}, nil, nil)
	for say, want := range map[string]struct {
		status int
		body   string
	}{
		"Forbidden":   {403, `{"code":4,"message":"Forbidden"}`},
		"go away":     {403, `{"code":4,"message":"go away"}`},
		"Bad request": {400, `{"code":3,"message":"Bad request"}`},
	} {
		status, body := get(t, siotest.SocketURL(r.url, "polling")+"&say="+strings.ReplaceAll(say, " ", "+"))
		if status != want.status || body != want.body {
			t.Errorf("%s: got %d %s", say, status, body)
		}
	}
}

func TestHandshakeGoesUpstream(t *testing.T) {
	r := newRig(t, nil, nil)
	h := http.Header{"Cookie": {"a=b"}, "User-Agent": {"test"}, "Authorization": {"Bearer x"}, "Accept-Language": {"de"},
		"X-Forwarded-For": {"203.0.113.9"}, "X-Secret": {"no"}}
	c := siotest.NewClient(t, r.url+"/socket.io/?room=1", h)
	_ = c
	p := r.up.Peer(t)
	got := p.Request.Header
	for name, want := range map[string]string{"Cookie": "a=b", "User-Agent": "test", "Authorization": "Bearer x", "Accept-Language": "de",
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": r.url[len("http://"):], "X-Secret": ""} {
		if got.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Get(name), want)
		}
	}
	if q := p.Request.URL.Query(); q.Get("room") != "1" || len(q["EIO"]) != 1 || len(q["transport"]) != 1 {
		t.Errorf("query %v", q)
	}
}

// Whatever a server may read as its Engine.IO path must not pass as plain HTTP.
func TestPassthroughGuardsEngineIO(t *testing.T) {
	r := newRig(t, nil, nil)
	for path, passes := range map[string]bool{
		"/":                                      true,
		"/index.html":                            true,
		"/a/socket.io/x":                         true,
		"/socket.iox":                            true,
		"/socket.io/socket.io.js":                true,
		"/socket.io/socket.io.min.js":            true,
		"/socket.io/socket.io.esm.min.js.map":    true,
		"/socket.io":                             false,
		"/socket.io/x":                           false,
		"/socket.io/foo?EIO=4&transport=polling": false,
		"/socket.io//?EIO=4&transport=polling":   false,
		"//socket.io/?EIO=4":                     false,
		"/x/../socket.io/?EIO=4":                 false,
		"/socket.io/../socket.io/?EIO=4":         false,
		"/socket%2eio/?EIO=4":                    false,
		"/socket.io%2f?EIO=4":                    false,
		"/%73ocket.io/?EIO=4":                    false,
		"/SOCKET.IO/?EIO=4":                      false,
		"/./socket.io/":                          false,
		"/socket.io/./socket.io.js":              false,
		"/socket.io/socket%2eio.js":              false,
		"/socket.io/x/socket.io.js":              false,
		"/socket.io\\":                           false,
		"/a\tb":                                  false,
	} {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		u, err := url.Parse("http://h" + path)
		if err != nil {
			u = &url.URL{Path: path}
		}
		req.URL = u
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		if got := strings.HasPrefix(w.Body.String(), "siotest: "); got != passes {
			t.Errorf("%s: passes %v, answer %d %s", path, got, w.Code, w.Body)
		}
	}
	req := httptest.NewRequest(http.MethodGet, "/ws", nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	w := httptest.NewRecorder()
	if r.ServeHTTP(w, req); w.Code != http.StatusBadRequest {
		t.Errorf("a foreign upgrade was answered %d", w.Code)
	}
}

func TestTrustedProxies(t *testing.T) {
	for name, c := range map[string]struct {
		trusted []string
		forward []string
		want    string
	}{
		"nobody trusted":      {nil, []string{"203.0.113.9"}, "127.0.0.1"},
		"one proxy":           {[]string{"127.0.0.0/8"}, []string{"203.0.113.9"}, "203.0.113.9"},
		"client's own claim":  {[]string{"127.0.0.0/8"}, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		"two proxies":         {[]string{"127.0.0.0/8", "10.0.0.0/8"}, []string{"198.51.100.1, 203.0.113.9", "10.1.1.1"}, "203.0.113.9"},
		"nonsense ends chain": {[]string{"127.0.0.0/8", "10.0.0.0/8"}, []string{"203.0.113.9, unknown, 10.1.1.1"}, "10.1.1.1"},
		"nothing said":        {[]string{"127.0.0.0/8"}, nil, "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil, func(o *gateway.Options) {
				for _, p := range c.trusted {
					o.Trusted = append(o.Trusted, netip.MustParsePrefix(p))
				}
			})
			conn, err := siotest.Dial(r.url, http.Header{"X-Forwarded-For": c.forward})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if got := r.log.of(engine.Handshake)[0].in.Session.IP; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// verifier takes auth payloads as identities.
type verifier struct{}

func (verifier) Verify(c gateway.Credentials) (*engine.Identity, *engine.Denial) {
	switch {
	case strings.Contains(string(c.Auth), "bad"):
		return nil, &engine.Denial{Code: engine.CodeTokenInvalid, Reason: "invalid token"}
	case strings.Contains(string(c.Auth), "good"):
		return &engine.Identity{Authenticated: true, Sub: "u1"}, nil
	}
	return nil, nil
}

func TestIdentity(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) { o.Verifier, o.Require = verifier{}, true })
	c, p := r.client(t)
	c.Put(`40{"token":"bad"}`)
	if got := c.Next().String(); !strings.HasPrefix(got, `44{"message":"invalid token","data":{"code":201,`) {
		t.Errorf("bad token: %s", got)
	}
	c.Put(`40`)
	if got := c.Next().String(); !strings.HasPrefix(got, `44{"message":"authentication required","data":{"code":200,`) {
		t.Errorf("no token: %s", got)
	}
	c.Join("/", `{"token":"good"}`)
	c.Put(`421["x"]`)
	c.Want("431[]")
	if e := r.log.of(engine.Event); e[0].in.Identity == nil || e[0].in.Identity.Sub != "u1" {
		t.Errorf("the event was decided for %+v", e[0].in.Identity)
	}
	if got := p.Got(); slices.Contains(got, "40") || slices.Contains(got, `40{"token":"bad"}`) {
		t.Errorf("the upstream got %q", got)
	}
}

func TestNamespaceLimit(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) { o.Limits.Namespaces = 2 })
	c, _ := r.joined(t, "/")
	c.Join("/a", "")
	c.Put("40/b,")
	if got := c.Next().String(); !strings.HasPrefix(got, `44/b,{"message":"too many namespaces","data":{"code":304,`) {
		t.Errorf("got %s", got)
	}
	c.Put("41/a,")
	c.Join("/b", "")
}

func TestSlowReaderStopsItsSource(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) { o.Limits.UpstreamPayload = 1 << 20 })
	conn, err := siotest.Dial(r.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := r.up.Peer(t)
	if _, err := conn.Connect("/", ""); err != nil {
		t.Fatal(err)
	}
	big := `42["x","` + strings.Repeat("x", 100_000) + `"]`
	done := make(chan int)
	go func() { // the client does not read: the server must be stopped before it sent all of 200 MB
		n := 0
		for ; n < 2000; n++ {
			if p.Send(big) != nil {
				break
			}
		}
		done <- n
	}()
	waitFor(t, "the server's packets to stop", func() bool {
		before := r.Stats().PacketsOut
		time.Sleep(200 * time.Millisecond)
		return before > 1 && r.Stats().PacketsOut == before
	})
	if n := r.Stats().PacketsOut; n > 200 {
		t.Errorf("the gateway took %d packets that nobody reads", n)
	}
	for range 50 { // it goes on once the client reads
		if f, err := conn.Read(); err != nil || len(f.Data) < 100_000 {
			t.Fatalf("%v %v", f, err)
		}
	}
	conn.Close()
	<-done
}

func TestShutdown(t *testing.T) {
	r := newRig(t, nil, nil)
	c, _ := r.joined(t, "/")
	if err := r.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.WantEnd()
	if _, err := siotest.Dial(r.url, nil); err == nil {
		t.Error("a new session was taken")
	}
	if n := r.Stats().Closed[engineio.Shutdown]; n != 1 {
		t.Errorf("closed by shutdown: %d, %v", n, r.Stats().Closed)
	}
}

// broken is a log that has a defect: nothing between the packet and it recovers.
type broken struct{ record }

func (b *broken) Decision(in *engine.Input, d *engine.Decision) {
	if in.Event == "boom" {
		panic("boom")
	}
	b.record.Decision(in, d)
}

func TestDefectEndsOneSession(t *testing.T) {
	log := &broken{}
	r := newRig(t, nil, func(o *gateway.Options) { o.Log = log })
	good, _ := r.joined(t, "/")
	bad, _ := r.joined(t, "/")
	bad.Put(`42["boom"]`)
	r.wantEnd(t, bad)
	good.Put(`421["alive"]`)
	good.Want("431[]")
	if n := r.Stats().Closed[engineio.InternalError]; n != 1 {
		t.Errorf("closed: %v", r.Stats().Closed)
	}
}

// What a client's transport is closed for is a refusal, and logged as one.
func TestTransportRefusalsAreLogged(t *testing.T) {
	for say, code := range map[string]engine.Code{
		`42["` + strings.Repeat("x", 3000) + `"]`: engine.CodeTooLarge,
		"4\xff": engine.CodeMalformed,
		"x":     engine.CodeMalformed,
		"2":     engine.CodeState,
	} {
		r := newRig(t, nil, func(o *gateway.Options) { o.Limits.Payload = 2000 })
		c, _ := r.joined(t, "/")
		_ = c.Send(say) // the gateway may close before all of it is written
		r.wantEnd(t, c)
		waitFor(t, "the end to be logged", func() bool { return len(r.log.of(engine.Disconnect)) == 1 })
		e := r.log.of(engine.Event)
		if len(e) != 1 || e[0].d.Code != code || e[0].d.Effect != engine.Deny {
			t.Errorf("%.10q: logged %+v, want %d", say, e, code)
		}
	}
}

// The option cookie of engine.io, which an upstream that sees WebSockets only does not carry out.
func TestCookieTellsSID(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) { o.Cookie = "io" })
	resp, err := http.Get(siotest.SocketURL(r.url, "polling"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var open siotest.Open
	if err := json.NewDecoder(skip(resp.Body, 1)).Decode(&open); err != nil {
		t.Fatal(err)
	}
	if got, want := resp.Header.Get("Set-Cookie"), "io="+open.SID+"; Path=/; HttpOnly; SameSite=Lax"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	bye, err := http.Post(siotest.SocketURL(r.url, "polling")+"&sid="+open.SID, "text/plain", strings.NewReader("1"))
	if err != nil {
		t.Fatal(err)
	}
	bye.Body.Close()
	c := siotest.NewClient(t, r.url, nil)
	if got := c.Header.Get("Set-Cookie"); got != "" {
		t.Errorf("a WebSocket got %q", got)
	}
}

func skip(r io.Reader, n int64) io.Reader {
	_, _ = io.CopyN(io.Discard, r, n)
	return r
}

// Servers believe such headers; a client must not be able to write them.
func TestPassthroughDropsClaimsOfAddress(t *testing.T) {
	seen := make(chan http.Header, 1)
	front := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header }))
	defer front.Close()
	up := siotest.NewUpstream(t, nil)
	r := rigBefore(t, &siotest.Upstream{Server: up.Server, URL: front.URL}, nil, nil)
	req, _ := http.NewRequest(http.MethodGet, r.url+"/page", nil)
	for _, name := range []string{"X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "Forwarded", "X-Forwarded-For"} {
		req.Header.Set(name, "203.0.113.9")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for name, values := range <-seen {
		if strings.Contains(strings.Join(values, ","), "203.0.113.9") {
			t.Errorf("%s: %v", name, values)
		}
	}
}
