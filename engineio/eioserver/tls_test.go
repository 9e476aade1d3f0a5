package eioserver

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siogw/siogw/engineio"
)

// TestTLS runs what differs over TLS, where no write can be tried: order, a slow reader, and an end in order.
func TestTLS(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.HighWater, o.HardLimit, o.WriteTimeout = 64<<10, 1<<20, 300*time.Millisecond
	})
	srv := httptest.NewTLSServer(r.Server)
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: roots}}
	open := func() (*websocket.Conn, *obedient) {
		ws, _, err := d.Dial("wss"+strings.TrimPrefix(srv.URL, "https")+overWebSocket, nil)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, ws, "0{")
		return ws, r.next(t)
	}

	ws, h := open()
	defer ws.Close()
	go put(t, ws, numbers(0, many)...)
	for i := range many {
		expect(t, ws, "4"+strconv.Itoa(i))
	}
	h.s.Send(text4("bye"))
	h.s.Close(engineio.Denied)
	expect(t, ws, "4bye")
	expect(t, ws, "close 1005")
	if got := h.reason(t); got != engineio.Denied {
		t.Error(got)
	}

	slow, h := open()
	defer slow.Close()
	var got engineio.Reason
	for got == 0 { // until the network takes no more
		full := !h.s.Send(text4(strings.Repeat("x", 4096)))
		h.s.Flush()
		if full {
			select {
			case <-h.writable:
			case got = <-h.closed:
			case <-time.After(patience):
				t.Fatal("neither room nor an end")
			}
		}
	}
	if got != engineio.SlowReader {
		t.Error(got)
	}
	_, _ = io.Copy(io.Discard, slow.NetConn())
}

// What was sent before the answer may fill the buffer; the handler still hears when there is room.
func TestFullBeforeAnswer(t *testing.T) {
	r := newRig(t, func(o *Options) { o.HighWater, o.HardLimit = 1000, 10000 })
	accept := r.options().Accept
	r.options().Accept = func(o *Opening) (engineio.Handler, error) {
		if o.Session.Send(text4(strings.Repeat("x", 2000))) {
			t.Error("below the mark")
		}
		return accept(o)
	}
	ws := r.dial(t, "")
	h := r.next(t)
	expect(t, ws, "4x")
	select {
	case <-h.writable:
	case <-time.After(patience):
		t.Fatal("not told")
	}
}
