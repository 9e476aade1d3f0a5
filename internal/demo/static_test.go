package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// vendored is the sum of dist/socket.io.min.js of the npm package socket.io-client 4.8.4.
const vendored = "d5d79a35039e860b32bdef4795528b05c2f788d4b2d9dacc913120e2878f7b3f"

func file(t *testing.T, name string) string {
	t.Helper()
	data, err := fs.ReadFile(static(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestVendored(t *testing.T) {
	sum := sha256.Sum256([]byte(file(t, "vendor/socket.io.min.js")))
	if got := hex.EncodeToString(sum[:]); got != vendored {
		t.Errorf("socket.io.min.js has the sum %s, want %s", got, vendored)
	}
	if !strings.Contains(file(t, "vendor/README.md"), vendored) {
		t.Error("the README notes another sum")
	}
	if !strings.Contains(file(t, "vendor/socket.io.LICENSE"), "The MIT License") {
		t.Error("no licence")
	}
}

// The page works offline and under its own Content-Security-Policy: nothing from elsewhere, nothing inline.
func TestPageIsSelfContained(t *testing.T) {
	page := file(t, "index.html")
	for _, name := range []string{"index.html", "style.css", "demo.js"} {
		if found := regexp.MustCompile(`https?://[^"' ]+`).FindString(file(t, name)); found != "" {
			t.Errorf("%s refers to %s", name, found)
		}
	}
	for _, inline := range []string{`<style`, ` style="`, `<script>`, ` onclick=`} {
		if strings.Contains(page, inline) {
			t.Errorf("the page holds %s", inline)
		}
	}
	if strings.Contains(file(t, "demo.js"), "innerHTML") {
		t.Error("what arrives is shown as HTML")
	}
}

func TestLogin(t *testing.T) {
	u, err := newUpstream([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]int{"ada": 200, "mallory": 200, "eve": 403, "": 403} {
		r := httptest.NewRequest("POST", "/login", strings.NewReader(url.Values{"user": {user}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		u.mux.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", user, w.Code, want)
		}
	}
}

func TestPageHeaders(t *testing.T) {
	u, err := newUpstream(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/demo.js", "/vendor/socket.io.min.js", "/policy.rego", "/siogw.yaml"} {
		w := httptest.NewRecorder()
		u.mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 || w.Header().Get("Content-Security-Policy") != pageSecurity {
			t.Errorf("%s: %d, policy %q", path, w.Code, w.Header().Get("Content-Security-Policy"))
		}
	}
}
