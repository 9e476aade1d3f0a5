package gateway_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// tokens is a Verifier whose tokens are words that a test gave identities to.
type tokens struct {
	mu sync.Mutex
	by map[string]func() *engine.Identity
}

// issue makes word the token of sub till end; the zero time is for ever.
func (v *tokens) issue(word, sub string, end time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.by == nil {
		v.by = map[string]func() *engine.Identity{}
	}
	name, issuer, _ := strings.Cut(sub, "@")
	v.by[word] = func() *engine.Identity {
		id := &engine.Identity{Authenticated: true, Sub: name, Issuer: issuer, Until: end}
		if !end.IsZero() {
			id.ExpiresAt = end.Unix()
		}
		return id
	}
}

func (v *tokens) Verify(c gateway.Credentials) (*engine.Identity, *engine.Denial) {
	word := c.Token
	if word == "" {
		_, word, _ = strings.Cut(string(c.Auth), `"token":"`)
		word, _, _ = strings.Cut(word, `"`)
	}
	if word == "" && c.Request != nil {
		word = c.Request.Header.Get("X-Token")
	}
	if word == "" {
		return nil, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	issued, ok := v.by[word]
	if !ok {
		return nil, &engine.Denial{Code: engine.CodeTokenInvalid, Reason: "invalid token: " + word}
	}
	id := issued()
	if !id.Until.IsZero() && !time.Now().Before(id.Until) {
		return nil, &engine.Denial{Code: engine.CodeTokenExpired, Reason: "token expired"}
	}
	return id, nil
}

const (
	soon  = time.Second // that an identity lasts which a test waits for
	later = time.Hour
)

// expiring is a rig whose identities are v's.
func expiring(t *testing.T, v *tokens, j judge, change func(*gateway.Options)) *rig {
	t.Helper()
	return newRig(t, j, func(o *gateway.Options) {
		o.Verifier, o.RefreshEvent, o.Deny.Event = v, "siogw:refresh", "siogw:denied"
		if change != nil {
			change(o)
		}
	})
}

// wantLike is Want but for decision ids.
func wantLike(t *testing.T, c *siotest.Client, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if got := decisionID.ReplaceAllString(c.Next().String(), `"decision_id":"ID"`); got != text {
			t.Fatalf("got  %s\nwant %s", got, text)
		}
	}
}

const (
	toldExpired = `["siogw:denied",{"error":{"code":204,"reason":"identity expired","decision_id":"ID"}}]`
	inVain      = `[{"error":{"code":204,"reason":"identity expired","decision_id":"ID"}}]`
)

// wantGot waits till the upstream has got want, and checks that it never got a packet like not.
func wantGot(t *testing.T, p *siotest.Peer, want, not string) {
	t.Helper()
	waitFor(t, want, func() bool { return slices.Contains(p.Got(), want) })
	for _, got := range p.Got() {
		if not != "" && strings.Contains(got, not) {
			t.Errorf("the upstream got %s", got)
		}
	}
}

func TestExpiryLeaves(t *testing.T) {
	t.Parallel()
	v := &tokens{}
	r := expiring(t, v, nil, nil)
	c, p := r.client(t)
	v.issue("long", "u1", time.Now().Add(later))
	c.Join("/chat", `{"token":"long"}`)
	v.issue("short", "u1", time.Now().Add(soon))
	c.Join("/", `{"token":"short"}`)
	wantLike(t, c, "42"+toldExpired, "41")
	wantGot(t, p, "41", "")
	c.Put(`42/chat,1["x"]`)
	c.Want(`43/chat,1[]`)
	c.Put(`422["secret"]`) // what a client says before it hears that it is out has no answer
	c.Put(`40{"token":"short"}`)
	if got := c.Next().String(); !strings.HasPrefix(got, `44{"message":"token expired","data":{"code":202,`) {
		t.Errorf("the old token: %s", got)
	}
	v.issue("new", "u1", time.Now().Add(later))
	c.Join("/", `{"token":"new"}`)
	c.Put(`423["y"]`)
	c.Want(`433[]`)
	wantGot(t, p, `423["y"]`, "secret")
	if n := r.Stats().Expired; n != 1 {
		t.Errorf("%d expired", n)
	}
	ended := r.log.of(engine.Disconnect)
	if len(ended) != 1 || ended[0].d.Code != engine.CodeIdentityExpired || ended[0].in.Namespace != "/" || ended[0].in.Identity.Sub != "u1" {
		t.Errorf("%+v", ended)
	}
}

// TestExpiryOfTheHandshake: a token in a header is that of each namespace, and ends likewise.
func TestExpiryOfTheHandshake(t *testing.T) {
	t.Parallel()
	v := &tokens{}
	r := expiring(t, v, nil, nil)
	v.issue("cookie", "u1", time.Now().Add(4*soon))
	c := siotest.NewClient(t, r.url, map[string][]string{"X-Token": {"cookie"}})
	p := r.up.Peer(t)
	c.Join("/", "")
	c.Join("/chat", "")
	left := map[string]bool{}
	for range 4 {
		left[decisionID.ReplaceAllString(c.Next().String(), `"decision_id":"ID"`)] = true
	}
	for _, want := range []string{"42" + toldExpired, "41", "42/chat," + toldExpired, "41/chat,"} {
		if !left[want] {
			t.Errorf("no %s but %v", want, left)
		}
	}
	wantGot(t, p, "41/chat,", "")
}

