package gateway_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// machine is a Socket.IO server that can die and come back at the same address.
type machine struct {
	siotest.Server
	network, address string
	url              *url.URL
	http             *http.Server
}

// newMachine starts one on a port, or on a Unix socket where path is not "".
func newMachine(t *testing.T, path string) *machine {
	t.Helper()
	m := &machine{network: "tcp", address: "127.0.0.1:0"}
	if path != "" {
		m.network, m.address = "unix", path
	}
	m.Peers = make(chan *siotest.Peer, 1024)
	m.start(t)
	t.Cleanup(func() {
		if m.http != nil {
			m.stop()
		}
	})
	return m
}

func (m *machine) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen(m.network, m.address)
	if err != nil {
		t.Fatal(err)
	}
	m.url = &url.URL{Scheme: "unix", Path: m.address}
	if m.network == "tcp" {
		m.address = l.Addr().String()
		m.url = &url.URL{Scheme: "http", Host: m.address}
	}
	m.http = &http.Server{Handler: &m.Server}
	go func(s *http.Server) { _ = s.Serve(l) }(m.http) // ends with stop
}

// stop ends the server and all its sessions.
func (m *machine) stop() {
	m.http.Close()
	m.CloseAll()
	m.http = nil
}

// came gives the number of sessions that were opened here since it was asked last.
func (m *machine) came() (n int) {
	for {
		select {
		case <-m.Peers:
			n++
		default:
			return n
		}
	}
}

func poolRig(t *testing.T, pools ...gateway.Upstream) *rig {
	t.Helper()
	return newRig(t, nil, func(o *gateway.Options) { o.Upstream, o.Upstreams = nil, pools })
}

// echoes holds the session to work.
func echoes(t *testing.T, c *siotest.Client, word string) {
	t.Helper()
	c.Put(`42["echo","` + word + `"]`)
	c.Want(`42["echo","` + word + `"]`)
}

func joined(t *testing.T, base string, header http.Header) *siotest.Client {
	t.Helper()
	c := siotest.NewClient(t, base, header)
	c.Join("/", "")
	return c
}

// state gives what the gateway knows of a server.
func (r *rig) state(t *testing.T, m *machine) gateway.ServerStats {
	t.Helper()
	for _, u := range r.Upstreams() {
		for _, s := range u.Servers {
			if strings.HasSuffix(s.Address, m.address) {
				return s
			}
		}
	}
	t.Fatalf("no server %s", m.address)
	return gateway.ServerStats{}
}

func TestSessionsSpread(t *testing.T) {
	a, b := newMachine(t, ""), newMachine(t, "")
	r := poolRig(t, gateway.Upstream{Name: "p", URLs: []*url.URL{a.url, b.url}})
	for i := range 10 {
		joined(t, r.url, nil)
		if d := r.state(t, a).Sessions - r.state(t, b).Sessions; d < -1 || d > 1 {
			t.Fatalf("after %d sessions the servers are %d apart", i+1, d)
		}
	}
	if a.came() != 5 || b.came() != 5 {
		t.Error("the counts are not those of the servers")
	}
}

