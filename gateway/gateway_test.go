package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/rooms"
	"github.com/siogw/siogw/internal/siotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// judge is a plugin made of a function.
type judge func(in *engine.Input) engine.Verdict

func (j judge) Decide(_ context.Context, in *engine.Input) engine.Verdict { return j(in) }

func allowAll(*engine.Input) engine.Verdict { return engine.Verdict{Effect: engine.Allow} }

// denyKind denies one kind and allows the rest.
func denyKind(kind engine.Kind) judge {
	return func(in *engine.Input) engine.Verdict {
		if in.Kind == kind {
			return engine.Denied(engine.CodePolicyDenied, "not today")
		}
		return allowAll(in)
	}
}

// entry is what the log kept of one decision.
type entry struct {
	in engine.Input
	d  engine.Decision
}

// record is a Log that keeps everything.
type record struct {
	mu      sync.Mutex
	entries []entry
	off     bool // keeps nothing
}

func (r *record) Decision(in *engine.Input, d *engine.Decision) {
	if r.off {
		return
	}
	kept := *in
	kept.Args, kept.Auth = slices.Clone(in.Args), slices.Clone(in.Auth)
	told := *d
	told.Steps = slices.Clone(d.Steps)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entry{kept, told})
}

func (r *record) of(kind engine.Kind) []entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []entry
	for _, e := range r.entries {
		if e.in.Kind == kind {
			found = append(found, e)
		}
	}
	return found
}

// rig is a gateway between a raw client and a minimal upstream.
type rig struct {
	*gateway.Gateway
	url string
	up  *siotest.Upstream
	log *record
}

// newRig starts one with j as its only policy (nil allows everything).
func newRig(t *testing.T, j judge, change func(*gateway.Options)) *rig {
	t.Helper()
	up := siotest.NewUpstream(t, nil)
	return rigBefore(t, up, j, change)
}

func rigBefore(t *testing.T, up *siotest.Upstream, j judge, change func(*gateway.Options)) *rig {
	t.Helper()
	if j == nil {
		j = allowAll
	}
	r := &rig{up: up, log: &record{}}
	policy, err := engine.New(engine.Stage{Name: "policy", Plugin: j, Phase: engine.Policy})
	if err != nil {
		t.Fatal(err)
	}
	target, _ := url.Parse(up.URL)
	opt := gateway.Options{Fixed: gateway.Fixed{Path: "/socket.io/", Upstream: target, Passthrough: true, Log: r.log},
		Rules: gateway.Rules{Engine: policy, Deny: gateway.Deny{Event: "siogw:denied"}}}
	if change != nil {
		change(&opt)
	}
	if r.Gateway, err = gateway.New(opt); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(r)
	r.url = srv.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), siotest.Wait)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		srv.Close()
		if st := r.Stats(); st.Open != 0 {
			t.Errorf("%d sessions left open", st.Open)
		}
	})
	return r
}

// client opens a session and gives both its ends.
func (r *rig) client(t *testing.T) (*siotest.Client, *siotest.Peer) {
	t.Helper()
	c := siotest.NewClient(t, r.url, nil)
	return c, r.up.Peer(t)
}

// joined is client, connected to a namespace.
func (r *rig) joined(t *testing.T, namespace string) (*siotest.Client, *siotest.Peer) {
	t.Helper()
	c, p := r.client(t)
	c.Join(namespace, "")
	return c, p
}

