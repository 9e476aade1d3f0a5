package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/shields"
	"github.com/siogw/siogw/internal/siotest"
)

// shielded is a rig with shields in these states.
func shielded(t *testing.T, overrides map[string]engine.Mode, change ...func(*gateway.Options)) (*rig, *shields.Set) {
	t.Helper()
	set, err := shields.New(shields.Options{Overrides: overrides})
	if err != nil {
		t.Fatal(err)
	}
	return newRig(t, nil, func(o *gateway.Options) {
		o.Shields = set
		for _, more := range change {
			more(o)
		}
	}), set
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

// TestShieldsCountEnds: attacks for which a client's transport ends its session, or that it does not mind.
func TestShieldsCountEnds(t *testing.T) {
	const masked = "\x80\x00\x00\x00\x00" // no payload
	limits := func(o *gateway.Options) {
		few := gateway.Rate{Count: 2, Per: time.Hour}
		o.Limits.Payload, o.Limits.Traffic = 1000, gateway.TrafficLimits{Control: few, Fragments: few}
	}
	for name, c := range map[string]struct{ within, more, id string }{
		"size":        {"", "\x81\xff\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00", "CVE-2016-10542"},
		"fragments":   {"\x01" + masked + "\x00" + masked, "\x00" + masked, "CVE-2026-48779"},
		"pings":       {"\x89" + masked + "\x89" + masked, "\x89" + masked, "ws-ping-flood"},
		"compression": {"", "\xc1" + masked, "CVE-2026-128131"},
		"pongs":       {"", "\x81\x81\x00\x00\x00\x003", shields.UnaskedPong},
	} {
		t.Run(name, func(t *testing.T) {
			r, set := shielded(t, nil, limits)
			conn := handshake(t, r, "")
			defer conn.Close()
			for i, bytes := range []string{c.within, c.more} {
				if _, err := io.WriteString(conn, bytes); err != nil {
					t.Fatal(err)
				}
				if i == 0 && hits(t, set, c.id) != 0 {
					t.Fatal("counted within the limit")
				}
			}
			waitFor(t, "the count", func() bool { return hits(t, set, c.id) == 1 })
		})
	}
	t.Run("early frame", func(t *testing.T) {
		r, set := shielded(t, nil)
		handshake(t, r, "\xf1"+masked).Close()
		waitFor(t, "the count", func() bool { return hits(t, set, "CVE-2022-21676") == 1 })
	})
}

// handshake asks for a WebSocket, with bytes in the same segment, and reads the answer up to the open packet.
func handshake(t *testing.T, r *rig, early string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(siotest.Wait))
	fmt.Fprintf(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n%s", early)
	br := bufio.NewReader(conn)
	for line := ""; early == "" && line != "\r\n"; {
		if line, err = br.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if early != "" {
		_, _ = io.Copy(io.Discard, br)
	}
	return conn
}

// What shields say of events and answers is the same whoever sends them: a packet that comes again is not looked at again.
func TestShieldsLookAtThePacketAlone(t *testing.T) {
	set, err := shields.New(shields.Options{Overrides: map[string]engine.Mode{}})
	if err != nil {
		t.Fatal(err)
	}
	stopped := 0
	for _, kind := range []engine.Kind{engine.Join, engine.Leave, engine.Event, engine.Ack, engine.Emit} {
		for _, direction := range []engine.Direction{engine.In, engine.Out} {
			for _, event := range []string{"error", "socket.io-file::createFile", "message"} {
				for _, args := range []string{`[]`, `[{"name":"../x"}]`, `[{"name":"x.php","uploadTo":"a"}]`, `[{"name":"x.txt"}]`} {
					in := engine.Input{Kind: kind, Direction: direction, Namespace: "/admin", Event: event, Args: []byte(args)}
					first, _ := set.Check(&in)
					in.Identity = &engine.Identity{Authenticated: true, Sub: "ann", Roles: []string{"admin"}}
					in.Session, in.Room, in.Time = &engine.Session{EIO: 3, Transport: "polling", IP: "203.0.113.9"}, "a", time.Now()
					if second, _ := set.Check(&in); first != second {
						t.Errorf("%v %v %s %s: %v, and %v for somebody else", kind, direction, event, args, first, second)
					}
					if first != nil {
						stopped++
					}
				}
			}
		}
	}
	if stopped == 0 {
		t.Error("none was stopped")
	}
}

// A packet that comes again and meets a shield meets it each time, beside others that meet none.
func TestShieldStopsWhatComesAgain(t *testing.T) {
	const id = "CVE-2024-38355"
	set, err := shields.New(shields.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := emitRules(t, []engine.Stage{{Name: "all", Phase: engine.Policy, Plugin: lasting{func(*engine.Input) engine.Verdict { return engine.Verdict{Effect: engine.Allow} }}}}, 4<<20)
	r.Shields = set
	c := newCrowd(t, r, "ann")
	before := len(c.servers[0].all)
	for range 5 {
		hand(c.down[0], `2["fine"]`)
		hand(c.down[0], `2["error"]`)
		hand(c.down[0], `2/,["error"]`)
	}
	if n, got := hits(t, set, id), len(c.servers[0].all)-before; n != 10 || got != 5 {
		t.Errorf("%d hits, the server got %d", n, got)
	}
}