// TestDyingServer: the sessions of the other server go on, new ones go there, and when it is back it is used.
func TestDyingServer(t *testing.T) {
	a, b := newMachine(t, ""), newMachine(t, "")
	health := gateway.Health{Check: "handshake", Interval: 10 * time.Millisecond, Failures: 2}
	r := poolRig(t, gateway.Upstream{Name: "p", URLs: []*url.URL{a.url, b.url}, Health: health})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.CheckUpstreams(ctx) }()
	defer func() { cancel(); <-ended }()

	var on [2][]*siotest.Client // by server
	for range 4 {
		before := r.state(t, a).Sessions
		c := joined(t, r.url, nil)
		if r.state(t, a).Sessions > before {
			on[0] = append(on[0], c)
		} else {
			on[1] = append(on[1], c)
		}
	}
	if len(on[0]) != 2 || len(on[1]) != 2 {
		t.Fatalf("%d and %d sessions", len(on[0]), len(on[1]))
	}
	a.stop()
	for _, c := range on[0] {
		c.WantEnd()
	}
	late := joined(t, r.url, nil) // at once: nobody has checked yet, so this is failover
	for i, c := range append(on[1], late) {
		echoes(t, c, fmt.Sprint("during ", i))
	}
	waitFor(t, "the server to be seen as down", func() bool { return !r.state(t, a).Up })
	if err := r.Ready(t.Context()); err != nil {
		t.Errorf("not ready, with one server left: %v", err)
	}
	if s := r.state(t, a); s.Error == "" || s.Sessions != 0 {
		t.Errorf("%+v", s)
	}
	a.came()
	a.start(t)
	waitFor(t, "the server to be up again", func() bool { return r.state(t, a).Up })
	if again := joined(t, r.url, nil); r.state(t, a).Sessions != 1 {
		t.Error("the empty server gets no session")
	} else {
		echoes(t, again, "back")
	}
	for i, c := range append(on[1], late) {
		echoes(t, c, fmt.Sprint("after ", i))
	}
	b.stop()
	a.stop()
	waitFor(t, "both to be seen as down", func() bool { return !r.state(t, a).Up && !r.state(t, b).Up })
	if err := r.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), a.address) || !strings.Contains(err.Error(), b.address) {
		t.Errorf("ready: %v", err)
	}
	if status, body := get(t, siotest.SocketURL(r.url, "polling")); status != 503 || body != `{"code":6,"message":"Upstream unavailable"}` {
		t.Errorf("got %d %s", status, body)
	}
	b.start(t) // what is thought to be down is tried when there is nothing else
	joined(t, r.url, nil)
}

// TestOneUpstreamDies: a session of another upstream notices nothing.
func TestOneUpstreamDies(t *testing.T) {
	a, b := newMachine(t, ""), newMachine(t, "")
	r := poolRig(t, gateway.Upstream{Name: "a", ClientPath: "/a/", URLs: []*url.URL{a.url}},
		gateway.Upstream{Name: "b", ClientPath: "/b/", URLs: []*url.URL{b.url}})
	onA, onB := joined(t, r.url+"/a/", nil), joined(t, r.url+"/b/", nil)
	a.stop()
	onA.WantEnd()
	for range 3 {
		if _, err := siotest.Dial(r.url+"/a/", nil); err == nil {
			t.Error("a session without a server")
		}
		echoes(t, onB, "still")
	}
	joined(t, r.url+"/b/", nil)
	if s := r.state(t, a); s.Up || s.Failed != 3 {
		t.Errorf("%+v", s)
	}
	a.start(t)
	joined(t, r.url+"/a/", nil) // without checks the next handshake finds out
	echoes(t, onB, "last")
	if s := r.state(t, a); !s.Up || s.Error != "" || s.Opened != 2 {
		t.Errorf("%+v", s)
	}
}