func TestPacketsPassAsTheyCame(t *testing.T) {
	r := newRig(t, nil, nil)
	c, p := r.joined(t, "/")
	c.Put(`42["echo",{"n":1.50,"t":"é€😀"},[ 1 , 2 ]]`)
	c.Want(`42["echo",{"n":1.50,"t":"é€😀"},[ 1 , 2 ]]`)
	c.Put(`4212["echo","a"]`)
	c.Want(`4312["a"]`)
	c.Put(`452-7["echo",{"x":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}]`)
	c.PutBinary("\x01", "\x02\x03")
	c.Want(`462-7[{"x":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}]`, "binary:01", "binary:0203")
	c.Join("/chat", `{"token":"t"}`)
	c.Put(`42/chat,["echo","x"]`)
	c.Want(`42/chat,["echo","x"]`)
	if err := p.Send(`429["ask"]`); err != nil {
		t.Fatal(err)
	}
	c.Want(`429["ask"]`)
	c.Put(`439["answer"]`)
	c.Put(`42["last"]`)
	c.Want(`42["last"]`)
	got := p.Got()
	for _, want := range []string{"40", `40/chat,{"token":"t"}`, `439["answer"]`, `42["echo",{"n":1.50,"t":"é€😀"},[ 1 , 2 ]]`} {
		if !slices.Contains(got, want) {
			t.Errorf("the upstream did not get %s, but %q", want, got)
		}
	}
	if acks := r.log.of(engine.Ack); len(acks) != 3 || acks[2].in.Event != "ask" || acks[2].in.Direction != engine.In {
		t.Errorf("acks were decided as %+v", acks)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		deny engine.Kind
		say  string // sent after the namespace / was connected
		want string // with the decision id in place of ID
		seen bool   // by the upstream
	}{
		"connect":            {engine.Connect, `40/chat,`, `44/chat,{"message":"not today","data":{"code":100,"decision_id":"ID"}}`, false},
		"event with an ack":  {engine.Event, `425["e",1]`, `435[{"error":{"code":100,"reason":"not today","decision_id":"ID","event":"e"}}]`, false},
		"event":              {engine.Event, `42["e",1]`, `42["siogw:denied",{"error":{"code":100,"reason":"not today","decision_id":"ID","event":"e"}}]`, false},
		"join":               {engine.Join, `423["join","r"]`, `433[{"error":{"code":100,"reason":"not today","decision_id":"ID","event":"join"}}]`, false},
		"leave":              {engine.Leave, `423["leave","r"]`, `433[{"error":{"code":100,"reason":"not today","decision_id":"ID","event":"leave"}}]`, false},
		"answer to a client": {engine.Ack, `428["echo",1]`, `438[{"error":{"code":100,"reason":"not today","decision_id":"ID","event":"echo"}}]`, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(in *engine.Input) engine.Verdict {
				if in.Namespace == "/" && in.Kind == engine.Connect {
					return allowAll(in)
				}
				return denyKind(c.deny)(in)
			}, func(o *gateway.Options) {
				o.Rooms.Join = []gateway.RoomRule{{Namespace: "/", Event: "join", Room: "/args/0"}}
				o.Rooms.Leave = []gateway.RoomRule{{Namespace: "/", Event: "leave", Room: "/args/0"}}
			})
			client, p := r.joined(t, "/")
			client.Put(c.say)
			got := client.Next().String()
			entries := r.log.of(c.deny)
			id := entries[len(entries)-1].d.ID.String()
			if got = strings.ReplaceAll(got, id, "ID"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			client.Put(`420["echo","after"]`)
			if c.deny != engine.Event && c.deny != engine.Ack {
				client.Want(`430["after"]`)
			} else {
				client.Next()
			}
			if seen := slices.Contains(p.Got(), c.say); seen != c.seen {
				t.Errorf("seen by the upstream: %v", seen)
			}
		})
	}
}

func TestHandshakeRefused(t *testing.T) {
	r := newRig(t, denyKind(engine.Handshake), nil)
	_, err := siotest.Dial(r.url, nil)
	refused, ok := err.(*siotest.Refused)
	if !ok || refused.Status != http.StatusForbidden || refused.Body != `{"code":4,"message":"not today"}` {
		t.Errorf("WebSocket: got %v", err)
	}
	status, body := get(t, siotest.SocketURL(r.url, "polling"))
	if status != http.StatusForbidden || body != `{"code":4,"message":"not today"}` {
		t.Errorf("polling: got %d %s", status, body)
	}
	if len(r.up.Peers) != 0 {
		t.Error("the upstream was dialled")
	}
}

func TestEmitDenied(t *testing.T) {
	r := newRig(t, func(in *engine.Input) engine.Verdict {
		if in.Kind == engine.Emit && in.Event == "secret" {
			return engine.Denied(engine.CodePolicyDenied, "")
		}
		return allowAll(in)
	}, nil)
	c, p := r.joined(t, "/")
	for _, text := range []string{`42["secret",1]`, `421["secret",2]`, `42["open",3]`} {
		if err := p.Send(text); err != nil {
			t.Fatal(err)
		}
	}
	c.Want(`42["open",3]`)
}

