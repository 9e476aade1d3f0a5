package eioserver

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// An idle WebSocket session is one goroutine, or none on an event loop, and little memory; the figure is the server's side alone, as the
// clients here are bare connections.
func TestIdleCost(t *testing.T) {
	const sessions = 200
	r := newRig(t, nil)
	open := func() {
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", overWebSocket)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != 101 {
			t.Fatal(resp, err)
		}
		r.next(t)
	}
	open()
	goroutines, bytes := usage(t, runtime.NumGoroutine()) // of the first session and the rest of the process
	for range sessions {
		open()
	}
	more, limit := sessions, 32<<10
	if loops != nil {
		more, limit = sessions/10, 4<<10 // loops that begin to run, and workers of a machine that is busy; not one each
	}
	g, b := usage(t, goroutines+more)
	if g > goroutines+more {
		t.Errorf("%d goroutines for %d sessions", g-goroutines, sessions)
	}
	each := (b - bytes) / sessions
	t.Logf("%d bytes a session", each)
	if each > limit {
		t.Errorf("%d bytes a session", each)
	}
}

// usage gives goroutines and memory, after those beyond limit had time to end.
func usage(t *testing.T, limit int) (goroutines, bytes int) {
	await(t, func() bool { return runtime.NumGoroutine() <= limit })
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), int(m.HeapAlloc + m.StackInuse)
}
