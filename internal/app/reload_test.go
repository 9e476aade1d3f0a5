package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/siotest"
	"github.com/siogw/siogw/internal/wasmtest"
)

// reloadable is an App of the files in a folder, before a server of Socket.IO.
type reloadable struct {
	*App
	t   *testing.T
	dir string
	url string // for clients
	log lines  // decisions
	own lines  // what the gateway says of itself
}

// lines is text that several write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// numbered are files whose contract, policy and data show which n they are of: the contract wants n%2 as the second
// argument, and the policy adds n and the data's n to what passes.
func numbered(n int) map[string]string {
	guest := wasmtest.Module{Memory: "\x00\x03", Data: fmt.Sprint(n), Funcs: []wasmtest.Func{
		{Export: "siogw_alloc", Params: "i", Results: "i", Code: "i32.const 131072"},
		{Export: "siogw_configure", Params: "ii", Results: "l", Code: "i64.const 0"},
		{Export: "siogw_decide", Params: "ii", Results: "l", Code: "i64.const 0"}}}
	return map[string]string{
		"contract.yaml": fmt.Sprintf("namespaces: { /: { in: { echo: { args: [integer, { const: %d }], ack: optional } } } }\n", n%2),
		"data.json":     fmt.Sprintf(`{"n": %d}`, n),
		"guest.wasm":    string(guest.Binary()),
		"policy.rego": fmt.Sprintf(`package siogw.authz

allow := true

transform := [{"op": "add", "path": "/args/-", "value": %d}, {"op": "add", "path": "/args/-", "value": data.n}] if input.kind == "event"
`, n),
	}
}

const reloadYAML = `
contract: { files: [contract.yaml], unknown_events: allow }
policy: { paths: [policy.rego, data.json], reauthorize: { within: 1s } }
plugins: [{ name: guest, source: guest.wasm, timeout: 5s }]
deny: { max_per_minute: 0 }
limits: { events: { per_session: 0, per_identity: 0, bytes: 0, decision_time: 0s } }
admin: { listen: "" }
`

// newReloadable starts one with numbered(1) and extra YAML.
func newReloadable(t *testing.T, extra string) *reloadable {
	t.Helper()
	return startReloadable(t, numbered(1), reloadYAML+extra)
}

// startReloadable starts one with files and YAML.
func startReloadable(t *testing.T, files map[string]string, yaml string) *reloadable {
	t.Helper()
	up := siotest.NewUpstream(t, nil)
	r := &reloadable{t: t, dir: t.TempDir()}
	r.write(files)
	r.write(map[string]string{"siogw.yaml": "upstream: { url: '" + up.URL + "' }\n" + yaml})
	load := func() (*config.Config, error) { return config.Load(filepath.Join(r.dir, "siogw.yaml"), nil, nil) }
	cfg, err := load()
	if err != nil {
		t.Fatal(err)
	}
	r.App, err = New(t.Context(), cfg, Options{Stdout: &r.log, Logger: slog.New(slog.NewTextHandler(&r.own, nil)), Load: load})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(r.Handler())
	r.url = srv.URL
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return r
}

func (r *reloadable) write(files map[string]string) {
	r.t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
}

// ask sends one event with this parity, and gives the number that both policy and data have in the answer, or 0
// where the contract refuses it.
func (r *reloadable) ask(c *siotest.Client, i, parity int) int {
	r.t.Helper()
	c.Put(fmt.Sprintf(`42%d["echo",%d,%d]`, i, i, parity))
	var gotI, got, n, data int
	text := c.Next().String()
	if k, _ := fmt.Sscanf(text, fmt.Sprintf(`43%d[%%d,%%d,%%d,%%d]`, i), &gotI, &got, &n, &data); k == 4 && gotI == i && got == parity {
		if n != data || n%2 != parity {
			r.t.Errorf("decided by the halves of two configurations: %s", text)
		}
		return n
	}
	if !strings.HasPrefix(text, fmt.Sprintf(`43%d[{"error":{"code":120,`, i)) {
		r.t.Errorf("event %d was answered %s", i, text)
	}
	return 0
}

