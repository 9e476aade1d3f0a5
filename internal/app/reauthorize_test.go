package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/siotest"
)

// TestReauthorize: data that a policy reads changes, and by the reload a live connection ends. The listener begins a pass
// when it is asked to, but not by a page.
func TestReauthorize(t *testing.T) {
	r := newReloadable(t, "")
	c := siotest.NewClient(t, r.url, nil)
	c.Join("/", "")
	ask := func(header string) int {
		req := httptest.NewRequest("POST", "/reauthorize", nil)
		if header != "" {
			req.Header.Set(header, "http://evil.example")
		}
		w := httptest.NewRecorder()
		r.Admin().ServeHTTP(w, req)
		return w.Code
	}
	if got := ask("Origin"); got != http.StatusForbidden {
		t.Errorf("a page was answered %d", got)
	}
	if got := ask(""); got != http.StatusAccepted {
		t.Errorf("answered %d", got)
	}
	judged := func() bool {
		_, metrics := scrape(t, r.Admin(), "/metrics")
		return strings.Contains(metrics, `siogw_reauthorized_total{result="kept",what="namespace"} 1`)
	}
	for end := time.Now().Add(2 * siotest.Wait); !judged(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody was judged again")
		}
	}
	r.write(map[string]string{"data.json": `{"n": 2}`, "policy.rego": "package siogw.authz\n\nallow if { input.kind == \"connect\"; data.n == 1 }\n"})
	if _, err := r.ReadAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := c.Next().String(); !strings.HasPrefix(got, `42["siogw:denied",{"error":{"code":101,`) {
		t.Errorf("told %s", got)
	}
	c.Want("41")
}
