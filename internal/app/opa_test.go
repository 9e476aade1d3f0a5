package app

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/siogw/siogw/internal/bundletest"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/siotest"
)

const bundleKey = "a-secret-of-thirty-two-bytes-or-more"

// bundle is a bundle of modules by path, signed with key unless that is empty.
func bundle(revision, key string, modules map[string]string) *bundletest.Bundle {
	return &bundletest.Bundle{Revision: revision, Key: key, Modules: modules}
}

// control is the service of OPA's management: bundles, and what is uploaded.
type control struct {
	*httptest.Server
	t       *testing.T
	bundles bundletest.Server

	mu     sync.Mutex
	events []map[string]any
	status []map[string]any
}

func newControl(t *testing.T) *control {
	c := &control{t: t}
	mux := http.NewServeMux()
	mux.Handle("GET /bundles/{name}", &c.bundles)
	mux.HandleFunc("POST /logs", c.take(&c.events))
	mux.HandleFunc("POST /status", func(_ http.ResponseWriter, r *http.Request) {
		var one map[string]any
		if json.NewDecoder(r.Body).Decode(&one) == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.status = append(c.status, one)
		}
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(func() { c.CloseClientConnections(); c.Close() })
	return c
}

// put offers a bundle.
func (c *control) put(name string, b *bundletest.Bundle) {
	c.t.Helper()
	if err := c.bundles.Offer(name, b); err != nil {
		c.t.Fatal(err)
	}
}

func (c *control) take(to *[]map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil || r.Header.Get("Content-Encoding") != "gzip" {
			http.Error(w, "no gzip", http.StatusBadRequest)
			return
		}
		var list []map[string]any
		if err := json.NewDecoder(z).Decode(&list); err != nil {
			c.t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		*to = append(*to, list...)
	}
}

func (c *control) see(what string, ok func() bool) {
	c.t.Helper()
	waitFor(c.t, what, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return ok()
	})
}

// managed is an App whose policy comes from a control.
type managed struct {
	*App
	url string
	log *lines // decisions
	own *lines
}

const managedOPA = `
  keys: { signer: { algorithm: HS256, key: "` + bundleKey + `" } }
  persistence_directory: %s
  bundles:
    authz: { service: control, persist: true, signing: { keyid: signer, scope: write }, polling: { long_polling_timeout_seconds: 5 } }
  decision_logs: { service: control, reporting: { min_delay_seconds: 1, max_delay_seconds: 1 } }
  status: { service: control }
  labels: { region: here }
`