// TestReloadUnderTraffic reloads while clients speak: each event is answered, in order, by one configuration.
func TestReloadUnderTraffic(t *testing.T) {
	const reloads, clients = 50, 3
	r := newReloadable(t, "")
	stop := make(chan struct{})
	var running sync.WaitGroup
	for range clients {
		c := siotest.NewClient(t, r.url, nil)
		c.Join("/", "")
		running.Go(func() {
			last := 0
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				n := r.ask(c, i, i%2)
				if n != 0 && n < last {
					t.Errorf("configuration %d after %d", n, last)
				}
				last = max(last, n)
			}
		})
	}
	for n := 2; n <= reloads+1; n++ {
		r.write(numbered(n))
		if done, err := r.ReadAgain(t.Context()); err != nil || done.Generation != uint64(n) || !slices.Equal(done.Changed, []string{"contract", "plugins", "policy"}) {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	close(stop)
	running.Wait()
	r.checkLog(reloads + 1)
	_, metrics := scrape(t, r.Admin(), "/metrics")
	for _, want := range []string{fmt.Sprintf(`siogw_reloads_total{result="taken"} %d`, reloads), `siogw_reloads_total{result="refused"} 0`,
		fmt.Sprintf("siogw_generation %d", reloads+1)} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

// checkLog wants each decision on an event to be what its generation decides.
func (r *reloadable) checkLog(last int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), siotest.Wait)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		r.t.Error(err)
	}
	seen := map[uint64]bool{}
	for line := range strings.Lines(r.log.String()) {
		var l struct {
			Kind, Effect string
			Generation   uint64
			Steps        []struct{ Plugin, Effect string }
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			r.t.Fatal(err)
		}
		if l.Generation == 0 {
			r.t.Errorf("no generation: %s", line)
		}
		seen[l.Generation] = true
	}
	if len(seen) < 2 || len(seen) > last {
		r.t.Errorf("%d generations have decided", len(seen))
	}
}

// TestReloadRefused keeps the old configuration whole, and says which key or file is at fault.
func TestReloadRefused(t *testing.T) {
	r := newReloadable(t, "")
	c := siotest.NewClient(t, r.url, nil)
	c.Join("/", "")
	yaml, err := os.ReadFile(filepath.Join(r.dir, "siogw.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"policy":   {map[string]string{"policy.rego": "package siogw.authz\n\nallow if input.sesion\n"}, "policy.rego:3"},
		"data":     {map[string]string{"data.json": "{"}, "data.json"},
		"contract": {map[string]string{"contract.yaml": "namespaces: [1]\n"}, "contract.yaml:1:"},
		"plugin":   {map[string]string{"guest.wasm": "no module"}, "plugins.0.source: "},
		"syntax":   {map[string]string{"siogw.yaml": "]"}, "siogw.yaml:1"},
		"key":      {map[string]string{"siogw.yaml": string(yaml) + "unknown: 1\n"}, "unknown: unknown key"},
		"secret":   {map[string]string{"siogw.yaml": string(yaml) + "identity: { jwt: { secret_file: none } }\n"}, "identity.jwt.secret_file: open "},
		"key file": {map[string]string{"key.pem": "no key", "siogw.yaml": string(yaml) + "identity: { jwt: { public_key_file: key.pem } }\n"}, "identity.jwt.public_key_file: "},
		"fixed":    {map[string]string{"siogw.yaml": string(yaml) + "listen: 127.0.0.1:1\neio3: true\n"}, "listen: cannot change while running: restart siogw"},
	} {
		good := numbered(2) // all else would be new
		for name, text := range tt.files {
			good[name] = text
		}
		r.write(good)
		refused++
		if _, err := r.ReadAgain(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
		if n := r.ask(c, refused, 1); n != 1 {
			t.Errorf("%s: decided by %d", name, n)
		}
		r.write(map[string]string{"siogw.yaml": string(yaml)})
	}
	if got := r.reloads.refused.Load(); got != uint64(refused) || r.gateway.Generation() != 1 {
		t.Errorf("%d refused, want %d; generation %d", got, refused, r.gateway.Generation())
	}
	if n := strings.Count(r.own.String(), "configuration not reloaded: the one before stays"); n != refused {
		t.Errorf("told %d times of %d:\n%s", n, refused, r.own.String())
	}
	r.write(numbered(2))
	if _, err := r.ReadAgain(t.Context()); err != nil {
		t.Error(err)
	}
	if n := r.ask(c, 100, 0); n != 2 {
		t.Errorf("decided by %d after a good reload", n)
	}
}

// TestFixedKeysAreNamed names each key that cannot change.
func TestFixedKeysAreNamed(t *testing.T) {
	err := needsRestart(parse(t, "", least), parse(t, "", "upstream: { url: http://127.0.0.1:3001 }\nlisten: :1\nlimits: { depth: 3, payload: 2KiB }\n"))
	for key, want := range map[string]bool{"upstream.url": true, "listen": true, "limits.payload": false, "limits.depth": false} {
		if named := strings.Contains(fmt.Sprint(err), ": "+key+": cannot change"); named != want {
			t.Errorf("%s: named %v in\n%v", key, named, err)
		}
	}
}

// TestWatch reloads by itself, however the files change, and not for what is none of its business.
func TestWatch(t *testing.T) {
	r := newReloadable(t, "reload: { watch: true }\n")
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.watch(ctx) })
	defer running.Wait()
	defer stop()
	generation := uint64(1)
	next := func(what string) {
		t.Helper()
		generation++
		for deadline := time.Now().Add(4 * siotest.Wait); r.gateway.Generation() < generation; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: not reloaded:\n%s", what, r.own.String())
			}
		}
		generation = r.gateway.Generation() // a change may be seen in two steps
	}
	replace := func(name, text string) { // as editors do
		t.Helper()
		r.write(map[string]string{name + "~": text})
		if err := os.Rename(filepath.Join(r.dir, name+"~"), filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	r.write(map[string]string{"data.json": `{"n":7}`})
	next("written in place")
	replace("data.json", `{"n":8}`)
	next("replaced")
	link := func(to string) { // as Kubernetes does
		t.Helper()
		tmp := filepath.Join(r.dir, "tmp")
		if err := errors.Join(os.Symlink(to, tmp), os.Rename(tmp, filepath.Join(r.dir, "..data"))); err != nil {
			t.Fatal(err)
		}
	}
	for i, dir := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(r.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
		r.write(map[string]string{dir + "/data.json": fmt.Sprintf(`{"n":%d}`, 20+i)})
	}
	link("one")
	if err := errors.Join(os.Remove(filepath.Join(r.dir, "data.json")), os.Symlink("..data/data.json", filepath.Join(r.dir, "data.json"))); err != nil {
		t.Fatal(err)
	}
	next("made a link")
	link("two")
	next("linked elsewhere")
	yaml, _ := os.ReadFile(filepath.Join(r.dir, "siogw.yaml"))
	if err := os.Mkdir(filepath.Join(r.dir, "more"), 0o700); err != nil {
		t.Fatal(err)
	}
	replace("siogw.yaml", strings.Replace(string(yaml), "data.json]", "data.json, more]", 1))
	next("the configuration")
	r.write(map[string]string{"more/x.json": `{"x":1}`})
	next("a new file in a folder")
	r.write(map[string]string{"policy.rego": "package"})
	for deadline := time.Now().Add(4 * siotest.Wait); !strings.Contains(r.own.String(), "not reloaded"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is said of a bad policy")
		}
	}
	r.write(map[string]string{"policy.rego": numbered(3)["policy.rego"]})
	next("mended")
}