func TestRoutes(t *testing.T) {
	exact, wild, any, chat, last := newMachine(t, ""), newMachine(t, ""), newMachine(t, ""), newMachine(t, ""), newMachine(t, "")
	up := func(name, host, path string, m *machine) gateway.Upstream {
		return gateway.Upstream{Name: name, Host: host, ClientPath: path, URLs: []*url.URL{m.url}, Passthrough: name != "wild"}
	}
	chatPool := up("chat", "", "/chat/", chat)
	chatPool.Path = "/inner/"
	r := poolRig(t, up("any", "", "/socket.io/", any), up("wild", "*.example.com", "", wild), chatPool,
		up("exact", "a.example.com", "", exact), up("last", "b.example.org", "/only/", last))
	for _, c := range []struct {
		host, path string
		want       *machine // nil: 404
		at         string   // the path there
	}{
		{"a.example.com", "/socket.io/", exact, "/socket.io/"},
		{"A.Example.COM:8443", "/socket.io/", exact, "/socket.io/"},
		{"a.example.com.", "/socket.io/", exact, "/socket.io/"},
		{"b.example.com", "/socket.io/", wild, "/socket.io/"},
		{"x.y.example.com", "/socket.io/", wild, "/socket.io/"},
		{"example.com", "/socket.io/", any, "/socket.io/"},
		{".example.com", "/socket.io/", any, "/socket.io/"},
		{"badexample.com", "/socket.io/", any, "/socket.io/"},
		{"[::1]:80", "/socket.io/", any, "/socket.io/"},
		{"a.example.com", "/chat/", chat, "/inner/"},
		{"b.example.org", "/only/", last, "/only/"},
		{"a.example.com", "/only/", nil, ""},
	} {
		conn, err := siotest.Dial(r.url+c.path, http.Header{"Host": {c.host}})
		if c.want == nil {
			if refused, ok := err.(*siotest.Refused); !ok || refused.Status != 404 {
				t.Errorf("%s%s: %v", c.host, c.path, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s%s: %v", c.host, c.path, err)
			continue
		}
		select {
		case p := <-c.want.Peers:
			if p.Request.URL.Path != c.at {
				t.Errorf("%s%s: at %s", c.host, c.path, p.Request.URL.Path)
			}
		case <-time.After(siotest.Wait):
			t.Errorf("%s%s went elsewhere", c.host, c.path)
		}
		conn.Close()
	}
	for _, c := range []struct{ host, path, want string }{
		{"a.example.com", "/page", "siotest: /page\n"},
		{"b.example.com", "/page", "404 page not found\n"}, // not the business of other hosts' servers
		{"example.net", "/page", "siotest: /page\n"},
		{"example.net", "/chat/socket.io.js", "siotest: /inner/socket.io.js\n"},
		{"example.net", "/inner/?EIO=4&transport=polling", "404 page not found\n"},
		{"example.net", "/inner/socket.io.js", "siotest: /inner/socket.io.js\n"},
		{"a.example.com", "/only/x", "404 page not found\n"},
	} {
		req, err := http.NewRequest(http.MethodGet, r.url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		if _, body := do(t, req); body != c.want {
			t.Errorf("%s%s: %q", c.host, c.path, body)
		}
	}
}

// TestSidBelongsToPath: a sid of one upstream's path is unknown at another's.
func TestSidBelongsToPath(t *testing.T) {
	m := newMachine(t, "")
	r := poolRig(t, gateway.Upstream{Name: "a", ClientPath: "/a/", URLs: []*url.URL{m.url}},
		gateway.Upstream{Name: "b", ClientPath: "/b/", URLs: []*url.URL{m.url}})
	_, body := get(t, siotest.SocketURL(r.url+"/a/", "polling"))
	_, rest, _ := strings.Cut(body, `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	if len(sid) < 20 {
		t.Fatalf("got %s", body)
	}
	if status, body := get(t, siotest.SocketURL(r.url+"/b/", "polling")+"&sid="+sid); status != 400 || body != `{"code":1,"message":"Session ID unknown"}` {
		t.Errorf("got %d %s", status, body)
	}
	resp, err := http.Post(siotest.SocketURL(r.url+"/a/", "polling")+"&sid="+sid, "text/plain", strings.NewReader("1"))
	if err != nil || resp.StatusCode != 200 {
		t.Errorf("close: %v %v", resp, err)
	}
	if err == nil {
		resp.Body.Close()
	}
}

func TestSticky(t *testing.T) {
	machines := []*machine{newMachine(t, ""), newMachine(t, ""), newMachine(t, "")}
	var urls []*url.URL
	for _, m := range machines {
		urls = append(urls, m.url)
	}
	at := func(base string, header http.Header) (which int) {
		t.Helper()
		for _, m := range machines {
			m.came()
		}
		conn, err := siotest.Dial(base, header)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		waitFor(t, "a server to get it", func() bool {
			for i, m := range machines {
				if m.came() > 0 {
					which = i
					return true
				}
			}
			return false
		})
		return which
	}
	for sticky, client := range map[string]func(i int) (string, http.Header){
		"cookie.who": func(i int) (string, http.Header) {
			return "", http.Header{"Cookie": {fmt.Sprintf("x=y; who=%d", i)}}
		},
		"header.x-who": func(i int) (string, http.Header) { return "", http.Header{"X-Who": {fmt.Sprint(i)}} },
		"query.who":    func(i int) (string, http.Header) { return fmt.Sprintf("/socket.io/?who=%d", i), nil },
	} {
		r := poolRig(t, gateway.Upstream{Name: "p", URLs: urls, Sticky: sticky})
		other := poolRig(t, gateway.Upstream{Name: "q", URLs: []*url.URL{urls[2], urls[0], urls[1]}, Sticky: sticky})
		var first []int
		used := map[int]bool{}
		for i := range 20 {
			path, header := client(i)
			first = append(first, at(r.url+path, header))
			used[first[i]] = true
		}
		if len(used) != 3 {
			t.Errorf("%s: only %d servers are used", sticky, len(used))
		}
		for i, want := range first {
			path, header := client(i)
			if got := at(r.url+path, header); got != want {
				t.Errorf("%s: client %d was at %d, comes back to %d", sticky, i, want, got)
			}
			if got := at(other.url+path, header); got != want {
				t.Errorf("%s: client %d was at %d, another gateway sends it to %d", sticky, i, want, got)
			}
		}
		machines[1].stop()
		for i, was := range first {
			path, header := client(i)
			if got := at(r.url+path, header); got == 1 || was != 1 && got != was {
				t.Errorf("%s: client %d moved from %d to %d when 1 went away", sticky, i, was, got)
			}
		}
		machines[1].start(t)
	}
}

func TestUnixUpstream(t *testing.T) {
	m := newMachine(t, filepath.Join(t.TempDir(), "s"))
	for name, change := range map[string]func(*gateway.Options){
		"single": func(o *gateway.Options) { o.Upstream = m.url },
		"pool": func(o *gateway.Options) {
			o.Upstream, o.Upstreams = nil, []gateway.Upstream{{Name: "p", URLs: []*url.URL{m.url}, Passthrough: true}}
		},
	} {
		r := newRig(t, nil, change)
		echoes(t, joined(t, r.url, nil), name)
		if p := <-m.Peers; p.Request.URL.Path != "/socket.io/" || p.Request.Host != "localhost" {
			t.Errorf("%s: %s at %s", name, p.Request.URL.Path, p.Request.Host)
		}
		if _, body := get(t, r.url+"/page"); body != "siotest: /page\n" {
			t.Errorf("%s: plain HTTP: %q", name, body)
		}
		if err := r.Ready(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPoolErrors(t *testing.T) {
	for name, p := range map[string]gateway.Upstream{
		"no URL":    {Name: "x"},
		"a scheme":  {Name: "x", URLs: []*url.URL{{Scheme: "ftp", Host: "h"}}},
		"no host":   {Name: "x", URLs: []*url.URL{{Scheme: "http"}}},
		"no socket": {Name: "x", URLs: []*url.URL{{Scheme: "unix"}}},
		"revision":  {Name: "x", EIO: 5, URLs: []*url.URL{{Scheme: "http", Host: "h"}}},
		"translate": {Name: "x", EIO: 3, Translate: true, URLs: []*url.URL{{Scheme: "http", Host: "h"}}},
		"a path":    {Name: "x", ClientPath: "/", URLs: []*url.URL{{Scheme: "http", Host: "h"}}},
	} {
		opt := gateway.Options{Fixed: gateway.Fixed{Path: "/socket.io/", Upstreams: []gateway.Upstream{p}}, Rules: gateway.Rules{Engine: nothing(t)}}
		if _, err := gateway.New(opt); err == nil || !strings.Contains(err.Error(), "upstream x") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := gateway.New(gateway.Options{Fixed: gateway.Fixed{Path: "/socket.io/"}, Rules: gateway.Rules{Engine: nothing(t)}}); err == nil {
		t.Error("no upstream at all is accepted")
	}
}

// TestConnectMethod: the gateway is no forward proxy.
func TestConnectMethod(t *testing.T) {
	m := newMachine(t, "")
	r := poolRig(t, gateway.Upstream{Name: "p", URLs: []*url.URL{m.url}, Passthrough: true})
	req := httptest.NewRequest(http.MethodConnect, "http://other.example:443", nil)
	w := httptest.NewRecorder()
	if r.ServeHTTP(w, req); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "siotest") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