func TestTransform(t *testing.T) {
	r := newRig(t, func(in *engine.Input) engine.Verdict {
		v := allowAll(in)
		if in.Direction == engine.Out {
			return v
		}
		switch in.Event {
		case "clean":
			v.Args = []byte(`["clean"]`)
		case "drop-first": // the second attachment becomes the first
			v.Args = []byte(`[{"_placeholder":true,"num":1}]`)
		case "drop-all":
			v.Args = []byte(`["none"]`)
		case "forge": // an attachment that is not there
			v.Args = []byte(`[{"_placeholder":true,"num":7}]`)
		case "huge":
			v.Args = []byte(`["` + strings.Repeat("x", 2000) + `"]`)
		case "pollute":
			v.Args = []byte(`[{"__proto__":1}]`)
		case "object":
			v.Args = []byte(`{}`)
		}
		if in.Kind == engine.Connect {
			v.Auth = []byte(`{"user":"verified"}`)
		}
		return v
	}, func(o *gateway.Options) { o.Limits.Payload, o.Limits.UpstreamPayload = 1000, 1500 })
	c, p := r.joined(t, "/")
	if got := p.Got(); !slices.Contains(got, `40{"user":"verified"}`) {
		t.Errorf("the upstream got %q", got)
	}
	c.Put(`42["clean","dirty"]`)
	c.Want(`42["clean","clean"]`)
	two := `["%",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
	c.Put(`452-` + strings.Replace(two, "%", "drop-first", 1))
	c.PutBinary("a", "b")
	c.Want(`451-["drop-first",{"_placeholder":true,"num":0}]`, "binary:62")
	c.Put(`452-` + strings.Replace(two, "%", "drop-all", 1))
	c.PutBinary("a", "b")
	c.Want(`42["drop-all","none"]`)
	for _, event := range []string{"forge", "huge", "pollute", "object"} {
		c.Put(`421["` + event + `"]`)
		if got := c.Next().String(); !strings.HasPrefix(got, `431[{"error":{"code":105,"reason":"transform failed"`) {
			t.Errorf("%s: got %s", event, got)
		}
	}
}

func TestRoomsOfASession(t *testing.T) {
	r := newRig(t, func(in *engine.Input) engine.Verdict {
		if in.Kind == engine.Event && in.Room != "" && !slices.Contains(in.Session.Rooms, in.Room) {
			return engine.Denied(engine.CodePolicyDenied, "not a member")
		}
		return allowAll(in)
	}, func(o *gateway.Options) {
		rule := func(event, ptr string) []gateway.RoomRule {
			return []gateway.RoomRule{{Namespace: "/", Event: event, Room: ptr}}
		}
		o.Rooms = gateway.Rooms{Rules: rooms.Rules{Join: rule("join", "/args/0"), Leave: rule("leave", "/args/0/room"), Target: rule("say", "/args/0/room")}}
		o.Limits.Rooms = 2
	})
	c, _ := r.joined(t, "/")
	steps := []struct{ say, want string }{
		{`421["say",{"room":"a"}]`, "100"},
		{`422["join","a"]`, ""},
		{`423["say",{"room":"a"}]`, ""},
		{`424["join",7]`, "309"},
		{`425["join"]`, "309"},
		{`426["join","b"]`, ""},
		{`427["join","c"]`, "310"},
		{`428["leave",{"room":"a"}]`, ""},
		{`429["say",{"room":"a"}]`, "100"},
		{`4210["say",{"room":"b"}]`, ""},
		{`4211["say",{}]`, ""},
	}
	for _, s := range steps {
		c.Put(s.say)
		got := c.Next().String()
		code, _, _ := strings.Cut(after(got, `{"error":{"code":`), ",")
		if code != s.want {
			t.Errorf("%s was answered %s", s.say, got)
		}
	}
	c.Put("41")
	c.Join("/", "")
	c.Put(`421["say",{"room":"b"}]`)
	if got := c.Next().String(); !strings.Contains(got, `"code":100`) {
		t.Errorf("membership outlived the namespace: %s", got)
	}
}

// after gives what follows mark in s, "" when it is not there.
func after(s, mark string) string {
	_, rest, _ := strings.Cut(s, mark)
	return rest
}

func TestStateMachine(t *testing.T) {
	for name, c := range map[string]struct {
		say []string
		end bool
	}{
		"event before CONNECT":      {[]string{`42["x"]`}, true},
		"ack before CONNECT":        {[]string{`431["x"]`}, true},
		"DISCONNECT before CONNECT": {[]string{"41"}, true},
		"two CONNECTs":              {[]string{"40", "40"}, true},
		"event to another":          {[]string{"40", `42/other,["x"]`}, true},
		"server's packet":           {[]string{"40", `44{"message":"x"}`}, true},
		"malformed":                 {[]string{"40", `4x`}, true},
		"attachment of nothing":     {[]string{"40", `bAQID`}, true},
		"text for an attachment":    {[]string{"40", `451-["x",{"_placeholder":true,"num":0}]`, `42["y"]`}, true},
		"event after leaving":       {[]string{"40", "41", `42["x"]`}, false},
		"answer nobody asked for":   {[]string{"40", `437["x"]`}, false},
		"back again":                {[]string{"40", "41", "40"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil, nil)
			client, p := r.client(t)
			for i, text := range c.say {
				client.Put(text)
				if text == "40" && i == 0 {
					client.Next()
				}
			}
			if c.end {
				r.wantEnd(t, client)
				return
			}
			client.Put("40/alive,")
			for client.Next().String()[:10] != "40/alive,{" {
			}
			for _, got := range p.Got() {
				if strings.HasPrefix(got, "42") || strings.HasPrefix(got, "43") {
					t.Errorf("the upstream got %s", got)
				}
			}
		})
	}
}

// wantEnd reads until the gateway closes the session.
func (r *rig) wantEnd(t *testing.T, c *siotest.Client) {
	t.Helper()
	for range 100 {
		if _, open := c.Poll(); !open {
			return
		}
	}
	t.Fatal("the session goes on")
}

func TestPayloadsThatTwoParsersReadDifferently(t *testing.T) {
	r := newRig(t, nil, nil)
	c, p := r.joined(t, "/")
	for _, payload := range []string{
		`["x",{"a":1,"a":2}]`, `["x",{"__proto__":{}}]`, `["x",{"\u005f_proto__":{}}]`, `["x","\ud800"]`, `["x",1e999]`,
		`["x",{"_placeholder":true,"num":0}]`, `["error"]`, `["disconnect"]`, `["newListener"]`, `[7]`, `[{"toString":"x"}]`, `[]`, `{}`, `"x"`,
		`["x"] `, `["x",` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `]`,
	} {
		c.Put("421" + payload)
		if got := c.Next().String(); !strings.HasPrefix(got, `431[{"error":{"code":3`) {
			t.Errorf("%s was answered %s", payload, got)
		}
	}
	c.Put(`422["fine"]`)
	c.Want("432[]")
	for _, got := range p.Got() {
		if strings.HasPrefix(got, "421") {
			t.Errorf("the upstream got %s", got)
		}
	}
}

func TestServersBadPacketsStayAway(t *testing.T) {
	r := newRig(t, nil, nil)
	c, p := r.joined(t, "/")
	for _, text := range []string{`42["x",{"__proto__":1}]`, `42/never,["x"]`, `459999999-["x"]`, `42[`, `43["x"]`} {
		if err := p.Send(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Send(`42["fine"]`); err != nil {
		t.Fatal(err)
	}
	c.Want(`42["fine"]`)
}

func TestTooManyDenials(t *testing.T) {
	for name, n := range map[string]int{"at the limit": 3, "above": 4} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, denyKind(engine.Event), func(o *gateway.Options) { o.Deny.MaxPerMinute = 3 })
			c, p := r.joined(t, "/")
			for range n {
				c.Put(`42["x"]`)
				if got := c.Next().String(); !strings.Contains(got, "siogw:denied") {
					t.Fatalf("got %s", got)
				}
			}
			if n == 3 {
				if err := p.Send(`42["alive"]`); err != nil {
					t.Fatal(err)
				}
				c.Want(`42["alive"]`)
				return
			}
			c.Want("41") // final: the client does not come back by itself
			r.wantEnd(t, c)
		})
	}
}

func TestEventRates(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) {
		o.Limits.EventsPerSession = gateway.Rate{Count: 5, Per: time.Hour}
		o.Limits.EventsPerName = map[string]gateway.Rate{"rare": {Count: 1, Per: time.Hour}}
	})
	c, _ := r.joined(t, "/")
	for i, want := range []string{"rare", "rare!", "x", "x", "x", "x!"} {
		event, refused := strings.CutSuffix(want, "!")
		c.Put(`421["` + event + `"]`)
		if got := c.Next().String(); strings.Contains(got, `"code":403`) != refused {
			t.Errorf("event %d, %s: got %s", i, want, got)
		}
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := resp.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return resp.StatusCode, b.String()
		}
	}
}
