package gateway_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// refusing denies the event bad, and answers with the responses given.
func refusing(t *testing.T, rules ...gateway.Response) *rig {
	return newRig(t, func(in *engine.Input) engine.Verdict {
		if in.Event == "bad" {
			return engine.Denied(engine.CodePolicyDenied, "")
		}
		return allowAll(in)
	}, func(o *gateway.Options) { trusting(o); o.Verifier, o.Responses = everybody{}, rules })
}

func (r *rig) from(t *testing.T, addr, user string) *siotest.Client {
	t.Helper()
	c := siotest.NewClient(t, r.url, from(addr, user))
	c.Join("/", "")
	return c
}

const (
	ann = "203.0.113.1"
	bob = "203.0.113.2"
)

// wantTold sends a refused event and wants the ordinary answer to it.
func wantTold(t *testing.T, c *siotest.Client) {
	t.Helper()
	c.Put(`427["bad"]`)
	if got := c.Next().String(); !strings.HasPrefix(got, `437[{"error":{"code":100`) {
		t.Fatal(got)
	}
}

func TestResponseDrop(t *testing.T) {
	r := refusing(t, gateway.Response{Codes: []gateway.Codes{{From: 100, To: 199}}, Kinds: []engine.Kind{engine.Event}, Count: 3, Within: time.Hour, Action: gateway.ActionDrop})
	c := r.from(t, ann, "ann")
	wantTold(t, c)
	wantTold(t, c)
	c.Put(`428["bad"]`, `429["echo"]`)
	c.Want(`439[]`) // the third was not answered
	wantTold(t, c)  // and counting begins anew
	if n := r.Stats().Responses[gateway.ActionDrop]; n != 1 {
		t.Error(r.Stats().Responses)
	}
}

// What no rule matches is answered as ever.
func TestResponseMatches(t *testing.T) {
	r := refusing(t,
		gateway.Response{Codes: []gateway.Codes{{From: 101, To: 599}}, Count: 1, Action: gateway.ActionBan, For: time.Hour},
		gateway.Response{Kinds: []engine.Kind{engine.Connect}, Count: 1, Action: gateway.ActionBan, For: time.Hour},
		gateway.Response{Count: 1, Action: gateway.ActionLog})
	c := r.from(t, ann, "ann")
	wantTold(t, c)
	wantTold(t, c)
	if st := r.Stats(); len(st.Responses) != 1 || st.Responses[gateway.ActionLog] != 2 || st.Bans != 0 {
		t.Error(st.Responses, st.Bans)
	}
}

func TestResponseThrottle(t *testing.T) {
	r := refusing(t, gateway.Response{Count: 1, Action: gateway.ActionThrottle, For: 100 * time.Millisecond})
	c, other := r.from(t, ann, "ann"), r.from(t, ann, "ann")
	start := time.Now()
	wantTold(t, c)
	c.Put(`421["echo"]`)
	other.Put(`421["echo"]`)
	other.Want(`431[]`)
	c.Want(`431[]`)
	if took := time.Since(start); took < 100*time.Millisecond { // a timer is never early
		t.Error("read after", took)
	}
}

func TestResponseMute(t *testing.T) {
	r := refusing(t, gateway.Response{Count: 1, Action: gateway.ActionMute, For: 100 * time.Millisecond})
	c := r.from(t, ann, "ann")
	wantTold(t, c)
	c.Put(`421["echo"]`, `40/chat,`) // a CONNECT is no event
	if got := c.Next().String(); !strings.HasPrefix(got, `40/chat,`) {
		t.Fatal(got)
	}
	if got := r.denied(); got[len(got)-1] != engine.CodeMuted {
		t.Error(got)
	}
	time.Sleep(100 * time.Millisecond) // the time that the rule says
	c.Put(`422["echo"]`)
	c.Want(`432[]`)
}

func TestResponseDisconnect(t *testing.T) {
	for action, last := range map[gateway.Action]string{gateway.ActionDisconnect: "41", gateway.ActionDisconnectRetry: ""} {
		r := refusing(t, gateway.Response{Count: 2, Within: time.Minute, Action: action})
		c, other := r.from(t, ann, "ann"), r.from(t, ann, "ann")
		wantTold(t, c)
		wantTold(t, other) // each session counts for itself
		wantTold(t, c)
		if last != "" {
			c.Want(last)
		}
		r.wantEnd(t, c)
		if n := r.Stats().Closed[engineio.Denied]; n != 1 {
			t.Error(action, r.Stats().Closed)
		}
		wantAlive(t, other)
	}
}

func wantAlive(t *testing.T, c *siotest.Client) {
	t.Helper()
	c.Put(`421["echo"]`)
	c.Want(`431[]`)
}

