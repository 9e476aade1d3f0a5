package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
)

func TestRefresh(t *testing.T) {
	t.Parallel()
	v := &tokens{}
	r := expiring(t, v, nil, nil)
	c, p := r.client(t)
	v.issue("short", "u1@i", time.Now().Add(2*soon))
	c.Join("/", `{"token":"short"}`)
	end := time.Now().Add(later)
	v.issue("new", "u1@i", end)
	c.Put(`421["siogw:refresh","new"]`)
	c.Want(fmt.Sprintf(`431[{"expires_at":%d,"ok":true}]`, end.Unix()))
	waitFor(t, "the first end", func() bool { return !time.Now().Before(end.Add(4*soon - later)) })
	c.Put(`422["x"]`)
	c.Want(`432[]`)
	v.issue("newer", "u1@i", time.Time{})
	c.Put(`42["siogw:refresh",{"token":"newer","more":1}]`, `423["y"]`) // no answer was asked for
	c.Want(`433[]`)
	wantGot(t, p, `423["y"]`, "refresh")
	decided := r.log.of(engine.Connect)
	if len(decided) != 3 || decided[1].in.Namespace != "/" || string(decided[1].in.Auth) != "{}" || string(decided[2].in.Auth) != `{"token":"newer","more":1}` {
		t.Errorf("decided as %+v", decided)
	}
	if events := r.log.of(engine.Event); events[len(events)-1].in.Identity.ExpiresAt != 0 {
		t.Error("policies see the identity before")
	}
	if st := r.Stats(); st.Refreshed != 2 || st.Expired != 0 {
		t.Errorf("%+v", st)
	}
}

func TestRefusedRefresh(t *testing.T) {
	for name, tt := range map[string]struct {
		namespace, argument string
		code                engine.Code
	}{
		"another client":       {"/", `"bob"`, engine.CodeRefresh},
		"another issuer":       {"/", `"twin"`, engine.CodeRefresh},
		"no identity before":   {"/anonymous", `"new"`, engine.CodeRefresh},
		"no identity":          {"/", `{}`, engine.CodeRefresh},
		"nobody in particular": {"/", `"nobody"`, engine.CodeRefresh},
		"bad token":            {"/", `"forged"`, engine.CodeTokenInvalid},
		"expired token":        {"/", `"old"`, engine.CodeTokenExpired},
		"policy":               {"/", `"new"`, engine.CodePolicyDenied},
		"no argument":          {"/", ``, engine.CodeTokenInvalid},
		"empty":                {"/", `""`, engine.CodeTokenInvalid},
		"two arguments":        {"/", `"new","new"`, engine.CodeTokenInvalid},
		"number":               {"/", `1`, engine.CodeTokenInvalid},
		"bytes":                {"/", `null`, engine.CodeTokenInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			v, connects := &tokens{}, 0
			r := expiring(t, v, func(in *engine.Input) engine.Verdict {
				if in.Kind == engine.Connect && in.Namespace == "/" {
					if connects++; connects > 1 {
						return engine.Denied(engine.CodePolicyDenied, "not today")
					}
				}
				return allowAll(in)
			}, nil)
			end := time.Now().Add(later)
			v.issue("first", "u1@i", end)
			v.issue("new", "u1@i", end)
			v.issue("bob", "bob@i", end)
			v.issue("twin", "u1@j", end)
			v.issue("nobody", "@i", end)
			v.issue("old", "u1@i", time.Now())
			c, p := r.client(t)
			c.Join("/anonymous", "")
			c.Join("/", `{"token":"first"}`)
			prefix := ""
			if tt.namespace != "/" {
				prefix = tt.namespace + ","
			}
			args := `["siogw:refresh"]`
			if tt.argument != "" {
				args = `["siogw:refresh",` + tt.argument + `]`
			}
			c.Put("42" + prefix + "1" + args)
			want := fmt.Sprintf(`43%s1[{"error":{"code":%d,`, prefix, tt.code)
			got := c.Next().String()
			if !strings.HasPrefix(got, want) || !strings.Contains(got, `"event":"siogw:refresh"`) {
				t.Errorf("got %s, want %s", got, want)
			}
			for _, private := range []string{"forged", "bob", "first"} {
				if strings.Contains(got, private) {
					t.Errorf("told %s", got)
				}
			}
			c.Put("42" + prefix + args)
			if got := c.Next().String(); !strings.HasPrefix(got, fmt.Sprintf(`42%s["siogw:denied",{"error":{"code":%d,`, prefix, tt.code)) {
				t.Errorf("without an ack: %s", got)
			}
			c.Put(`422["x"]`) // the identity before goes on
			c.Want(`432[]`)
			wantGot(t, p, `422["x"]`, "refresh")
			events := r.log.of(engine.Event)
			if id := events[len(events)-1].in.Identity; id == nil || id.Sub != "u1" || id.Issuer != "i" {
				t.Errorf("%+v", id)
			}
		})
	}
}

// TestRefreshIsCounted: it costs what an event costs, so that nobody tries tokens without end.
func TestRefreshIsCounted(t *testing.T) {
	v := &tokens{}
	r := expiring(t, v, nil, func(o *gateway.Options) { o.Limits.EventsPerSession = gateway.Rate{Count: 2, Per: time.Hour} })
	v.issue("first", "u1", time.Now().Add(later))
	c, _ := r.client(t)
	c.Join("/", `{"token":"first"}`)
	for _, code := range []string{"201", "201", "403"} {
		c.Put(`421["siogw:refresh","guess"]`)
		if got := c.Next().String(); !strings.HasPrefix(got, `431[{"error":{"code":`+code+`,`) {
			t.Errorf("got %s, want %s", got, code)
		}
	}
}

func TestEventThatIsNoRefresh(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*gateway.Options){
		"off":       func(o *gateway.Options) { o.RefreshEvent = "" },
		"no tokens": func(o *gateway.Options) { o.Verifier = nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := expiring(t, &tokens{}, nil, change)
			c, _ := r.joined(t, "/")
			c.Put(`421["siogw:refresh","x"]`)
			c.Want(`431["x"]`)
		})
	}
}

// TestIssuersAreTwo: the same sub of another issuer has limits of its own.
func TestIssuersAreTwo(t *testing.T) {
	v := &tokens{}
	r := expiring(t, v, nil, func(o *gateway.Options) { o.Limits.ConnectionsPerIdentity = 1 })
	for word, sub := range map[string]string{"a": "u1@i", "b": "u1@j"} {
		v.issue(word, sub, time.Time{})
		c, _ := r.client(t)
		c.Join("/", `{"token":"`+word+`"}`)
		again, _ := r.client(t)
		again.Put(`40{"token":"` + word + `"}`)
		if got := again.Next().String(); !strings.HasPrefix(got, `44{"message":"too many connections of this identity"`) {
			t.Errorf("%s again: %s", sub, got)
		}
	}
}