// manageApp starts an App that is stopped at the end of the test, or by the function that it gives.
func manageApp(t *testing.T, c *control, opa string) (*managed, func()) {
	t.Helper()
	up := siotest.NewUpstream(t, nil)
	yaml := "upstream: { url: '" + up.URL + "' }\nadmin: { listen: '' }\ndeny: { max_per_minute: 0 }\nopa:\n  services: { control: { url: '" + c.URL + "' } }" + opa
	cfg, err := config.Parse("siogw.yaml", t.TempDir(), []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	m := &managed{log: &lines{}, own: &lines{}}
	if m.App, err = New(t.Context(), cfg, Options{Stdout: m.log, Logger: slog.New(slog.NewTextHandler(m.own, nil))}); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(m.Handler())
	m.url = srv.URL
	stop := sync.OnceFunc(func() {
		if err := m.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	t.Cleanup(stop)
	return m, stop
}

func (m *managed) active(t *testing.T, revision string) {
	t.Helper()
	m.activeOf(t, "authz", revision)
}

func (m *managed) activeOf(t *testing.T, bundle, revision string) {
	t.Helper()
	waitFor(t, "revision "+revision, func() bool {
		_, text := scrape(t, m.Admin(), "/metrics")
		return strings.Contains(text, fmt.Sprintf("siogw_opa_bundle_active{bundle=%q,revision=%q} 1", bundle, revision))
	})
}

func (m *managed) counts(t *testing.T, line string) {
	t.Helper()
	waitFor(t, line, func() bool {
		_, text := scrape(t, m.Admin(), "/metrics")
		return strings.Contains(text, "\n"+line+"\n")
	})
}

func authz(rules string) map[string]string {
	return map[string]string{"authz.rego": "package siogw.authz\n\n" + rules + "\n"}
}

// speaks sends an echo, and reports whether it was answered.
func speaks(t *testing.T, c *siotest.Client, i int) bool {
	t.Helper()
	c.Put(fmt.Sprintf(`42%d["echo",%d]`, i, i))
	text := c.Next().String()
	if !strings.HasPrefix(text, fmt.Sprintf("43%d[", i)) {
		t.Fatalf("event %d was answered %s", i, text)
	}
	return !strings.Contains(text, "error")
}

// TestBundles goes through the life of a policy that comes by bundles, with one client that speaks on.
func TestBundles(t *testing.T) {
	c, disk := newControl(t), t.TempDir()
	m, stop := manageApp(t, c, fmt.Sprintf(managedOPA, disk))
	if status, text := scrape(t, m.Admin(), "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(text, "no policy yet") {
		t.Errorf("before the first bundle /readyz is %d %s", status, text)
	}
	resp, err := http.Get(m.url + "/socket.io/?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(string(text), "no policy yet") {
		t.Errorf("before the first bundle a handshake gets %d %s", resp.StatusCode, text)
	}

	c.put("authz", bundle("one", bundleKey, authz("allow := true")))
	m.active(t, "one")
	if status, text := scrape(t, m.Admin(), "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz is %d %s", status, text)
	}
	client := siotest.NewClient(t, m.url, nil)
	client.Join("/", "")
	if !speaks(t, client, 1) {
		t.Error("revision one allows")
	}
	c.put("authz", bundle("two", bundleKey, authz("allow if input.kind != \"event\"")))
	m.active(t, "two")
	if speaks(t, client, 2) {
		t.Error("revision two denies")
	}
	for name, bad := range map[string]*bundletest.Bundle{
		"unsigned":           bundle("bad", "", authz("allow := true")),
		"another key":        bundle("bad", "another-secret-of-thirty-two-bytes", authz("allow := true")),
		"changed":            {Revision: "bad", Key: bundleKey, Modules: authz("allow := false"), Tampered: authz("allow := true")},
		"no Rego":            bundle("bad", bundleKey, authz("allow if")),
		"a typo in the path": bundle("bad", bundleKey, authz("allow if input.sesion.ip == \"\"")),
		"no decision":        bundle("bad", bundleKey, map[string]string{"other.rego": "package siogw.other\n\nx := 1\n"}),
		"http.send":          bundle("bad", bundleKey, authz("allow if http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"})")),
	} {
		c.put("authz", bad)
		m.counts(t, `siogw_opa_bundle_failing{bundle="authz"} 1`)
		if m.active(t, "two"); speaks(t, client, 3) {
			t.Errorf("%s: a bad bundle was taken", name)
		}
		c.put("authz", bundle("two", bundleKey, authz("allow if input.kind != \"event\" # after "+name)))
		m.counts(t, `siogw_opa_bundle_failing{bundle="authz"} 0`)
	}
	c.put("authz", bundle("three", bundleKey, authz("allow := true")))
	m.active(t, "three")
	if !speaks(t, client, 4) {
		t.Error("revision three allows")
	}
	if _, err := m.Reload(t.Context(), m.cfg); err != nil {
		t.Fatal(err)
	}
	if !speaks(t, client, 5) {
		t.Error("a reload lost the policy of the bundles")
	}
	c.see("an answer 304", func() bool { return c.bundles.Unchanged.Load() > 0 })
	c.see("the status", func() bool {
		return slices.ContainsFunc(c.status, func(s map[string]any) bool {
			all, _ := s["bundles"].(map[string]any)
			one, _ := all["authz"].(map[string]any)
			return one["active_revision"] == "three"
		})
	})
	client.Stop()
	stop()
	c.CloseClientConnections()
	c.Close() // nobody is there: what was kept on disk decides
	bundles, _, _ := strings.Cut(managedOPA, "  decision_logs:")
	again, _ := manageApp(t, c, fmt.Sprintf(bundles, disk))
	if status, text := scrape(t, again.Admin(), "/readyz"); status != http.StatusOK {
		t.Errorf("from disk /readyz is %d %s", status, text)
	}
	client = siotest.NewClient(t, again.url, nil)
	client.Join("/", "")
	if !speaks(t, client, 6) {
		t.Error("from disk revision three allows")
	}
}

const logRules = `package system.log

mask contains "/input/session/ip"
mask contains {"op": "upsert", "path": "/input/room", "value": "hidden"} if input.input.event == "masked"
drop if input.input.event == "dropped"
`

// TestDecisionLogs holds what is uploaded against the gateway's own log.
func TestDecisionLogs(t *testing.T) {
	c := newControl(t)
	files := authz(`allow if input.event != "denied"`)
	files["log.rego"] = logRules
	files["authz.rego"] = "package siogw.authz\n\nallow if input.kind != \"event\"\nallow if input.event != \"denied\"\n"
	c.put("authz", bundle("one", bundleKey, files))
	m, stop := manageApp(t, c, fmt.Sprintf(managedOPA, t.TempDir()))
	m.active(t, "one")
	client := siotest.NewClient(t, m.url, nil)
	client.Join("/", "")
	for i, event := range []string{"denied", "dropped", "masked"} {
		client.Put(fmt.Sprintf(`42%d[%q,"s3cret-%d"]`, i, event, i))
		client.Next()
	}
	speaks(t, client, 7)
	client.Stop()
	stop()                                                                             // uploads the rest
	if n := m.agent.LogCounts()["decision_logs_taken"]; n != uint64(len(c.events))+2 { // an event and its ack are dropped by their rule
		t.Errorf("%d decisions taken, %d uploaded", n, len(c.events))
	}
	text, _ := json.Marshal(c.events)
	if strings.Contains(string(text), "s3cret") || !strings.Contains(string(text), `"args":"***"`) {
		t.Errorf("arguments are not hidden: %s", text)
	}
	seen := map[string]map[string]any{}
	for _, e := range c.events {
		input := e["input"].(map[string]any)
		event, _ := input["event"].(string)
		seen[event] = e
		if !strings.Contains(m.log.String(), `"decision_id":"`+e["decision_id"].(string)+`"`) {
			t.Errorf("the gateway's log has no %v", e["decision_id"])
		}
		if _, ok := input["session"].(map[string]any)["ip"]; ok || e["erased"] == nil {
			t.Errorf("not masked: %v", e)
		}
	}
	denied := seen["denied"]
	if denied == nil || seen["dropped"] != nil || seen["masked"] == nil || seen["masked"]["input"].(map[string]any)["room"] != "hidden" {
		t.Fatalf("events are %s", text)
	}
	result := denied["result"].(map[string]any)
	if denied["path"] != "siogw/authz" || result["allow"] != false || result["code"] != float64(101) || denied["timestamp"] == nil ||
		denied["metrics"].(map[string]any)["timer_rego_query_eval_ns"] == nil || denied["labels"].(map[string]any)["region"] != "here" ||
		denied["bundles"].(map[string]any)["authz"].(map[string]any)["revision"] != "one" {
		t.Errorf("the event is %v", denied)
	}
}

// TestLogRulesOfFiles has the policy in files, with rules for OPA's decision logs among them, which a reload changes.
func TestLogRulesOfFiles(t *testing.T) {
	c, up, dir := newControl(t), siotest.NewUpstream(t, nil), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("authz.rego", "package siogw.authz\n\nallow := true\n")
	write("data.yaml", "dropped: [first]\n")
	write("log.rego", "package system.log\n\nmask contains \"/input/session/ip\"\ndrop if input.input.event in data.dropped\n")
	cfg, err := config.Parse("siogw.yaml", dir, []byte("upstream: { url: '"+up.URL+"' }\nadmin: { listen: '' }\npolicy: { paths: [authz.rego, log.rego, data.yaml] }\n"+
		"opa: { services: { control: { url: '"+c.URL+"' } }, decision_logs: { service: control, reporting: { min_delay_seconds: 1, max_delay_seconds: 1 } } }"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), cfg, Options{Stdout: &lines{}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(a.Handler())
	defer srv.Close()
	client := siotest.NewClient(t, srv.URL, nil)
	client.Join("/", "")
	send := func(i int, event string) {
		client.Put(fmt.Sprintf(`42%d[%q]`, i, event))
		client.Next()
	}
	send(1, "first")
	send(2, "second")
	c.see("what was sent before the reload", func() bool {
		return slices.ContainsFunc(c.events, func(e map[string]any) bool { return e["input"].(map[string]any)["event"] == "second" })
	})
	write("data.yaml", "dropped: [third]\n")
	write("log.rego", "package system.log\n\nmask contains \"/input/room\"\ndrop if input.input.event in data.dropped\n")
	if _, err := a.Reload(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	send(3, "third")
	send(4, "fourth")
	write("log.rego", "package system.log\n\ndrop if input.input.evnt == \"fifth\"\n")
	if _, err := a.Reload(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "log.rego:3") {
		t.Errorf("a wrong path of the event: %v", err)
	}
	send(5, "third")
	client.Stop()
	if err := a.Stop(t.Context()); err != nil { // uploads
		t.Fatal(err)
	}
	shown := map[string]bool{} // events, and whether their address is
	for _, e := range c.events {
		input := e["input"].(map[string]any)
		if event, ok := input["event"].(string); ok {
			_, shown[event] = input["session"].(map[string]any)["ip"]
		}
	}
	if want := map[string]bool{"second": false, "fourth": true}; !maps.Equal(shown, want) {
		t.Errorf("events are %v, want %v", shown, want)
	}
}

// TestDiscovery finds the bundles by a bundle.
func TestDiscovery(t *testing.T) {
	c := newControl(t)
	c.put("found", &bundletest.Bundle{Revision: "found", Roots: []string{"config"}, Data: map[string]any{"config": map[string]any{
		"bundles":       map[string]any{"authz": map[string]any{"service": "control", "resource": "bundles/authz"}},
		"decision_logs": map[string]any{"service": "control"},
	}}})
	m, stop := manageApp(t, c, "\n  discovery: { service: control, resource: bundles/found, decision: config }\n")
	if _, text := scrape(t, m.Admin(), "/readyz"); !strings.Contains(text, "no policy yet") {
		t.Errorf("/readyz is %s", text)
	}
	c.put("authz", bundle("one", "", authz("allow := true")))
	m.active(t, "one")
	client := siotest.NewClient(t, m.url, nil)
	client.Join("/", "")
	if !speaks(t, client, 1) {
		t.Error("the bundle that was discovered allows")
	}
	client.Stop()
	stop()
	if len(c.events) == 0 {
		t.Error("the decision logs that were discovered are empty")
	}
}
