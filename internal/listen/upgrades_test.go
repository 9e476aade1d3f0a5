package listen

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const upgradeText = "GET /ws?x=1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Of: a\r\nX-Of: b\r\n\r\n"

// gate is a listener of connections that are handed over.
type gate struct {
	net.Listener
	conns chan net.Conn
	stop  chan struct{}
	once  sync.Once
}

func (g *gate) Accept() (net.Conn, error) {
	select {
	case c := <-g.conns:
		return c, nil
	case <-g.stop:
		return nil, net.ErrClosed
	}
}

func (g *gate) Close() error {
	g.once.Do(func() { close(g.stop) })
	return nil
}

// upgrading serves h by Upgrades, and by net/http what these leave, which others counts.
type upgrading struct {
	address string
	u       *Upgrades
	others  atomic.Int32
	late    atomic.Int32
}

func serveUpgrades(t testing.TB, limit time.Duration, h http.HandlerFunc) *upgrading {
	t.Helper()
	l, err := Open("127.0.0.1:0", 0)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{Listener: l, conns: make(chan net.Conn), stop: make(chan struct{})}
	s := &http.Server{Handler: h, ReadHeaderTimeout: limit, ErrorLog: log.New(io.Discard, "", 0)}
	out := &upgrading{address: l.Addr().String(), u: NewUpgrades()}
	door := &Door{Handler: h, Path: func(p string) bool { return p == "/ws" }, HeaderTime: limit,
		Late: func() { out.late.Add(1) }, Log: s.ErrorLog, Other: func(c net.Conn) { out.others.Add(1); g.conns <- c }}
	var running sync.WaitGroup
	running.Go(func() { _ = s.Serve(g) })
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if !out.u.Serve(c, door) {
				t.Error("a TCP connection is not looked at")
			}
		}
	})
	t.Cleanup(func() {
		l.Close()
		out.u.Close()
		s.Close()
		running.Wait()
	})
	return out
}

func (u *upgrading) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", u.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// echoUpgrade says what it was asked, and then echoes.
func echoUpgrade(w http.ResponseWriter, r *http.Request) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer c.Close()
	fmt.Fprintf(c, "%s %s %s %s %q\n", r.Method, r.URL, r.Host, r.RemoteAddr, r.Header)
	_, _ = io.Copy(c, rw)
}

// An upgrade is served without net/http, however often; the same in two parts is net/http's, and is told the same.
func TestUpgrade(t *testing.T) {
	u := serveUpgrades(t, patience, echoUpgrade)
	for i := range 3 * len(upgradeText) {
		c := u.dial(t)
		cut := i % len(upgradeText)
		before := u.others.Load()
		if cut > 0 {
			_, _ = io.WriteString(c, upgradeText[:cut])
			for deadline := time.Now().Add(patience); u.others.Load() == before; time.Sleep(100 * time.Microsecond) {
				if time.Now().After(deadline) {
					t.Fatal("a part is not left to net/http")
				}
			}
		}
		_, _ = io.WriteString(c, upgradeText[cut:])
		in := bufio.NewReader(c)
		line, err := in.ReadString('\n')
		want := fmt.Sprintf("GET /ws?x=1 h %s map[\"Connection\":[\"Upgrade\"] \"Upgrade\":[\"websocket\"] \"X-Of\":[\"a\" \"b\"]]\n", c.LocalAddr())
		if err != nil || line != want {
			t.Fatalf("cut at %d: %v\n%q\n%q", cut, err, line, want)
		}
		_, _ = io.WriteString(c, "hello\n")
		if line, err = in.ReadString('\n'); line != "hello\n" {
			t.Fatalf("cut at %d: %q %v", cut, line, err)
		}
		if left := u.others.Load() > before; left != (cut > 0) {
			t.Fatalf("cut at %d: left to net/http: %t", cut, left)
		}
		c.Close()
	}
}

// A refusal is an answer as net/http gives it, and ends the connection.
func TestUpgradeRefused(t *testing.T) {
	u := serveUpgrades(t, patience, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Why", "full")
		http.Error(w, "no", http.StatusTooManyRequests)
	})
	c := u.dial(t)
	_, _ = io.WriteString(c, upgradeText)
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode != 429 || string(body) != "no\n" || err != nil || resp.Header.Get("X-Why") != "full" || !resp.Close || resp.Header.Get("Date") == "" {
		t.Errorf("%v %q %v", resp, body, err)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Error("the connection stays:", err)
	}
}

// A handler that panics costs its own connection.
func TestUpgradePanics(t *testing.T) {
	u := serveUpgrades(t, patience, func(http.ResponseWriter, *http.Request) { panic("oh") })
	for range 3 {
		c := u.dial(t)
		_, _ = io.WriteString(c, upgradeText)
		if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
			t.Errorf("%q %v", b, err)
		}
	}
}

