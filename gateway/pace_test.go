package gateway_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/gateway"
	"github.com/siogw/siogw/internal/siotest"
)

// plain is a rig whose upstream answers plain HTTP by h, and whose clients have d for each 16 KiB.
func plain(t *testing.T, d time.Duration, h http.HandlerFunc) *rig {
	t.Helper()
	site := httptest.NewServer(h)
	t.Cleanup(site.Close)
	target, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	return newRig(t, nil, func(o *gateway.Options) {
		o.Upstream, o.Limits.HTTP.PassTime, o.Limits.HTTP.BodyTime = target, d, d
	})
}

// say opens a connection, writes text and gives what comes back.
func say(t *testing.T, r *rig, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(siotest.Wait))
	if _, err = io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// A client that sends its body slower than limits.http.pass_time is told so, and the upstream gets no whole request.
func TestSlowBodyOfPlainHTTP(t *testing.T) {
	broken := make(chan error, 1)
	r := plain(t, 100*time.Millisecond, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		broken <- err
	})
	_, answer := say(t, r, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nslow")
	resp, err := http.ReadResponse(answer, nil)
	if err != nil || resp.StatusCode != http.StatusRequestTimeout || !strings.Contains(readAll(t, resp.Body), "body too slow") {
		t.Errorf("got %v, %v", resp, err)
	}
	if _, err := answer.ReadByte(); err != io.EOF {
		t.Errorf("the connection is not closed: %v", err)
	}
	if err := <-broken; err == nil {
		t.Error("the upstream took the body for whole")
	}
	if got := r.Stats().Refused; got[engine.CodeSlowBody] != 1 || got[engine.CodeSlowAnswer] != 0 {
		t.Errorf("counted %v", got)
	}
}

// A body that nobody reads does not hold its connection either.
func TestSlowBodyOfNoRequest(t *testing.T) {
	r := plain(t, 100*time.Millisecond, nil)
	for _, path := range []string{"/socket.io/other", "/socket.io/?EIO=4&transport=polling&sid=unknown"} {
		_, answer := say(t, r, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow")
		if _, err := io.Copy(io.Discard, answer); err != nil {
			t.Errorf("%s: no end but %v", path, err)
		}
	}
}

// A client that stops reading an answer loses its connection.
func TestSlowReaderOfPlainHTTP(t *testing.T) {
	broken := make(chan error, 1)
	r := plain(t, 100*time.Millisecond, func(w http.ResponseWriter, _ *http.Request) {
		var err error
		for b := make([]byte, 64<<10); err == nil; { // more than all buffers between hold
			_, err = w.Write(b)
		}
		broken <- err
	})
	say(t, r, "GET /download HTTP/1.1\r\nHost: x\r\n\r\n")
	<-broken
	waitFor(t, "the count", func() bool { return r.Stats().Refused[engine.CodeSlowAnswer] == 1 })
	if n := r.Stats().Refused[engine.CodeSlowBody]; n != 0 {
		t.Errorf("%d slow bodies", n)
	}
}

// The time that an upstream takes is not the client's, in either direction, and nothing of it stays on the connection.
func TestSlowUpstreamOfPlainHTTP(t *testing.T) {
	const limit = 200 * time.Millisecond
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // 8 MiB: more than lies in buffers
	r := plain(t, limit, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(2 * limit) // nothing is read: the client's sending stands still
		got, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(got, sent) {
			http.Error(w, fmt.Sprint(len(got), err), http.StatusBadRequest)
			return
		}
		for range 2 { // an answer in parts, as of server-sent events
			_, _ = io.WriteString(w, "part ")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(2 * limit)
		}
	})
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	for range 2 { // on one connection
		resp, err := client.Post(r.url+"/slow", "text/plain", bytes.NewReader(sent))
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, resp.Body); resp.StatusCode != http.StatusOK || got != "part part " {
			t.Errorf("got %d %q", resp.StatusCode, got)
		}
	}
	time.Sleep(2 * limit) // what the last answer left behind has passed
	resp, err := client.Get(siotest.SocketURL(r.url, "polling"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := r.Stats().Refused; len(got) != 0 {
		t.Errorf("counted %v", got)
	}
}

func readAll(t *testing.T, body io.ReadCloser) string {
	t.Helper()
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}
