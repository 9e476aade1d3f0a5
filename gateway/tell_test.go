package gateway_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// herald tells of the sub: of each token that it makes with a number, as those of real ones are never alike.
type herald struct {
	n    int
	fail bool
}

const heraldPlain = `"mine":1`

func (h *herald) token(in *engine.Input) string {
	if in.Identity == nil {
		return ""
	}
	h.n++
	return fmt.Sprint(in.Kind, " ", in.Namespace, " ", in.Identity.Sub, " ", h.n)
}

func (h *herald) Handshake(in *engine.Input, header http.Header, query url.Values) error {
	query.Del("token")
	header.Del("Authorization") // of nil too
	if header == nil {
		return nil
	}
	if h.fail && in.Identity != nil {
		return errors.New("no key")
	}
	if word := h.token(in); word != "" {
		header.Set("Authorization", "Bearer "+word)
	}
	return nil
}

func (h *herald) Strip(auth []byte) ([]byte, error) {
	if !strings.Contains(string(auth), `"token"`) {
		return auth, nil
	}
	if strings.Contains(string(auth), heraldPlain) {
		return []byte(`{` + heraldPlain + `}`), nil
	}
	return []byte(`{}`), nil
}

func (h *herald) Connect(in *engine.Input, stripped []byte) ([]byte, error) {
	if h.fail {
		return nil, errors.New("no key")
	}
	word := h.token(in)
	if word == "" {
		return stripped, nil
	}
	rest := strings.TrimPrefix(string(stripped), "{")
	if rest != "}" {
		rest = "," + rest
	}
	return []byte(`{"token":"` + word + `"` + rest), nil
}

func (h *herald) Token(in *engine.Input) (string, error) {
	if h.fail {
		return "", errors.New("no key")
	}
	return h.token(in), nil
}

func told(h *herald, v *tokens) func(*gateway.Options) {
	return func(o *gateway.Options) {
		o.Tell, o.TellEvent = h, "gateway:identity"
		o.Verifier, o.RefreshEvent = v, "siogw:refresh"
	}
}