// A client that leaves before it is answered ends its request, and one that says more does not.
func TestUpgradeClientLeaves(t *testing.T) {
	begun, ended := make(chan bool, 1), make(chan error, 1)
	u := serveUpgrades(t, patience, func(_ http.ResponseWriter, r *http.Request) {
		begun <- true
		select {
		case <-r.Context().Done():
			ended <- nil
		case <-time.After(patience):
			ended <- errors.New("the request goes on")
		}
	})
	c := u.dial(t)
	_, _ = io.WriteString(c, upgradeText)
	<-begun
	c.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What a client says while its handshake takes long is there afterwards, and reading waits again.
func TestUpgradeTakesLong(t *testing.T) {
	said := make(chan bool)
	u := serveUpgrades(t, patience, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(2 * lookAfter) // so that it is looked after
		<-said
		if r.Context().Err() != nil {
			t.Error("the request has ended")
		}
		echoUpgrade(w, r)
	})
	for _, early := range []string{"", "early\n"} {
		c := u.dial(t)
		_, _ = io.WriteString(c, upgradeText)
		_, _ = io.WriteString(c, early)
		said <- true
		in := bufio.NewReader(c)
		if _, err := in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "late\n")
		for _, want := range []string{early, "late\n"} {
			if want == "" {
				continue
			}
			if got, err := in.ReadString('\n'); got != want {
				t.Errorf("%q %v", got, err)
			}
		}
		c.Close()
	}
}

// Who says nothing, or not all, is cut off in time; the former is counted here.
func TestUpgradeHeaderTime(t *testing.T) {
	u := serveUpgrades(t, 50*time.Millisecond, echoUpgrade)
	for n, text := range []string{upgradeText[:20], "", upgradeText[:len(upgradeText)-1]} {
		c := u.dial(t)
		_, _ = io.WriteString(c, text)
		if b, err := io.ReadAll(c); strings.Contains(string(b), "map[") || err != nil {
			t.Errorf("%d: %q %v", n, b, err)
		}
	}
	if u.late.Load() != 1 {
		t.Errorf("%d counted", u.late.Load())
	}
}

// The time of a header that has begun goes on at net/http.
func TestBegunDeadline(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	c := &Begun{Conn: ours, first: []byte("abc"), by: time.Now().Add(-time.Second), limited: true}
	_ = c.SetReadDeadline(time.Now().Add(time.Hour))
	b := make([]byte, 2)
	for _, want := range []string{"ab", "c"} {
		if n, err := c.Read(b); string(b[:n]) != want || err != nil {
			t.Fatal(b[:n], err)
		}
	}
	if _, err := c.Read(b); !late(err) {
		t.Error("a header has more time:", err)
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	go func() { _, _ = theirs.Write([]byte("x")) }()
	if _, err := c.Read(b); err != nil {
		t.Error("the next has none:", err)
	}
}

// Shutdown ends who asks for nothing, and waits for those who did.
func TestUpgradesShutdown(t *testing.T) {
	begun, on := make(chan bool), make(chan bool)
	u := serveUpgrades(t, patience, func(w http.ResponseWriter, _ *http.Request) {
		begun <- true
		<-on
		if c, _, err := http.NewResponseController(w).Hijack(); err != nil {
			t.Error(err)
		} else {
			fmt.Fprint(c, "on")
			c.Close()
		}
	})
	idle, asks := u.dial(t), u.dial(t)
	_, _ = io.WriteString(asks, upgradeText)
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := u.u.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if b, err := io.ReadAll(idle); len(b) > 0 || err != nil {
		t.Errorf("%q %v", b, err)
	}
	close(on)
	if err := u.u.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if b, err := io.ReadAll(asks); string(b) != "on" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	next := u.dial(t)
	if _, err := io.ReadAll(next); err != nil {
		t.Error("somebody serves after the end:", err)
	}
}

// Close ends those who ask, too, and nothing becomes a WebSocket after it.
func TestUpgradesClose(t *testing.T) {
	begun, failed := make(chan bool), make(chan error, 1)
	u := serveUpgrades(t, patience, func(w http.ResponseWriter, r *http.Request) {
		begun <- true
		<-r.Context().Done()
		_, _, err := http.NewResponseController(w).Hijack()
		failed <- err
	})
	c := u.dial(t)
	_, _ = io.WriteString(c, upgradeText)
	<-begun
	u.u.Close()
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	if b, err := io.ReadAll(c); strings.Contains(string(b), "101") {
		t.Errorf("%q %v", b, err)
	}
}

// What comes between a request and its answer is seen by who takes the connection over, at once.
func TestUpgradeEarly(t *testing.T) {
	begun, on, early := make(chan bool), make(chan bool), make(chan int, 1)
	u := serveUpgrades(t, patience, func(w http.ResponseWriter, _ *http.Request) {
		begun <- true
		<-on
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		early <- rw.Reader.Buffered()
		c.Close()
	})
	for _, text := range []string{"", "x"} {
		c := u.dial(t)
		_, _ = io.WriteString(c, upgradeText)
		<-begun
		_, _ = io.WriteString(c, text) // on this machine it is there when this returns
		on <- true
		if n := <-early; n != len(text) {
			t.Errorf("%d bytes of %q", n, text)
		}
	}
}
