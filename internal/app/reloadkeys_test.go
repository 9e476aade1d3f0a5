package app

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/siotest"
)

// alive is a gateway that serves, and reads its file again when it is asked to.
type alive struct {
	*served
	t    *testing.T
	up   *siotest.Upstream
	url  string // for clients
	file string
	log  lines // decisions
}

func newAlive(t *testing.T, yaml string) *alive {
	t.Helper()
	a := &alive{t: t, up: siotest.NewUpstream(t, nil), file: filepath.Join(t.TempDir(), "siogw.yaml")}
	a.write(yaml)
	load := func() (*config.Config, error) { return config.Load(a.file, nil, nil) }
	cfg, err := load()
	if err != nil {
		t.Fatal(err)
	}
	a.served = serveConfig(t, cfg, Options{Load: load, Stdout: &a.log})
	a.url = "http://" + a.clients
	return a
}

func (a *alive) write(yaml string) {
	a.t.Helper()
	yaml = "listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\nupstream: { url: '" + a.up.URL + "' }\n" + yaml
	if err := os.WriteFile(a.file, []byte(yaml), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// reload takes another configuration, as an operator does.
func (a *alive) reload(yaml string) {
	a.t.Helper()
	a.write(yaml)
	resp, err := http.Post(a.admin+"/reload", "", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 {
		a.t.Fatalf("%s: %d %s", yaml, resp.StatusCode, body)
	}
}

// polled is a polling session, with a connection of its own.
type polled struct {
	a      *alive
	http   *http.Client
	sid    string
	header http.Header // of each request
	open   http.Header // of the handshake's answer
}

func (p *polled) do(method, query, body string) (status int, text string, header http.Header) {
	p.a.t.Helper()
	req, err := http.NewRequest(method, siotest.SocketURL(p.a.url, "polling")+query, strings.NewReader(body))
	if err != nil {
		p.a.t.Fatal(err)
	}
	req.Header = p.header.Clone()
	if h := req.Header.Get("Host"); h != "" {
		req.Host = h
	}
	resp, err := p.http.Do(req)
	if err != nil {
		p.a.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(got), resp.Header
}

// poll asks for a session; status is 200 where there is one.
func (a *alive) poll(header http.Header) (p *polled, status int) {
	a.t.Helper()
	tr := &http.Transport{}
	a.t.Cleanup(tr.CloseIdleConnections)
	p = &polled{a: a, http: &http.Client{Transport: tr, Timeout: 4 * siotest.Wait}, header: header}
	if p.header == nil {
		p.header = http.Header{}
	}
	status, text, header := p.do("GET", "", "")
	var open siotest.Open
	_ = json.Unmarshal([]byte(strings.TrimPrefix(text, "0")), &open)
	p.sid, p.open = open.SID, header
	return p, status
}

// lives asks for the answer to a CONNECT, whatever is in force meanwhile.
func (p *polled) lives(when string) {
	p.a.t.Helper()
	if status, text, _ := p.do("POST", "&sid="+p.sid, "40"); status != 200 {
		p.a.t.Fatalf("%s: %d %s", when, status, text)
	}
	if status, text, _ := p.do("GET", "&sid="+p.sid, ""); status != 200 || !strings.HasPrefix(text, "40") {
		p.a.t.Errorf("%s: %d %s", when, status, text)
	}
}

func origin(o string) http.Header { return http.Header{"Origin": {o}} }

// echoes says something to the server over a WebSocket, and hears it.
func echoes(c *siotest.Client, id int, text string) {
	c.Put(fmt.Sprintf(`42%d["echo","%s"]`, id, text))
	c.Want(fmt.Sprintf(`43%d["%s"]`, id, text))
}

// moved are the keys whose change takes effect in Engine.IO and below: what they are, what becomes of them, and what
// clients notice that came before and after.
var moved = map[string]struct {
	before, after string
	check         func(a *alive, reload func())
}{
	"heartbeat": {"heartbeat: { interval: 20s, timeout: 10s }", "heartbeat: { interval: 1s, timeout: 1s }", func(a *alive, reload func()) {
		old := siotest.NewClient(a.t, a.url, nil)
		reload()
		fresh := siotest.NewClient(a.t, a.url, nil)
		if o, f := old.Open, fresh.Open; o.PingInterval != 20000 || o.PingTimeout != 10000 || f.PingInterval != 1000 || f.PingTimeout != 1000 {
			a.t.Errorf("told %+v before, %+v after", o, f)
		}
	}},
	"limits.payload": {"limits: { payload: 4KiB }", "limits: { payload: 1KiB }", func(a *alive, reload func()) {
		old := siotest.NewClient(a.t, a.url, nil)
		old.Join("/", "")
		reload()
		echoes(old, 1, strings.Repeat("a", 3000))
		old.Put(`451-2["echo",{"_placeholder":true,"num":0}]`)
		old.PutBinary(strings.Repeat("b", 3000))
		if got := old.Next().String(); !strings.HasPrefix(got, `461-2`) {
			a.t.Errorf("attachments of a client that was told 4 KiB: %s", got)
		}
		old.Next()
		fresh := siotest.NewClient(a.t, a.url, nil)
		fresh.Join("/", "")
		if old.Open.MaxPayload != 4096 || fresh.Open.MaxPayload != 1024 {
			a.t.Errorf("told %d before, %d after", old.Open.MaxPayload, fresh.Open.MaxPayload)
		}
		fresh.Put(`421["echo","` + strings.Repeat("a", 1100) + `"]`)
		if code := siotest.CloseCode(fresh.WantEnd()); code != 1009 {
			a.t.Errorf("a message above the new limit ended with %d", code)
		}
		waitFor(a.t, "the count", func() bool { return a.gateway.Stats().Closed[engineio.TooLarge] == 1 })
	}},
	"limits.upstream_payload": {"limits: { payload: 1KiB, upstream_payload: 4KiB }", "limits: { payload: 1KiB, upstream_payload: 2KiB }", func(a *alive, reload func()) {
		old := siotest.NewClient(a.t, a.url, nil)
		peer := a.up.Peer(a.t)
		old.Join("/", "")
		say := `42["a","` + strings.Repeat("a", 3000) + `"]`
		peer.Send(say)
		old.Want(say)
		reload()
		peer.Send(say)
		old.WantEnd()
	}},
	"origins": {"origins: ['https://a.example']", "origins: ['https://b.example']", func(a *alive, reload func()) {
		old, _ := a.poll(origin("https://a.example"))
		reload()
		old.lives("the origin is no more")
		if _, _, h := old.do("OPTIONS", "&sid="+old.sid, ""); h.Get("Access-Control-Allow-Origin") != "https://a.example" {
			a.t.Error("its browser would not let the page send any more")
		}
		if _, status := a.poll(origin("https://a.example")); status != 403 {
			a.t.Errorf("the old origin opens a session: %d", status)
		}
		if p, status := a.poll(origin("https://b.example")); status != 200 || p.open.Get("Access-Control-Allow-Origin") != "https://b.example" {
			a.t.Errorf("the new origin: %d %v", status, p.open)
		}
	}},
	"origin_required": {"", "origin_required: true", func(a *alive, reload func()) {
		old, _ := a.poll(nil)
		reload()
		old.lives("without an origin")
		if _, status := a.poll(nil); status != 403 {
			a.t.Errorf("without an origin: %d", status)
		}
	}},
	"transports": {"", "transports: [websocket]", func(a *alive, reload func()) {
		old, _ := a.poll(nil)
		reload()
		old.lives("polling is no more")
		if _, status := a.poll(nil); status != 400 {
			a.t.Errorf("polling: %d", status)
		}
		siotest.NewClient(a.t, a.url, nil).Join("/", "")
	}},
	"eio3": {"", "eio3: true", func(a *alive, reload func()) {
		ask := func() int {
			resp, err := http.Get(strings.Replace(siotest.SocketURL(a.url, "polling"), "EIO=4", "EIO=3", 1))
			if err != nil {
				a.t.Fatal(err)
			}
			resp.Body.Close()
			return resp.StatusCode
		}
		before := ask()
		reload()
		if after := ask(); before != 400 || after == 400 {
			a.t.Errorf("%d before, %d after", before, after)
		}
	}},
	"session.bind": {"session: { bind: cookie }", "session: { bind: none }", func(a *alive, reload func()) {
		old, _ := a.poll(nil)
		cookie, _, _ := strings.Cut(old.open.Get("Set-Cookie"), ";")
		reload()
		if status, _, _ := old.do("GET", "&sid="+old.sid, ""); status != 400 {
			a.t.Errorf("a sid that was bound to a cookie goes without: %d", status)
		}
		old.header.Set("Cookie", cookie)
		old.lives("with its cookie")
		fresh, _ := a.poll(nil)
		if c := fresh.open.Get("Set-Cookie"); c != "" {
			a.t.Errorf("bound to %s", c)
		}
		fresh.lives("without a cookie")
	}},
	"session.cookie": {"", "session: { cookie: io }", func(a *alive, reload func()) {
		old, _ := a.poll(nil)
		reload()
		fresh, _ := a.poll(nil)
		if o, f := old.open.Get("Set-Cookie"), fresh.open.Get("Set-Cookie"); o != "" || !strings.HasPrefix(f, "io="+fresh.sid) {
			a.t.Errorf("%q before, %q after", o, f)
		}
	}},
	"compression.enabled": {"", "compression: { enabled: true }", func(a *alive, reload func()) {
		ask := http.Header{"Sec-Websocket-Extensions": {"permessage-deflate"}}
		dial := func() string {
			conn, err := net.Dial("tcp", a.clients)
			if err != nil {
				a.t.Fatal(err)
			}
			a.t.Cleanup(func() { conn.Close() })
			req, _ := http.NewRequest("GET", strings.Replace(siotest.SocketURL(a.url, "polling"), "polling", "websocket", 1), nil)
			req.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"},
				"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Extensions": ask["Sec-Websocket-Extensions"]}
			_ = req.Write(conn)
			_ = conn.SetReadDeadline(time.Now().Add(4 * siotest.Wait))
			resp, err := http.ReadResponse(bufio.NewReader(conn), req)
			if err != nil {
				a.t.Fatal(err)
			}
			return resp.Header.Get("Sec-Websocket-Extensions")
		}
		before := dial()
		reload()
		if after := dial(); before != "" || after == "" {
			a.t.Errorf("%q before, %q after", before, after)
		}
	}},
	"trusted_proxies": {"trusted_proxies: [127.0.0.1]", "trusted_header: forwarded",
		vouched(http.Header{"X-Forwarded-For": {"203.0.113.7"}}, "by an address that nobody vouches for now", "127.0.0.1")},
	"limits.traffic.frames":    {"", "limits: { traffic: { frames: 2/1h } }", frames(engineio.Frames)},
	"limits.traffic.control":   {"", "limits: { traffic: { control: 1/1h } }", pings},
	"limits.traffic.bytes":     {"", "limits: { traffic: { bytes: 1KiB/1h } }", waits},
	"limits.sessions.lifetime": {"heartbeat: { interval: 1s }", "heartbeat: { interval: 1s }\nlimits: { sessions: { lifetime: 1ms } }", ends(engineio.Lifetime)},
	"limits.sessions.idle":     {"heartbeat: { interval: 1s }", "heartbeat: { interval: 1s }\nlimits: { sessions: { idle: 1ms } }", ends(engineio.Idle)},
	"limits.sessions.upgrades": {"limits: { sessions: { upgrades: 1 } }", "limits: { sessions: { upgrades: 2 } }", func(a *alive, reload func()) {
		old, _ := a.poll(nil)
		upgrade := func() error {
			conn, err := siotest.Dial(a.url+"/socket.io/?sid="+old.sid, nil)
			if err == nil {
				conn.Close()
			}
			return err
		}
		tooMany := func(err error) bool {
			var no *siotest.Refused
			return errors.As(err, &no) && no.Status == 429
		}
		old.lives("to be polled")
		if first, second := upgrade(), upgrade(); tooMany(first) || !tooMany(second) {
			a.t.Error("before:", first, second)
		}
		reload()
		if third := upgrade(); !tooMany(third) { // all that were asked for count
			a.t.Error("three of two:", third)
		}
	}},
	"limits.sessions.poll_time": {"", "limits: { sessions: { poll_time: 50ms } }", func(a *alive, reload func()) {
		old, _ := a.poll(nil)
		reload()
		a.poll(nil)
		waitFor(a.t, "the end of one that nobody polls", func() bool { return a.gateway.Stats().Closed[engineio.NeverPolled] == 1 })
		old.lives("not polled for long")
	}},
	"limits.sessions.connect_time": {"", "limits: { sessions: { connect_time: 50ms } }", func(a *alive, reload func()) {
		old := siotest.NewClient(a.t, a.url, nil)
		reload()
		siotest.NewClient(a.t, a.url, nil).WantEnd()
		old.Join("/", "")
	}},
	"trusted_header": {"trusted_proxies: [127.0.0.1]", "trusted_proxies: [127.0.0.1]\ntrusted_header: x-real",
		vouched(http.Header{"X-Forwarded-For": {"203.0.113.7"}, "X-Real": {"203.0.113.8"}}, "by the header of before", "203.0.113.8")},
	"limits.http.body_time": {"", "limits: { http: { body_time: 100ms } }", func(a *alive, reload func()) {
		old, _ := a.poll(nil)
		reload()
		conn, err := net.Dial("tcp", a.clients)
		if err != nil {
			a.t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n4", old.sid)
		_ = conn.SetReadDeadline(time.Now().Add(4 * siotest.Wait))
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != http.StatusRequestTimeout {
			a.t.Error(resp, err)
		}
	}},
	"limits.http.header": {"", "limits: { http: { header: 1KiB } }", func(a *alive, reload func()) {
		long := http.Header{"X-Long": {strings.Repeat("a", 2000)}}
		old, before := a.poll(long)
		reload()
		if now, _, _ := old.do("GET", "&sid="+old.sid, ""); before != 200 || now != 431 {
			a.t.Errorf("%d before, %d after", before, now)
		}
	}},
	"limits.http.url": {"limits: { http: { url: 1KiB, header: 1MiB } }", "limits: { http: { url: 100KiB, header: 1MiB } }", func(a *alive, reload func()) {
		long := strings.Repeat("a", 90<<10)
		old, _ := a.poll(nil)
		before, _, _ := old.do("GET", "&x="+long, "")
		reload()
		if after, _, _ := old.do("GET", "&x="+long, ""); before != 414 || after != 200 {
			a.t.Errorf("%d before, %d after", before, after)
		}
	}},
	"limits.http.header_time": {"", "limits: { http: { header_time: 100ms } }", func(a *alive, reload func()) {
		begin := func() net.Conn {
			conn, err := net.Dial("tcp", a.clients)
			if err != nil {
				a.t.Fatal(err)
			}
			a.t.Cleanup(func() { conn.Close() })
			_ = conn.SetDeadline(time.Now().Add(4 * siotest.Wait))
			if _, err := io.WriteString(conn, "GET /socket.io/nothing HTTP/1.1\r\n"); err != nil {
				a.t.Fatal(err)
			}
			return conn
		}
		finish := func(conn net.Conn) int {
			_, _ = io.WriteString(conn, "Host: x\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				return 0
			}
			return resp.StatusCode
		}
		old := begin()
		_, _ = io.WriteString(old, "Host: x\r\n\r\n")
		in := bufio.NewReader(old)
		if resp, err := http.ReadResponse(in, nil); err != nil { // its server has it
			a.t.Fatal(err)
		} else {
			_, _ = io.Copy(io.Discard, resp.Body)
		}
		reload()
		fresh := begin()
		waitFor(a.t, "the count", func() bool { return a.gateway.Stats().Refused[engine.CodeSlowHeaders] == 1 })
		if status := finish(fresh); status == 404 {
			a.t.Error("a late header of a new connection was answered")
		}
		if _, err := io.WriteString(old, "GET /socket.io/nothing HTTP/1.1\r\n"); err != nil {
			a.t.Fatal(err)
		}
		if status := finish(old); status != 404 {
			a.t.Errorf("an earlier connection: %d", status)
		}
	}},
	"limits.connections.sockets_per_ip": {"", "limits: { connections: { sockets_per_ip: 1 } }", func(a *alive, reload func()) {
		old := siotest.NewClient(a.t, a.url, nil)
		old.Join("/", "")
		reload()
		echoes(old, 1, "still")
		if _, err := siotest.Dial(a.url, nil); err == nil {
			a.t.Error("one connection more than allowed")
		}
	}},
}

// frames says more than the new limit allows on an open WebSocket.
func frames(why engineio.Reason) func(*alive, func()) {
	return func(a *alive, reload func()) {
		old := siotest.NewClient(a.t, a.url, nil)
		old.Join("/", "")
		for i := range 5 {
			echoes(old, i, "a")
		}
		reload()
		for range 3 {
			_ = old.Send(`42["a"]`) // it may be closed already
		}
		old.WantEnd()
		waitFor(a.t, "the count", func() bool { return a.gateway.Stats().Closed[why] == 1 })
	}
}

// vouched polls from behind a proxy that is trusted: the server is told 203.0.113.7 before, and after who the client is then. A
// session of before lives on.
func vouched(from http.Header, why, after string) func(*alive, func()) {
	return func(a *alive, reload func()) {
		told := func() string { return a.up.Peer(a.t).Request.Header.Get("X-Forwarded-For") }
		old, _ := a.poll(from)
		before := told()
		reload()
		old.lives(why)
		a.poll(from)
		if now := told(); before != "203.0.113.7" || now != after {
			a.t.Errorf("the server is told %s before, %s after", before, now)
		}
	}
}

func pings(a *alive, reload func()) {
	conn, err := net.Dial("tcp", a.clients)
	if err != nil {
		a.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(4 * siotest.Wait))
	fmt.Fprintf(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	in := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(in, nil); err != nil || resp.StatusCode != 101 {
		a.t.Fatal(resp, err)
	}
	ping := func() { _, _ = conn.Write([]byte{0x89, 0x80, 1, 2, 3, 4}) }
	serverFrame(a.t, in) // the open packet
	pong := make([]byte, 2)
	for range 3 {
		ping()
		if _, err := io.ReadFull(in, pong); err != nil || pong[0] != 0x8a {
			a.t.Fatal(pong, err)
		}
	}
	reload()
	ping()
	ping()
	rest, _ := io.ReadAll(in)
	if !bytes.Contains(rest, []byte{0x88}) {
		a.t.Errorf("not closed, but % x", rest)
	}
	waitFor(a.t, "the count", func() bool { return a.gateway.Stats().Closed[engineio.ControlFrames] == 1 })
}

func waits(a *alive, reload func()) {
	old := siotest.NewClient(a.t, a.url, nil)
	old.Join("/", "")
	echoes(old, 1, strings.Repeat("a", 3000))
	reload()
	old.Put(`42["a","` + strings.Repeat("a", 3000) + `"]`)
	waitFor(a.t, "the wait", func() bool { return a.gateway.Stats().Slowed == 1 })
}

// ends has an open session ended by a limit that it is over as soon as it counts.
func ends(why engineio.Reason) func(*alive, func()) {
	return func(a *alive, reload func()) {
		old := siotest.NewClient(a.t, a.url, nil)
		old.Join("/", "")
		reload()
		old.WantEnd()
		waitFor(a.t, "the count", func() bool { return a.gateway.Stats().Closed[why] == 1 })
	}
}

// Each key that counts for new connections, as the documentation has them, is tested.
func TestMovedKeysAreAll(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "| for new connections |\n") {
			continue
		}
		for i, key := range strings.Split(line, "`") {
			if i%2 == 0 {
				continue
			}
			n++
			if !slices.ContainsFunc(slices.Collect(maps.Keys(moved)), func(k string) bool { return k == key || strings.HasPrefix(k, key+".") }) {
				t.Errorf("no test changes %s", key)
			}
		}
	}
	if n < 10 {
		t.Errorf("%d keys", n)
	}
}

// TestReloadKeys changes each of these keys while there are clients: those that are there keep what they were told, and new
// ones get the new.
func TestReloadKeys(t *testing.T) {
	for key, c := range moved {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			if !config.Live(key) {
				t.Errorf("%s cannot change", key)
			}
			a := newAlive(t, c.before)
			reloads := 0
			c.check(a, func() {
				reloads++
				a.reload(c.after)
			})
			if reloads != 1 {
				t.Error("nothing was reloaded")
			}
		})
	}
}

// Tokens are hidden in the decision log where they are expected now, and where they were before.
func TestReloadMasks(t *testing.T) {
	const jwt = "identity: { required: false, jwt: { secret: 0123456789abcdef0123456789abcdef, from: [%s] } }\ndecision_log: { mask: [%s] }\n"
	a := newAlive(t, fmt.Sprintf(jwt, "auth.first", ""))
	line := func(n int) string {
		var auth string
		waitFor(t, "the line", func() bool {
			var lines []string
			for l := range strings.Lines(a.log.String()) {
				if strings.Contains(l, `"kind":"connect"`) {
					lines = append(lines, l)
				}
			}
			if len(lines) == n {
				_, auth, _ = strings.Cut(lines[n-1], `"auth":`)
			}
			return len(lines) == n
		})
		return auth
	}
	for i, want := range [][3]bool{{true, false, false}, {true, true, false}, {true, true, true}} { // hidden
		switch i {
		case 1:
			a.reload(fmt.Sprintf(jwt, "auth.second", ""))
		case 2:
			a.reload(fmt.Sprintf(jwt, "auth.second", "/auth/third"))
		}
		c := siotest.NewClient(t, a.url, nil)
		c.Put(`40{"first":"one","second":"two","third":"three"}`) // which is refused
		c.Next()
		got := line(i + 1)
		for j, text := range []string{`"one"`, `"two"`, `"three"`} {
			if hidden := !strings.Contains(got, text); hidden != want[j] {
				t.Errorf("after %d reloads: %s", i, got)
			}
		}
	}
}

// TestReloadWhileOpening: a handshake is judged, and tells the client, by one configuration, whenever another one comes.
func TestReloadWhileOpening(t *testing.T) {
	const reloads, clients = 30, 4
	yaml := func(n int) string {
		return fmt.Sprintf("heartbeat: { interval: %ds }\nlimits: { payload: %dKiB, connections: { per_ip: 0, sockets_per_ip: 0, rate_per_ip: 0, rate: 0 } }\n", 100+n, 10+n)
	}
	a := newAlive(t, yaml(1))
	stop := make(chan struct{})
	var mu sync.Mutex
	told := map[string]siotest.Open{}
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				c, err := siotest.Dial(a.url, nil)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				told[c.Open.SID] = c.Open
				mu.Unlock()
				c.Close()
			}
		})
	}
	for n := 2; n <= reloads; n++ { // generation n has n
		a.reload(yaml(n))
	}
	close(stop)
	running.Wait()
	for begin := time.Now(); strings.Count(a.log.String(), `"kind":"handshake"`) < len(told) && time.Since(begin) < 10*time.Second; {
		time.Sleep(10 * time.Millisecond) // lines are written a moment later
	}
	seen, generations := 0, map[uint64]bool{}
	for line := range strings.Lines(a.log.String()) {
		var d struct {
			Kind       string
			Generation uint64
			Session    struct{ ID string }
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		open, ok := told[d.Session.ID]
		if d.Kind != "handshake" || !ok {
			continue
		}
		seen++
		generations[d.Generation] = true
		if n := int(d.Generation); open.PingInterval != (100+n)*1000 || open.MaxPayload != (10+n)<<10 {
			t.Errorf("a handshake of generation %d told %+v", n, open)
		}
	}
	if seen != len(told) || len(generations) < 3 {
		t.Errorf("%d of %d handshakes in the log, of %d generations", seen, len(told), len(generations))
	}
}
