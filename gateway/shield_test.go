package gateway_test

import (
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/shields"
	"github.com/siogw/siogw/internal/siotest"
)

// shielded is a rig with shields in these states.
func shielded(t *testing.T, overrides map[string]engine.Mode) (*rig, *shields.Set) {
	t.Helper()
	set, err := shields.New(shields.Options{Overrides: overrides})
	if err != nil {
		t.Fatal(err)
	}
	return newRig(t, nil, func(o *gateway.Options) { o.Shields = set }), set
}

// hits gives the count of a shield.
func hits(t *testing.T, set *shields.Set, id string) uint64 {
	t.Helper()
	for _, s := range set.List(true) {
		if s.ID == id && s.Count != nil {
			return *s.Count
		}
	}
	t.Fatalf("%s does not count", id)
	return 0
}

func TestShieldStopsAnEvent(t *testing.T) {
	const id = "CVE-2024-38355"
	r, set := shielded(t, nil)
	c, p := r.joined(t, "/")
	c.Put(`421["error","x"]`)
	if got := c.Next().String(); !strings.HasPrefix(got, `431[{"error":{"code":320,"reason":"stopped by shield"`) || !strings.Contains(got, `"data":{"shield":"`+id+`"}`) {
		t.Errorf("got %s", got)
	}
	c.Put(`42["error"]`)
	if got := c.Next().String(); !strings.HasPrefix(got, `42["siogw:denied",{"error":{"code":320`) {
		t.Errorf("got %s", got)
	}
	c.Put(`422["fine"]`)
	c.Want("432[]")
	for _, got := range p.Got() {
		if strings.Contains(got, "error") {
			t.Errorf("the upstream got %s", got)
		}
	}
	if n := hits(t, set, id); n != 2 {
		t.Errorf("counted %d", n)
	}
	if got := r.log.of(engine.Event); len(got) != 3 || got[0].d.Code != engine.CodeShield || got[0].in.Event != "error" {
		t.Errorf("the log has %+v", got)
	}
}

func TestShieldInMonitorMode(t *testing.T) {
	const id = "CVE-2024-38355"
	r, set := shielded(t, map[string]engine.Mode{id: engine.Monitor})
	c, p := r.joined(t, "/")
	c.Put(`421["error"]`)
	c.Want("431[]")
	if got := p.Got(); got[len(got)-1] != `421["error"]` {
		t.Errorf("the upstream got %v", got)
	}
	steps := r.log.of(engine.Event)[0].d.Steps
	last := steps[len(steps)-1]
	if last.Mode != engine.Monitor || last.Verdict.Code != engine.CodeShield || string(last.Verdict.Data) != `{"shield":"`+id+`"}` {
		t.Errorf("the log has %+v", steps)
	}
	if n := hits(t, set, id); n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestShieldOff(t *testing.T) {
	const id = "CVE-2024-38355"
	r, set := shielded(t, map[string]engine.Mode{id: engine.Off})
	c, _ := r.joined(t, "/")
	c.Put(`421["error"]`)
	c.Want("431[]")
	if n := hits(t, set, id); n != 0 || len(r.log.of(engine.Event)[0].d.Steps) != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestShieldStopsAConnect(t *testing.T) {
	r, set := shielded(t, map[string]engine.Mode{"admin-ui": engine.Enforce})
	c, _ := r.client(t)
	c.Put(`40/admin,{"username":"admin","password":"admin"}`)
	if got := c.Next().String(); !strings.HasPrefix(got, `44/admin,{"message":"stopped by shield","data":{"code":320,`) {
		t.Errorf("got %s", got)
	}
	c.Join("/", "")
	if n := hits(t, set, "admin-ui"); n != 1 {
		t.Errorf("counted %d", n)
	}
	open, _ := shielded(t, nil)
	c, _ = open.client(t)
	c.Join("/admin", "")
}

// TestShieldsForClients: what a server must not do to its clients.
func TestShieldsForClients(t *testing.T) {
	for text, id := range map[string]string{
		`459999999-["x",{"_placeholder":true,"num":0}]`: "CVE-2026-33151",
		`450-["x"]`:                        "CVE-2026-69185",
		`42["x",{"__proto__":{"a":true}}]`: "prototype-pollution",
		`42["x",` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `]`: "deep-nesting",
	} {
		r, set := shielded(t, nil)
		c, p := r.joined(t, "/")
		for _, send := range []string{text, `42["after"]`} {
			if err := p.Send(send); err != nil {
				t.Fatal(err)
			}
		}
		c.Want(`42["after"]`)
		if n := hits(t, set, id); n != 1 {
			t.Errorf("%s counted %d", id, n)
		}
	}
}

// TestShieldsCountRequests: attacks that no session ever sees.
func TestShieldsCountRequests(t *testing.T) {
	r, set := shielded(t, nil)
	for header, id := range map[string]string{"Origin: https://evil.example": "CVE-2019-13611", "Sec-WebSocket-Extensions: constructor": "GHSA-5v72-xg48-5rpm"} {
		name, value, _ := strings.Cut(header, ": ")
		if conn, err := siotest.Dial(r.url, map[string][]string{name: {value}}); err == nil {
			conn.Close()
		}
		if n := hits(t, set, id); n != 1 {
			t.Errorf("%s counted %d", id, n)
		}
	}
}