// A banned address ends, and is refused before the engine or the upstream hear of it; others are served.
func TestBanAddress(t *testing.T) {
	r := refusing(t, gateway.Response{Count: 2, Within: time.Minute, By: gateway.ByAddress, Action: gateway.ActionBan, For: time.Hour})
	first, second, other := r.from(t, ann, "ann"), r.from(t, ann, "anna"), r.from(t, bob, "bob")
	wantTold(t, first)
	second.Put(`427["bad"]`) // of the same address: it adds up
	r.wantEnd(t, first)
	decided := len(r.log.of(engine.Handshake))
	for _, path := range []string{"/socket.io/?EIO=4&transport=polling", "/other"} {
		req, _ := http.NewRequest("GET", r.url+path, nil)
		req.Header = from(ann, "x")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 429 || string(body) != `{"code":4,"message":"banned"}` || resp.Header.Get("Retry-After") == "" {
			t.Error(resp.StatusCode, string(body), resp.Header)
		}
	}
	if len(r.log.of(engine.Handshake)) != decided {
		t.Error("a banned handshake was decided")
	}
	wantAlive(t, other)
	r.from(t, "203.0.113.3", "ann")
	if st := r.Stats(); st.Bans != 1 || st.Refused[engine.CodeBanned] != 2 {
		t.Error(st.Bans, st.Refused)
	}
}

func TestBanIdentity(t *testing.T) {
	r := refusing(t, gateway.Response{Count: 1, By: gateway.ByIdentity, Action: gateway.ActionBan, For: time.Hour})
	c, elsewhere, other := r.from(t, ann, "ann"), r.from(t, bob, "ann"), r.from(t, ann, "bob")
	c.Put(`42["bad"]`)
	r.wantEnd(t, c)
	r.wantEnd(t, elsewhere)
	_, err := siotest.Dial(r.url, from("203.0.113.3", "ann"))
	if no, ok := err.(*siotest.Refused); !ok || no.Status != 429 || !strings.Contains(no.Body, `"banned"`) {
		t.Error(err)
	}
	wantAlive(t, other)
}

func TestBanEnds(t *testing.T) {
	r := refusing(t, gateway.Response{Count: 1, Action: gateway.ActionBan, For: 50 * time.Millisecond})
	c := r.from(t, ann, "ann")
	c.Put(`42["bad"]`)
	r.wantEnd(t, c)
	waitFor(t, "the ban to end", func() bool {
		conn, err := siotest.Dial(r.url, from(ann, "ann"))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// Refused handshakes count too, and so does what a transport is closed for.
func TestBanForTransport(t *testing.T) {
	r := refusing(t, gateway.Response{Codes: []gateway.Codes{{From: engine.CodeState, To: engine.CodeState}}, Count: 1,
		By: gateway.ByAddress, Action: gateway.ActionBan, For: time.Hour})
	c := r.from(t, ann, "ann")
	_ = c.Send("2") // only servers ping
	r.wantEnd(t, c)
	waitFor(t, "the ban", func() bool { return r.Stats().Bans == 1 })

	r = newRig(t, denyKind(engine.Handshake), func(o *gateway.Options) {
		trusting(o)
		o.Responses = []gateway.Response{{Count: 2, Within: time.Minute, By: gateway.ByAddress, Action: gateway.ActionBan, For: time.Hour}}
	})
	for i, want := range []int{403, 403, 429} {
		_, err := siotest.Dial(r.url, from(ann, ""))
		if no, ok := err.(*siotest.Refused); !ok || no.Status != want {
			t.Errorf("handshake %d: %v", i, err)
		}
	}
}

// Guard closes connections of banned addresses, and above the limit, before it reads.
func TestGuard(t *testing.T) {
	r := newRig(t, nil, func(o *gateway.Options) {
		o.Limits.SocketsPerIP = 2
		o.Responses = []gateway.Response{{Count: 1, Action: gateway.ActionBan, For: time.Hour}}
	})
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: r}
	done := make(chan error)
	go func() { done <- srv.Serve(r.Guard(inner)) }()
	defer func() { srv.Close(); <-done }()
	url := "http://" + inner.Addr().String()
	dial := func() (net.Conn, error) {
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err = conn.Write([]byte("GET /x HTTP/1.1\r\nHost: x\r\n\r\n")); err == nil {
			_ = conn.SetReadDeadline(time.Now().Add(siotest.Wait))
			_, err = conn.Read(make([]byte, 1))
		}
		return conn, err
	}
	first, err := dial()
	second, err2 := dial()
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if third, err := dial(); err == nil {
		t.Error("one above the limit is served")
	} else {
		third.Close()
	}
	first.Close()
	second.Close()
	waitFor(t, "the places to be free", func() bool {
		c, err := siotest.Dial(url, nil)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	c := siotest.NewClient(t, url, nil)
	_ = c.Send("x")
	r.wantEnd(t, c)
	waitFor(t, "the ban", func() bool { return r.Stats().Bans == 1 })
	if conn, err := dial(); err == nil {
		t.Error("a banned address is served")
	} else {
		conn.Close()
	}
	if st := r.Stats(); st.Refused[engine.CodeConnectionsPerIP] < 1 || st.Refused[engine.CodeBanned] < 1 {
		t.Error(st.Refused)
	}
}
