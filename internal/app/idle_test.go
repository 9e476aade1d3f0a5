package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

const idleSecret = "the secret of idle sessions, 32 bytes or more"

const idleConfig = `
listen: 127.0.0.1:0
upstream: { url: "%s" }
admin: { listen: "" }
heartbeat: { interval: 1s, timeout: 60s }
limits: { connections: { per_ip: 100000, rate: 0, rate_per_ip: 0, per_identity: 0, rate_per_identity: 0, sockets_per_ip: 0 } }
identity: { required: true, jwt: { from: [auth.token], secret: "` + idleSecret + `", algorithms: [HS256] } }
policy: { paths: [policy.rego], timeout: 10s }
contract: { files: [contract.yaml] }
plugins: [{ name: sanitize, source: "std:html-sanitizer", match: { kinds: [event], events: [message] }, timeout: 10s }]
decision_log: { output: none }
`

const idlePolicy = `package siogw.authz

allow if input.kind in {"handshake", "emit", "ack"}
allow if { input.kind == "connect"; input.identity.authenticated }
allow if { input.kind == "event"; "member" in input.identity.roles; input.session.transport == "websocket" }
`

const idleContract = `
namespaces: { /: { in: { message: { args: [{ type: object, properties: { text: { type: string } } }], ack_args: [{ type: object }] } } } }
`

// TestIdleSession counts what the heap holds for a session that says nothing, by bytes, with everything configured that
// judges. Clients and upstream are another process. See writeHeap.
func TestIdleSession(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("event loops are Linux's alone")
	}
	for _, tt := range []struct {
		name            string
		browser, speaks bool
		limit           int // with some air
	}{
		{"silent", false, false, 3800},
		{"browser", true, false, 3900},
		{"spoke", true, true, 4000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each := idleBytes(t, 500, tt.browser, tt.speaks, tt.limit)
			t.Logf("%d bytes a session", each)
			if each > tt.limit {
				t.Errorf("%d bytes a session, more than %d", each, tt.limit)
			}
		})
	}
}

// idleBytes gives the live heap of a session, of so many. One that has said something rests after a while, so it looks
// again till there is no more than limit.
func idleBytes(t *testing.T, sessions int, browser, speaks bool, limit int) int {
	crowd := startCrowd(t)
	dir := folder(t, map[string]string{"policy.rego": idlePolicy, "contract.yaml": idleContract})
	a, err := New(t.Context(), parse(t, dir, fmt.Sprintf(idleConfig, crowd.line(t))), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	addr, served := make(chan string, 1), make(chan error, 1)
	go func() { served <- a.Serve(ctx, func(clients, _ net.Addr) { addr <- clients.String() }) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	at := "http://" + <-addr
	crowd.open(t, at, sessions/10, browser, speaks) // what is made once
	before := liveHeap()
	writeHeap(t, "before")
	crowd.open(t, at, sessions, browser, speaks)
	each := (liveHeap() - before) / sessions
	for until := time.Now().Add(15 * time.Second); speaks && each > limit && time.Now().Before(until); {
		time.Sleep(200 * time.Millisecond)
		each = (liveHeap() - before) / sessions
	}
	writeHeap(t, "after")
	if open := int(a.gateway.Stats().Open); open != sessions+sessions/10 {
		t.Errorf("%d sessions are open", open)
	}
	return each
}

// writeHeap writes a profile into the folder that HEAP_PROFILES names, if it does.
func writeHeap(t *testing.T, name string) {
	dir := os.Getenv("HEAP_PROFILES")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name))
	if err == nil {
		err = errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
	}
	if err != nil {
		t.Error(err)
	}
}

// liveHeap gives the bytes that are reachable. What pools keep is so for one collection more.
func liveHeap() int {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// crowd is another process, which is upstream and clients; it does what it reads a line for, and answers by one.
type crowd struct {
	in  io.Writer
	out *bufio.Scanner
}

const crowdVariable = "SIOGW_TEST_CROWD"

func startCrowd(t *testing.T) *crowd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crowdVariable+"=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err = cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // which ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("crowd: %v\n%s", err, &stderr)
		}
	})
	return &crowd{in, bufio.NewScanner(out)}
}

func (p *crowd) line(t *testing.T) string {
	t.Helper()
	if !p.out.Scan() {
		t.Fatalf("the crowd ended: %v", p.out.Err())
	}
	return p.out.Text()
}

func (p *crowd) open(t *testing.T, at string, n int, browser, speaks bool) {
	t.Helper()
	fmt.Fprintln(p.in, at, n, browser, speaks)
	if got := p.line(t); got != strconv.Itoa(n) {
		t.Fatal(got)
	}
}

// init makes the test's own binary that process, if the environment says so.
func init() {
	if os.Getenv(crowdVariable) == "" {
		return
	}
	upstream := httptest.NewServer(&siotest.Server{})
	fmt.Println(upstream.URL)
	opened := 0
	for {
		var at string
		var n int
		var browser, speaks bool
		if _, err := fmt.Scanln(&at, &n, &browser, &speaks); err != nil {
			os.Exit(0)
		}
		for range n {
			c, err := openIdle(at, opened, browser, speaks)
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			opened++
			go func() {
				for err == nil { // pings are answered
					_, err = c.ReadBefore(time.Time{})
				}
			}()
		}
		fmt.Println(n)
	}
}

// openIdle opens the session of a client of its own, as others of the same browser do.
func openIdle(at string, i int, browser, speaks bool) (*siotest.Conn, error) {
	header := http.Header{}
	if browser {
		header = http.Header{
			"Origin": {at}, "Pragma": {"no-cache"}, "Cache-Control": {"no-cache"}, "Accept-Encoding": {"gzip, deflate, br, zstd"},
			"User-Agent":      {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"},
			"Accept-Language": {"en-GB,en-US;q=0.9,en;q=0.8"}, "Cookie": {fmt.Sprintf("session=%032d; theme=dark", i)},
		}
	}
	c, err := siotest.Dial(at, header)
	if err != nil {
		return nil, err
	}
	token := siotest.Token(idleSecret, fmt.Sprintf(`{"sub":"user-%d","roles":["member"],"exp":4102444800}`, i))
	answer, err := c.Connect("/", `{"token":"`+token+`"}`)
	if err == nil && answer.Type != '0' {
		err = fmt.Errorf("CONNECT was refused: %s", answer.Data)
	}
	if err == nil && speaks {
		if err = c.Send(`421["message",{"text":"hello"}]`); err == nil {
			var f siotest.Frame
			if f, err = c.Read(); err == nil && f.Data != `431[{"text":"hello"}]` {
				err = fmt.Errorf("the answer is %s", f)
			}
		}
	}
	return c, err
}
