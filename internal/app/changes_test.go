package app

import (
	"crypto/sha256"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/siotest"
)

// A reload tells what changed by name, in the answer and in the log.
func TestReloadTellsWhat(t *testing.T) {
	r := newReloadable(t, "heartbeat: { interval: 20s }\n")
	yaml, err := os.ReadFile(filepath.Join(r.dir, "siogw.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	two := numbered(2)
	digest := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:12] }
	guest := "guest.wasm"
	for _, c := range []struct {
		files map[string]string
		want  []string
	}{
		{nil, nil},
		{map[string]string{"policy.rego": two["policy.rego"], "data.json": two["data.json"]}, []string{"data data.json", "policy policy.rego"}},
		{map[string]string{"contract.yaml": two["contract.yaml"]}, []string{"contract contract.yaml"}},
		{map[string]string{guest: two[guest]}, []string{"plugin guest sha256:" + digest(two[guest])}},
		{map[string]string{"siogw.yaml": strings.NewReplacer("interval: 20s", "interval: 21s", "timeout: 5s", "timeout: 4s").Replace(string(yaml))},
			[]string{"heartbeat.interval", "plugin guest sha256:" + digest(two[guest])}},
		{map[string]string{"siogw.yaml": strings.NewReplacer("name: guest", "name: other", "policy.rego, data.json", "policy.rego").Replace(string(yaml)),
			"policy.rego": "package siogw.authz\nallow := true\n"},
			[]string{"heartbeat.interval", "policy.paths", "data data.json (gone)", "policy policy.rego", "plugin guest (gone)", "plugin other (new) sha256:" + digest(two[guest])}},
	} {
		r.write(c.files)
		did, err := r.ReadAgain(t.Context())
		if err != nil || !slices.Equal(did.What, c.want) {
			t.Errorf("%q, %v; want %q", did.What, err, c.want)
		}
		if line := "what=" + strconv.Quote(strings.Join(c.want, ", ")); len(c.want) > 1 && !strings.Contains(r.own.String(), line) {
			t.Errorf("no %s in the log:\n%s", line, r.own.String())
		}
	}
	if !strings.Contains(r.own.String(), "changed=nothing") {
		t.Error("a reload that changes nothing does not say so")
	}
}

// Counters go on over reloads, those of what is replaced too.
func TestCountersOverReloads(t *testing.T) {
	r := newReloadable(t, "")
	c := siotest.NewClient(t, r.url, nil)
	c.Join("/", "")
	find := regexp.MustCompile(`(?m)^(siogw_policy_memo_(?:hits|misses|stored)_total) (\d+)$`)
	counters := func() map[string]int {
		w := httptest.NewRecorder()
		r.Admin().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		out := map[string]int{}
		for _, m := range find.FindAllStringSubmatch(w.Body.String(), -1) {
			out[m[1]], _ = strconv.Atoi(m[2])
		}
		return out
	}
	last := counters()
	for i := range 6 {
		for range 3 {
			r.ask(c, 1, 1)
		}
		now := counters()
		if len(now) != 3 || now["siogw_policy_memo_hits_total"] <= last["siogw_policy_memo_hits_total"] ||
			now["siogw_policy_memo_misses_total"] <= last["siogw_policy_memo_misses_total"] {
			t.Errorf("%d: %v after %v", i, now, last)
		}
		last = now
		r.write(map[string]string{"data.json": fmt.Sprintf(`{"n": 1, "i": %d}`, i)})
		if _, err := r.ReadAgain(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, n := range counters() {
			if n < last[name] {
				t.Errorf("%s went back from %d to %d", name, last[name], n)
			}
		}
	}
}
