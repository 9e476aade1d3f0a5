package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// running is a siogw that listens.
type running struct {
	cmd            *exec.Cmd
	clients, admin string // base URLs
	dir            string // of siogw.yaml and policy.rego
	log            *bufio.Reader
	decisions      io.Reader
}

var listening = regexp.MustCompile(`msg=listening address=(\S+) .* admin=(\S+)`)

// start runs siogw before upstream and waits until it listens.
func start(t *testing.T, upstream, policy string, args ...string) *running {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"policy.rego": policy, "siogw.yaml": "listen: 127.0.0.1:0\nadmin: { listen: '127.0.0.1:0' }\n" +
		"upstream: { url: '" + upstream + "' }\npolicy: { paths: [policy.rego] }\n"}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("siogw", append([]string{"run", "-c", filepath.Join(dir, "siogw.yaml")}, args...)...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended already, unless the test failed
	r := &running{cmd: cmd, dir: dir, log: bufio.NewReader(stderr), decisions: stdout}
	m := listening.FindStringSubmatch(r.until(t, "msg=listening"))
	if m == nil {
		t.Fatal("does not say where it listens")
	}
	r.clients, r.admin = "http://"+m[1], "http://"+m[2]
	return r
}

// until reads the log to a line with text.
func (r *running) until(t *testing.T, text string) string {
	t.Helper()
	var seen strings.Builder
	for {
		line, err := r.log.ReadString('\n')
		seen.WriteString(line)
		if strings.Contains(line, text) {
			return line
		}
		if err != nil {
			t.Fatalf("no %q before the end of the log:\n%s", text, seen.String())
		}
	}
}

func (r *running) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

const nobody = "package siogw.authz\n\ndeny contains \"nobody\"\n"

// TestRun serves, decides, logs, counts, and drains.
func TestRun(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page ", r.URL.Path) }))
	defer upstream.Close()
	r := start(t, upstream.URL, nobody)
	if code, body := get(t, r.clients+"/index.html"); code != 200 || body != "page /index.html" {
		t.Errorf("pass-through: %d %q", code, body)
	}
	if code, body := get(t, r.clients+"/socket.io/?EIO=4&transport=polling"); code != 403 || !strings.Contains(body, `"code":4`) {
		t.Errorf("handshake: %d %q", code, body)
	}
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ok\n"} {
		if code, body := get(t, r.admin+path); code != 200 || body != want {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	const counted = `siogw_decisions_total{code="100",direction="in",effect="deny",kind="handshake",transformed="false"} 1`
	if _, body := get(t, r.admin+"/metrics"); !strings.Contains(body, counted) {
		t.Errorf("metrics lack %s:\n%s", counted, body)
	}
	upstream.Close()
	if code, body := get(t, r.admin+"/readyz"); code != 503 || !strings.HasPrefix(body, "upstream unreachable: ") {
		t.Errorf("/readyz without upstream: %d %q", code, body)
	}
	r.signal(t, syscall.SIGTERM)
	r.until(t, "msg=draining")
	r.until(t, "msg=stopped")
	decisions, err := io.ReadAll(r.decisions)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(decisions); strings.Count(s, "\n") != 1 || !strings.Contains(s, `"kind":"handshake"`) || !strings.Contains(s, `"reason":"nobody"`) {
		t.Errorf("decisions: %s", s)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("ends with %v", err)
	}
}

// TestSecondSignal ends a gateway at once that waits for a request which never ends.
func TestSecondSignal(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-release
	}))
	defer upstream.Close()
	defer close(release)
	r := start(t, upstream.URL, nobody)
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.clients, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	<-asked
	r.signal(t, syscall.SIGTERM)
	r.until(t, "msg=draining")
	r.signal(t, syscall.SIGTERM)
	_, _ = io.Copy(io.Discard, r.decisions)
	var exit *exec.ExitError
	if err := r.cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("ends with %v", err)
	}
}

// TestReload takes another policy by SIGHUP and by watching, and keeps the old one where it is bad; --set stays in force.
func TestReload(t *testing.T) {
	upstream := httptest.NewServer(http.NotFoundHandler())
	defer upstream.Close()
	r := start(t, upstream.URL, nobody, "--set", "reload.watch=true")
	policy := filepath.Join(r.dir, "policy.rego")
	write := func(text string) {
		t.Helper()
		if err := errors.Join(os.WriteFile(policy+"~", []byte(text), 0o600), os.Rename(policy+"~", policy)); err != nil {
			t.Fatal(err)
		}
	}
	denied := func(reason string) {
		t.Helper()
		if code, body := get(t, r.clients+"/socket.io/?EIO=4&transport=polling"); code != 403 || !strings.Contains(body, reason) {
			t.Errorf("%d %q, want %s", code, body, reason)
		}
	}
	denied("nobody")
	r.signal(t, syscall.SIGHUP)
	if line := r.until(t, "msg=\"configuration reloaded\""); !strings.Contains(line, "generation=2") {
		t.Error(line)
	}
	write("package siogw.authz\n\ndeny contains \"else\"\n")
	r.until(t, "msg=\"configuration reloaded\" generation=3 changed=policy what=\"policy policy.rego\" policy=")
	denied("else")
	write("package siogw.authz\n\ndeny contains input.sesion\n")
	if line := r.until(t, "configuration not reloaded"); !strings.Contains(line, "policy.rego:3") || !strings.Contains(line, "generation=3") {
		t.Error(line)
	}
	denied("else")
	config := filepath.Join(r.dir, "siogw.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(nobody)
	r.until(t, "msg=\"configuration reloaded\" generation=4 changed=policy")
	if err := os.WriteFile(config, append(text, "parser: msgpack\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	r.until(t, "parser: cannot change while running: restart siogw")
	denied("nobody")
	const want = `siogw_generation 4`
	if _, body := get(t, r.admin+"/metrics"); !strings.Contains(body, want) {
		t.Errorf("metrics lack %s", want)
	}
	r.signal(t, syscall.SIGTERM)
	r.until(t, "msg=stopped")
	_, _ = io.Copy(io.Discard, r.decisions)
	if err := r.cmd.Wait(); err != nil {
		t.Error(err)
	}
}
