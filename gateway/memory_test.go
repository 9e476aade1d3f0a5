package gateway_test

import (
	"encoding/binary"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/engineio"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// hoard opens a session and begins a message of which all but the last byte is sent. It gives up when the
// gateway does not take it.
func hoard(t *testing.T, url string, size int) {
	t.Helper()
	d := websocket.Dialer{HandshakeTimeout: siotest.Wait}
	ws, _, err := d.Dial(siotest.SocketURL(url, "websocket"), nil)
	if err != nil {
		return // refused: the budget is used up
	}
	t.Cleanup(func() { ws.Close() })
	head := binary.BigEndian.AppendUint64([]byte{0x82, 0xff}, uint64(size))
	conn := ws.NetConn()
	_ = conn.SetWriteDeadline(time.Now().Add(siotest.Wait))
	_, _ = conn.Write(append(append(head, 0, 0, 0, 0), make([]byte, size-1)...))
}

// Many sessions that each hold a megabyte, under a budget of a few: the most expensive end, new ones are
// refused, and a client that costs little is served all the while.
func TestMemoryBudget(t *testing.T) {
	const budget, size, hostile = 8 << 20, 990_000, 40
	r := newRig(t, nil, func(o *gateway.Options) { o.Limits.Memory = budget })
	good, _ := r.joined(t, "/")
	var most atomic.Int64
	served := 0
	for range hostile {
		hoard(t, r.url, size)
		wantAlive(t, good)
		served++
		most.Store(max(most.Load(), r.Stats().Held))
	}
	waitFor(t, "the budget to be kept", func() bool { return r.Stats().Held <= budget })
	waitFor(t, "sessions to be closed", func() bool { return r.Stats().Closed[engineio.OutOfMemory] > 0 })
	wantAlive(t, good)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("held at most %d KiB; %d of %d closed; heap %d KiB", most.Load()>>10, r.Stats().Closed[engineio.OutOfMemory], hostile, m.HeapInuse>>10)
	if most.Load() > 2*budget {
		t.Error("held at most", most.Load())
	}
	found := false
	for _, code := range r.denied() {
		found = found || code == engine.CodeMemory
	}
	if !found {
		t.Error("the log does not say so")
	}
}

// A session more is refused when there is no room for one, on exactly that side of the limit.
func TestMemoryAdmission(t *testing.T) {
	const each = 64 << 10
	r := newRig(t, nil, func(o *gateway.Options) { o.Limits.Memory = 3*each + each/2 })
	first, _ := r.client(t)
	r.client(t)
	r.client(t)
	_, err := siotest.Dial(r.url, nil)
	if no, ok := err.(*siotest.Refused); !ok || no.Status != http.StatusTooManyRequests || !strings.Contains(no.Body, "out of memory") {
		t.Fatal(err)
	}
	first.Stop()
	waitFor(t, "room", func() bool { return r.Stats().Held == 2*each })
	r.client(t)
}

// A client that does not read costs at most the budget, and ends for it.
func TestMemoryOfSlowReaders(t *testing.T) {
	const budget = 4 << 20
	r := newRig(t, nil, func(o *gateway.Options) { o.Limits.Memory, o.Limits.UpstreamPayload = budget, 1<<20 })
	good, _ := r.joined(t, "/")
	big := strings.Repeat("x", 900<<10)
	for range 10 {
		d := websocket.Dialer{HandshakeTimeout: siotest.Wait, NetDial: func(network, addr string) (net.Conn, error) {
			conn, err := net.Dial(network, addr)
			if err == nil {
				_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
			}
			return conn, err
		}}
		ws, _, err := d.Dial(siotest.SocketURL(r.url, "websocket"), nil)
		if err != nil {
			continue
		}
		t.Cleanup(func() { ws.Close() })
		_ = ws.SetWriteDeadline(time.Now().Add(siotest.Wait))
		for _, text := range []string{"40", `42["` + "a" + `","` + big + `"]`, `42["b","` + big + `"]`, `42["c","` + big + `"]`} {
			_ = ws.WriteMessage(websocket.TextMessage, []byte(text))
		}
		wantAlive(t, good)
	}
	waitFor(t, "the budget to be kept", func() bool { return r.Stats().Held <= budget })
	wantAlive(t, good)
}
