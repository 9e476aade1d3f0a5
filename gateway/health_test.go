package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

func nothing(t *testing.T) *engine.Engine {
	t.Helper()
	e, err := engine.New(engine.Stage{Name: "policy", Plugin: judge(allowAll), Phase: engine.Policy})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func do(t *testing.T, req *http.Request) (status int, body string) {
	t.Helper()
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// answering is a server in front of m that answers with status while that is not 0.
func answering(t *testing.T, m http.Handler) (at *url.URL, status *atomic.Int32, asked *atomic.Int32) {
	t.Helper()
	status, asked = new(atomic.Int32), new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if n := status.Load(); n != 0 {
			http.Error(w, "no", int(n))
			return
		}
		m.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return at, status, asked
}

// TestWhatTakesServersDown: a status that an application gives to one client says nothing of its server.
func TestWhatTakesServersDown(t *testing.T) {
	for _, c := range []struct {
		status   int
		failover bool
	}{{400, false}, {403, false}, {500, false}, {502, true}, {503, true}, {504, true}} {
		m, spare := newMachine(t, ""), newMachine(t, "")
		at, status, _ := answering(t, &m.Server)
		status.Store(int32(c.status))
		r := poolRig(t, gateway.Upstream{Name: "p", URLs: []*url.URL{at, spare.url}, Sticky: "query.to", Health: gateway.Health{Failures: 2}})
		to := firstTo(t, r, at)
		for range 3 {
			conn, err := siotest.Dial(r.url+"/socket.io/?to="+to, nil)
			if (err == nil) != c.failover {
				t.Errorf("%d: %v", c.status, err)
			}
			if err == nil {
				conn.Close()
			}
		}
		u := r.Upstreams()[0]
		s := u.Servers[0]
		if s.Up == c.failover {
			t.Errorf("%d: up is %v", c.status, s.Up)
		}
		if c.failover && (s.Failed < 2 || u.Failovers < 2) || !c.failover && s.Refused < 3 {
			t.Errorf("%d: %+v", c.status, u)
		}
	}
}

// firstTo finds a value of the sticky key whose first choice is the server at u.
func firstTo(t *testing.T, r *rig, u *url.URL) string {
	t.Helper()
	tried := func() (n uint64) {
		for _, s := range r.Upstreams()[0].Servers {
			if strings.HasSuffix(s.Address, u.Host) {
				n = s.Opened + s.Refused + s.Failed
			}
		}
		return n
	}
	for _, key := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		before := tried()
		conn, err := siotest.Dial(r.url+"/socket.io/?to="+key, nil)
		if err == nil {
			conn.Close()
		}
		if tried() > before {
			return key
		}
	}
	t.Fatal("no key of 26 goes to the first server")
	return ""
}

func TestChecks(t *testing.T) {
	for _, c := range []struct {
		check  string
		status int
		up     bool
	}{
		{"handshake", 0, true}, {"handshake", 401, true}, {"handshake", 500, false}, {"handshake", 503, false},
		{"http", 0, false}, // the path is not there: 404
		{"http", 204, true}, {"http", 302, true}, {"http", 400, false}, {"http", 500, false},
	} {
		m := newMachine(t, "")
		at, status, asked := answering(t, &m.Server)
		status.Store(int32(c.status))
		r := poolRig(t, gateway.Upstream{Name: "p", URLs: []*url.URL{at},
			Health: gateway.Health{Check: c.check, Path: "/healthz", Interval: time.Millisecond, Failures: 3}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); r.CheckUpstreams(ctx) }()
		waitFor(t, "some checks", func() bool { return asked.Load() > 5 })
		cancel()
		<-ended
		if s := r.Upstreams()[0].Servers[0]; s.Up != c.up || s.Up != (s.Error == "") || s.Sessions != 0 || s.Opened != 0 {
			t.Errorf("%s, %d: %+v", c.check, c.status, s)
		}
		if err := r.Ready(t.Context()); (err == nil) != c.up {
			t.Errorf("%s, %d: ready: %v", c.check, c.status, err)
		}
	}
}

// TestFailuresInARow needs exactly as many as configured.
func TestFailuresInARow(t *testing.T) {
	m := newMachine(t, "")
	at, status, _ := answering(t, &m.Server)
	r := poolRig(t, gateway.Upstream{Name: "p", URLs: []*url.URL{at}, Health: gateway.Health{Failures: 3}})
	try := func(code int32) bool {
		status.Store(code)
		if conn, err := siotest.Dial(r.url, nil); err == nil {
			conn.Close()
		}
		return r.Upstreams()[0].Servers[0].Up
	}
	for i, c := range []struct {
		status int32
		up     bool
	}{{503, true}, {503, true}, {0, true}, {503, true}, {503, true}, {503, false}, {503, false}, {0, true}} {
		if up := try(c.status); up != c.up {
			t.Errorf("handshake %d, status %d: up is %v", i, c.status, up)
		}
	}
}

// TestBlackHole: a server that takes connections and says nothing holds a handshake for its share of the time.
func TestBlackHole(t *testing.T) {
	m := newMachine(t, "")
	hole, _, _ := answering(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	r := poolRig(t, gateway.Upstream{Name: "p", URLs: []*url.URL{hole, m.url}, Health: gateway.Health{Failures: 1}})
	for range 2 { // one of the two begins with the hole
		echoes(t, joined(t, r.url, nil), "hello")
	}
	if u := r.Upstreams()[0]; u.Failovers != 1 || u.Servers[0].Up {
		t.Errorf("%+v", u)
	}
}

// TestClientLeaves says nothing of the server.
func TestClientLeaves(t *testing.T) {
	begun := make(chan struct{}, 1)
	hole, _, _ := answering(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		<-r.Context().Done()
	}))
	r := poolRig(t, gateway.Upstream{Name: "p", URLs: []*url.URL{hole}, Health: gateway.Health{Failures: 1}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/socket.io/?EIO=4&transport=polling", nil))
	}()
	<-begun
	cancel()
	<-ended
	if s := r.Upstreams()[0].Servers[0]; !s.Up || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
}
