package eioserver

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/siogw/siogw/engineio"
)

// TestMain runs every test with portable WebSockets and with those of event loops.
func TestMain(m *testing.M) { goleak.VerifyTestMain(kinds{m}) }

type kinds struct{ *testing.M }

func (k kinds) Run() int {
	code := k.M.Run()
	fuzzing := flag.Lookup("test.fuzz").Value.String() != ""
	if loops = NewLoops(2); loops != nil && code == 0 && !fuzzing {
		fmt.Println("and on event loops:")
		code = k.M.Run()
	}
	return code
}

// loops serve the WebSockets of rigs; nil where they are portable.
var loops *Loops

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// rig is a server whose handlers obey what they are sent, and what became of its sessions.
type rig struct {
	*Server
	url  string
	http *httptest.Server

	accepted chan *obedient
}

// newRig starts a server; edit may change its options.
func newRig(tb testing.TB, edit func(*Options)) *rig {
	tb.Helper()
	r := &rig{accepted: make(chan *obedient, 1000)}
	o := Options{Loops: loops, Accept: func(o *Opening) (engineio.Handler, error) {
		h := &obedient{s: o.Session, closed: make(chan engineio.Reason, 10), writable: make(chan struct{}, 1000)}
		r.accepted <- h
		return h, nil
	}}
	if edit != nil {
		edit(&o)
	}
	var err error
	if r.Server, err = New(o); err != nil {
		tb.Fatal(err)
	}
	r.http = httptest.NewServer(r.Server)
	r.url = r.http.URL
	tb.Cleanup(r.stop)
	return r
}

// stop ends what is left without asking the clients.
func (r *rig) stop() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = r.Shutdown(ctx)
	r.http.CloseClientConnections()
	r.http.Close()
}

// next gives the handler of the session that was opened next.
func (r *rig) next(tb testing.TB) *obedient {
	tb.Helper()
	select {
	case h := <-r.accepted:
		return h
	case <-time.After(patience):
		tb.Fatal("no session was opened")
		return nil
	}
}

// obedient is a handler that echoes messages, except those that are an order.
type obedient struct {
	s        *Session
	closed   chan engineio.Reason
	writable chan struct{}

	mu     sync.Mutex
	got    []string
	passes int
	calls  int // under way
	broken string
	mute   bool
}

func (h *obedient) enter() func() {
	h.mu.Lock()
	h.calls++
	if h.calls > 1 {
		h.broken = "two calls of the handler at a time"
	}
	h.mu.Unlock()
	return func() {
		h.mu.Lock()
		h.calls--
		h.mu.Unlock()
	}
}

func (h *obedient) Packet(p engineio.Packet) {
	defer h.enter()()
	text := string(p.Data)
	h.mu.Lock()
	h.got = append(h.got, text)
	mute := h.mute
	h.mu.Unlock()
	order, arg, _ := strings.Cut(text, " ")
	n, _ := strconv.Atoi(arg)
	switch {
	case mute:
	case order == "close":
		h.s.Close(engineio.Reason(n))
	case order == "pause":
		h.s.Pause()
	case order == "burst":
		for i := range n {
			h.s.Send(text4(strconv.Itoa(i)))
		}
	case order == "sendclose":
		h.s.Send(text4("last"))
		h.s.Close(engineio.Denied)
	default:
		h.s.Send(p)
	}
}

func (h *obedient) PassEnd() {
	defer h.enter()()
	h.mu.Lock()
	h.passes++
	h.mu.Unlock()
	h.s.Flush()
}

func (h *obedient) Writable() {
	defer h.enter()()
	h.writable <- struct{}{}
}

func (h *obedient) Closed(r engineio.Reason) { h.closed <- r }

// reason waits for the end of the session, and sees that it is told once.
func (h *obedient) reason(tb testing.TB) engineio.Reason {
	tb.Helper()
	select {
	case r := <-h.closed:
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.broken != "" {
			tb.Error(h.broken)
		}
		if len(h.closed) > 0 {
			tb.Errorf("closed twice: %v, then %v", r, <-h.closed)
		}
		return r
	case <-time.After(patience):
		tb.Fatal("the session did not end")
		return 0
	}
}

func text4(s string) engineio.Packet {
	return engineio.Packet{Type: engineio.Message, Data: []byte(s)}
}