func TestTell(t *testing.T) {
	v, h := &tokens{}, &herald{}
	v.issue("u1", "u1@i", time.Time{})
	r := newRig(t, nil, told(h, v))
	c, p := r.client(t)
	c.Join("/", `{"token":"u1","mine":1}`)
	c.Join("/anonymous", "")
	c.Join("/plain", `{"mine":1}`)
	c.Put(`421["siogw:refresh","u1"]`)
	c.Want(`431[{"expires_at":0,"ok":true}]`, `42["gateway:identity","connect / u1 2"]`) // which the server sends back
	c.Put(`41`)
	c.Join("/", `{"token":"u1"}`)
	wantGot(t, p, `40{"token":"connect / u1 3"}`, "u1\"")
	got := p.Got()
	want := []string{`40{"token":"connect / u1 1","mine":1}`, `40/anonymous,`, `40/plain,{"mine":1}`,
		`42["gateway:identity","connect / u1 2"]`, `41`, `40{"token":"connect / u1 3"}`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the upstream got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTellEvent: what tells the upstream of a refresh is not for clients to say.
func TestTellEvent(t *testing.T) {
	v := &tokens{}
	r := newRig(t, nil, told(&herald{}, v))
	c, p := r.client(t)
	c.Join("/", "")
	c.Put(`421["gateway:identity","forged"]`, `422["after"]`)
	if got := c.Next().String(); !strings.HasPrefix(got, `431[{"error":{"code":308,`) {
		t.Error(got)
	}
	c.Want(`432[]`)
	wantGot(t, p, `422["after"]`, "forged")
}

// TestTellFails: a client of whom the upstream cannot be told does not come through; one that refreshes stays who it is.
func TestTellFails(t *testing.T) {
	v, h := &tokens{}, &herald{}
	v.issue("u1", "u1@i", time.Time{})
	r := newRig(t, nil, told(h, v))
	c, p := r.client(t)
	c.Join("/", `{"token":"u1"}`)
	h.fail = true
	c.Put(`40/next,{"token":"u1"}`, `421["siogw:refresh","u1"]`, `422["x"]`)
	for _, want := range []string{`44/next,{"message":"identity cannot be told","data":{"code":206,`, `431[{"error":{"code":206,`, `432[]`} {
		if got := c.Next().String(); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	wantGot(t, p, `422["x"]`, "next")
	if st := r.Stats(); st.Refreshed != 0 {
		t.Error("counted as refreshed")
	}
}

// TestTellLate: in front of a server 2.x the gateway's word is in the query, of the handshake too; the client's own is
// nowhere, and a second token of the same client is no other auth.
func TestTellLate(t *testing.T) {
	v := &tokens{}
	v.issue("u1", "u1@i", time.Time{})
	v.issue("renewed", "u1@i", time.Time{})
	w := newLate(t, nil, told(&herald{}, v)) // whose query has token=handshake
	w.write(w.client, `40/chat,{"token":"u1","mine":1}`)
	w.up = <-w.ups
	req := <-w.reqs
	if got := req.URL.Query(); got.Get("token") != "connect / u1 2" || got.Get("x") != "y" || got.Get("mine") != "1" {
		t.Errorf("dialled with %v", got)
	}
	if got := req.Header.Get("Authorization"); got != "Bearer handshake  u1 3" {
		t.Errorf("dialled with %q", got)
	}
	w.play(`
		u> 40
		<u 40/chat?mine=1&token=connect+%2Fchat+u1+1,
		u> 40/chat
		<c 40/chat,{"sid":"/chat#` + upstreamSID + `"}
		c> 40{"token":"renewed","mine":1}
		<c 40{"sid":"` + upstreamSID + `"}
		c> 40/anonymous,
		<u 40/anonymous?mine=&token=,
	`)
}

// TestTellRevision4 is of an old client in front of an old server, whose CONNECT is the handshake.
func TestTellRevision4(t *testing.T) {
	w := newWires(t, nil, func(o *gateway.Options) {
		told(&herald{}, &tokens{})(o)
		o.Verifier = numberVerifier(7)
	})
	w.greet = "40"
	w.dial("EIO=3&token=forged&x=y")
	req := <-w.reqs
	if got := req.URL.Query(); got.Get("token") != "connect / 7 1" || got.Get("x") != "y" {
		t.Errorf("dialled with %v", got)
	}
	if got := req.Header.Get("Authorization"); got != "Bearer handshake  7 2" {
		t.Errorf("dialled with %q", got)
	}
	w.play(`
		<c 40
		c> 40/chat?token=forged&mine=1
		<u 40/chat?token=connect+%2Fchat+7+3,
	`)
}

// TestTellHandshake: nothing is dialled when the handshake cannot be told.
func TestTellHandshake(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	r := rigBefore(t, up, nil, func(o *gateway.Options) {
		told(&herald{fail: true}, &tokens{})(o)
		o.Verifier = numberVerifier(7)
	})
	_, err := siotest.Dial(r.url, nil)
	var no *siotest.Refused
	if !errors.As(err, &no) || no.Status != http.StatusForbidden || !strings.Contains(no.Body, "identity cannot be told") {
		t.Errorf("%v", err)
	}
}

// TestRefreshIsNotLogged: one that is refused for its rate has its token in no line either.
func TestRefreshIsNotLogged(t *testing.T) {
	v := &tokens{}
	v.issue("u1", "u1@i", time.Time{})
	r := newRig(t, nil, func(o *gateway.Options) {
		told(&herald{}, v)(o)
		o.Limits.EventsPerName = map[string]gateway.Rate{"siogw:refresh": {Count: 1, Per: time.Hour}}
	})
	c := siotest.NewClient(t, r.url, nil)
	c.Join("/", `{"token":"u1"}`)
	c.Put(`421["siogw:refresh","u1"]`)
	c.Want(`431[{"expires_at":0,"ok":true}]`, `42["gateway:identity","connect / u1 2"]`)
	c.Put(`422["siogw:refresh","u1"]`)
	if got := c.Next().String(); !strings.HasPrefix(got, `432[{"error":{"code":403,`) {
		t.Error(got)
	}
	refused := r.log.of(engine.Event)
	if len(refused) != 1 || refused[0].in.Event != "siogw:refresh" || refused[0].in.Args != nil {
		t.Errorf("%+v", refused)
	}
}