// TestExpiryOfAPacket has timers that are late: the packet itself is refused.
func TestExpiryOfAPacket(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		say, told string // by the client, to it; "" where the server speaks
	}{
		"event with ack": {`421["secret"]`, `431` + inVain},
		"event":          {`42["secret"]`, `42` + toldExpired},
		"answer":         {`437["secret"]`, `42` + toldExpired},
		"emit":           {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &tokens{}
			r := expiring(t, v, nil, nil)
			c, p := r.client(t)
			end := time.Now().Add(2 * soon)
			v.issue("short", "u1", end)
			c.Join("/", `{"token":"short"}`)
			r.StopExpiry()
			c.Put(`42["in time"]`)
			c.Want(`42["in time"]`)
			waitFor(t, "the end", func() bool { return !time.Now().Before(end) })
			if tt.say != "" {
				c.Put(tt.say)
				wantLike(t, c, tt.told)
			} else if err := p.Send(`42["secret"]`); err != nil {
				t.Fatal(err)
			}
			wantLike(t, c, "42"+toldExpired, "41")
			wantGot(t, p, "41", "secret")
			refused := r.denied()
			if len(refused) != 1 || refused[0] != engine.CodeIdentityExpired {
				t.Errorf("refused %v", refused)
			}
		})
	}
}

func TestGoodbyesPassAfterTheEnd(t *testing.T) {
	t.Parallel()
	v := &tokens{}
	r := expiring(t, v, nil, nil)
	c, p := r.client(t)
	end := time.Now().Add(2 * soon)
	v.issue("short", "u1", end)
	c.Join("/", `{"token":"short"}`)
	c.Join("/chat", "")
	r.StopExpiry()
	waitFor(t, "the end", func() bool { return !time.Now().Before(end) })
	c.Put(`41`, `42/chat,1["x"]`)
	c.Want(`43/chat,1[]`)
	wantGot(t, p, "41", "")
}

// TestExpiryBeforeTheAnswer: a server that is slow to take a client in learns afterwards that it is gone.
func TestExpiryBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	up := siotest.NewUpstream(t, &siotest.Server{Message: func(_ *siotest.Peer, m siotest.Message, _ []string) bool { return m.Type == '0' }})
	v := &tokens{}
	r := rigBefore(t, up, nil, func(o *gateway.Options) { o.Verifier = v })
	c, p := r.client(t)
	end := time.Now().Add(soon)
	v.issue("short", "u1", end)
	c.Put(`40{"token":"short"}`)
	wantGot(t, p, `40{"token":"short"}`, "")
	waitFor(t, "the end", func() bool { return !time.Now().Before(end) })
	if slices.Contains(p.Got(), "41") {
		t.Error("the upstream was left before it answered")
	}
	if err := p.Send(`40{"sid":"s"}`); err != nil {
		t.Fatal(err)
	}
	wantLike(t, c, `44{"message":"identity expired","data":{"code":204,"decision_id":"ID"}}`)
	wantGot(t, p, "41", "")
}

func TestExpiryCloses(t *testing.T) {
	t.Parallel()
	v := &tokens{}
	r := expiring(t, v, nil, func(o *gateway.Options) { o.OnExpiry = gateway.ExpiryClose })
	c, _ := r.client(t)
	v.issue("short", "u1", time.Now().Add(soon))
	c.Join("/", `{"token":"short"}`)
	c.WantEnd()
	waitFor(t, "the end of the session", func() bool { return r.Stats().Closed[engineio.Denied] == 1 })
}

func TestExpiryIgnored(t *testing.T) {
	t.Parallel()
	v := &tokens{}
	r := expiring(t, v, nil, func(o *gateway.Options) { o.OnExpiry = gateway.ExpiryIgnore })
	c, _ := r.client(t)
	end := time.Now().Add(soon)
	v.issue("short", "u1", end)
	c.Join("/", `{"token":"short"}`)
	waitFor(t, "the end", func() bool { return time.Now().After(end) })
	c.Put(`421["x"]`)
	c.Want(`431[]`)
}

// TestExpiryAfterASwap: rules that ignore the end give way to rules that do not.
func TestExpiryAfterASwap(t *testing.T) {
	t.Parallel()
	v := &tokens{}
	var rules gateway.Rules
	r := expiring(t, v, nil, func(o *gateway.Options) {
		rules = o.Rules
		o.OnExpiry = gateway.ExpiryIgnore
	})
	c, _ := r.client(t)
	end := time.Now().Add(soon)
	v.issue("short", "u1", end)
	c.Join("/", `{"token":"short"}`)
	waitFor(t, "the end", func() bool { return time.Now().After(end) })
	c.Put(`421["x"]`)
	c.Want(`431[]`)
	if err := r.Swap(rules); err != nil {
		t.Fatal(err)
	}
	wantLike(t, c, "42"+toldExpired, "41")
}
