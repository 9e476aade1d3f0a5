package siotest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConversation(t *testing.T) {
	up := NewUpstream(t, &Server{Refuse: map[string]string{"/no": `{"message":"nope","data":{"code":42}}`}})
	c := NewClient(t, up.URL, http.Header{"X-Test": {"1"}})
	p := up.Peer(t)
	if got := p.Request.Header.Get("X-Test"); got != "1" {
		t.Errorf("the header came as %q", got)
	}
	if c.Open.MaxPayload != 1000000 || c.Open.SID == "" {
		t.Errorf("open packet %+v", c.Open)
	}
	c.Join("/", "")
	c.Join("/admin", `{"token":"t"}`)
	c.Put("40/no,")
	c.Want(`44/no,{"message":"nope","data":{"code":42}}`)
	c.Put(`42["echo","a"]`, `427["echo","a",1]`, `42/admin,8["x"]`)
	c.Want(`42["echo","a"]`, `437["a",1]`, `43/admin,8[]`)
	c.Put(`451-9["b",{"_placeholder":true,"num":0}]`)
	c.PutBinary("\x01\x02")
	c.Want(`461-9[{"_placeholder":true,"num":0}]`, "binary:0102")
	c.Put(`451-/admin,["b",{"_placeholder":true,"num":0}]`)
	c.PutBinary("\xff")
	c.Want(`451-/admin,["b",{"_placeholder":true,"num":0}]`, "binary:ff")
	c.WantNone()
	if got := p.Got(); len(got) != 10 || got[1] != `40/admin,{"token":"t"}` || got[9] != "binary:ff" {
		t.Errorf("the server noted %q", got)
	}
	p.Close()
	if err := c.WantEnd(); err == nil {
		t.Error("the end has no reason")
	}
}

func TestOwnMessageAndHeartbeat(t *testing.T) {
	s := &Server{PingInterval: time.Millisecond, Message: func(p *Peer, m Message, _ []string) bool {
		return m.Type == '2' && p.Send("41") == nil
	}}
	up := NewUpstream(t, s)
	c := NewClient(t, up.URL, nil)
	p := up.Peer(t)
	c.Join("/", "")
	c.Put(`42["x"]`)
	c.Want("41")
	for deadline := time.Now().Add(Wait); !strings.Contains(strings.Join(p.Got(), " "), " 3 3"); {
		if time.Now().After(deadline) {
			t.Fatalf("pings were not answered: %q", p.Got())
		}
		time.Sleep(time.Millisecond)
	}
}

func TestRefused(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, `{"code":4}`, http.StatusForbidden)
	}))
	defer srv.Close()
	_, err := Dial(srv.URL, nil)
	var refused *Refused
	if !errors.As(err, &refused) || refused.Status != 403 || refused.Body != "{\"code\":4}\n" {
		t.Errorf("got %v", err)
	}
	up := NewUpstream(t, nil)
	resp, err := http.Get(up.URL + "/page")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 404 {
		t.Errorf("plain HTTP got %d", resp.StatusCode)
	}
}

func TestParseMessage(t *testing.T) {
	for text, want := range map[string]Message{
		"40":                    {Type: '0', Namespace: "/"},
		`42["a"]`:               {Type: '2', Namespace: "/", Data: `["a"]`},
		`42/x,17["a"]`:          {Type: '2', Namespace: "/x", ID: "17", Data: `["a"]`},
		`462-/x?a=b,0[]`:        {Type: '6', Count: 2, Namespace: "/x?a=b", ID: "0", Data: "[]"},
		`44/no,{"message":"m"}`: {Type: '4', Namespace: "/no", Data: `{"message":"m"}`},
		"41/x,":                 {Type: '1', Namespace: "/x"},
	} {
		if m, ok := ParseMessage(Frame{Data: text}); !ok || m != want {
			t.Errorf("%s gave %+v, %v", text, m, ok)
		}
	}
	for _, text := range []string{"", "4", "2", "47", "45", "45x-", "5"} {
		if m, ok := ParseMessage(Frame{Data: text}); ok {
			t.Errorf("%q gave %+v", text, m)
		}
	}
	if _, ok := ParseMessage(Frame{Binary: true, Data: "40"}); ok {
		t.Error("a binary frame was read as text")
	}
}

func TestToken(t *testing.T) {
	const want = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
	got := Token("your-256-bit-secret", `{"sub":"1234567890","name":"John Doe","iat":1516239022}`)
	if got != want { // the example of jwt.io
		t.Errorf("got %s", got)
	}
}
