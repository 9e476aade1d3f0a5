package app

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/siotest"
)

// Headers have limits.http.header_time: who is slower is cut off, who takes less is answered however the bytes come.
func TestHeaderTime(t *testing.T) {
	up := siotest.NewUpstream(t, nil)
	const request = "GET /socket.io/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for limit, whole := range map[string]bool{"100ms": false, "10m": true} {
		s := serve(t, "", "listen: 127.0.0.1:0\nupstream: { url: '"+up.URL+"' }\nlimits: { http: { header_time: "+limit+" } }\n")
		conn, err := net.Dial("tcp", s.clients)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(siotest.Wait))
		for i := range request {
			if !whole && i == len(request)-1 {
				break // the last byte never comes
			}
			if _, err := io.WriteString(conn, request[i:i+1]); err != nil {
				break // cut off already
			}
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if answered := err == nil && resp.StatusCode == http.StatusNotFound; answered != whole || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v, %v", limit, resp, err)
		}
		count := func() uint64 { return s.gateway.Stats().Refused[engine.CodeSlowHeaders] }
		if whole && count() != 0 {
			t.Error("counted, though it was answered")
		}
		if !whole {
			waitFor(t, "the count", func() bool { return count() == 1 })
		}
	}
}
