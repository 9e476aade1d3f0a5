package listen

import (
	"io"
	"log"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// once is a listener of one connection.
type once struct {
	conns chan net.Conn
	done  chan struct{}
}

func (o *once) Accept() (net.Conn, error) {
	select {
	case c := <-o.conns:
		return c, nil
	case <-o.done:
		return nil, net.ErrClosed
	}
}
func (o *once) Close() error   { return nil }
func (o *once) Addr() net.Addr { return &net.TCPAddr{} }

// served gives the request that net/http's server hands to its handler for these bytes; nil for none.
func served(head []byte) (got *http.Request) {
	ours, theirs := net.Pipe()
	o := &once{make(chan net.Conn, 1), make(chan struct{})}
	o.conns <- theirs
	s := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("Connection", "close")
	})}
	ended := make(chan struct{})
	go func() { _ = s.Serve(o); close(ended) }()
	go func() { _, _ = ours.Write(head) }()
	_, _ = io.Copy(io.Discard, ours)
	ours.Close()
	close(o.done)
	<-ended
	return got
}

// Whatever is taken for an upgrade is a request that net/http's server would have served as the same.
func FuzzUpgradeRequest(f *testing.F) {
	for _, s := range []string{upgradeText, strings.Replace(upgradeText, "Host: h", "Host: h\r\nHost: i", 1),
		strings.Replace(upgradeText, "Host: h\r\n", "", 1), strings.Replace(upgradeText, "Host: h", "Host: h/<", 1),
		strings.Replace(upgradeText, "1.1", "1.0", 1), strings.Replace(upgradeText, "X-Of: a", "X-Of: a\x01", 1),
		strings.Replace(upgradeText, "X-Of: a", "X-Of: a\r\n b", 1), strings.Replace(upgradeText, "X-Of: a", "Content-Length: 3", 1),
		strings.Replace(upgradeText, "X-Of: a", "Transfer-Encoding: chunked", 1), strings.Replace(upgradeText, "/ws", "http://other/ws", 1),
		strings.Replace(upgradeText, "\r\n", "\n", -1), upgradeText + "\r\n", upgradeText[:len(upgradeText)-2],
		strings.Replace(upgradeText, "X-Of: a", "Expect: 100-continue", 1), strings.Replace(upgradeText, "/ws", "//ws", 1),
		strings.Replace(upgradeText, "X-Of: a", "X Of: a", 1), strings.Replace(upgradeText, "X-Of: a", "Pragma: no-cache", 1)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		if len(head) > headSize {
			return
		}
		ours := upgradeRequest(head)
		if ours == nil {
			return
		}
		theirs := served(head)
		if theirs == nil {
			t.Fatalf("net/http refuses %q", head)
		}
		if ours.Method != theirs.Method || !reflect.DeepEqual(ours.URL, theirs.URL) || ours.RequestURI != theirs.RequestURI ||
			ours.Host != theirs.Host || !reflect.DeepEqual(ours.Header, theirs.Header) || ours.Proto != theirs.Proto || ours.Close != theirs.Close ||
			ours.ContentLength != theirs.ContentLength || ours.Body != theirs.Body {
			t.Fatalf("%q\n%+v\n%+v", head, ours, theirs)
		}
	})
}

// Only what is whole is taken, and nothing beyond it.
func TestUpgradeRequest(t *testing.T) {
	if r := upgradeRequest([]byte(upgradeText)); r == nil || r.URL.Path != "/ws" || len(r.Header["X-Of"]) != 2 {
		t.Error("not taken", r)
	}
	for n := range upgradeText {
		if upgradeRequest([]byte(upgradeText[:n])) != nil {
			t.Errorf("taken at %d", n)
		}
	}
	for _, more := range []string{"x", "\r\n", upgradeText} {
		if upgradeRequest([]byte(upgradeText+more)) != nil {
			t.Errorf("taken with %q", more)
		}
	}
}