// TestServeReload: by POST, and not for a page.
func TestServeReload(t *testing.T) {
	r := newReloadable(t, "")
	post := func(header string) (int, string) {
		w := httptest.NewRecorder()
		req := httptest.NewRequest("POST", "/reload", nil)
		if header != "" {
			req.Header.Set(header, "http://evil.example")
		}
		r.Admin().ServeHTTP(w, req)
		body, _ := io.ReadAll(w.Result().Body)
		return w.Code, string(body)
	}
	if code, _ := post("Origin"); code != 403 || r.gateway.Generation() != 1 {
		t.Error("a page may reload", code)
	}
	if code, body := post(""); code != 200 || body != `{"generation":2,"changed":[]}`+"\n" {
		t.Errorf("%d %s", code, body)
	}
	r.write(map[string]string{"data.json": `{"n":9}`})
	if code, body := post(""); code != 200 || body != `{"generation":3,"changed":["policy"],"what":["data data.json"]}`+"\n" {
		t.Errorf("%d %s", code, body)
	}
	r.write(map[string]string{"data.json": `{`})
	if code, body := post(""); code != 422 || !strings.Contains(body, "data.json") {
		t.Errorf("%d %s", code, body)
	}
}

// TestStopEndsReloads does not wait for a provider that never answers, and takes no reload afterwards.
func TestStopEndsReloads(t *testing.T) {
	asked := make(chan struct{}, 1)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		<-r.Context().Done()
	}))
	defer silent.Close()
	r := newReloadable(t, "")
	yaml, err := os.ReadFile(filepath.Join(r.dir, "siogw.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	r.write(map[string]string{"siogw.yaml": string(yaml) + "identity: { jwt: { jwks: '" + silent.URL + "' }, fetch: { start: wait } }\n"})
	ended := make(chan error)
	go func() {
		_, err := r.ReadAgain(context.Background())
		ended <- err
	}()
	<-asked
	if err := r.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("reloaded while stopping")
	}
	if _, err := r.ReadAgain(t.Context()); err == nil || err.Error() != "stopping" {
		t.Error(err)
	}
}
