//go:build linux

// Package abuse floods a gateway in each way that attackers are known to, looks that a client at another address is
// served all the while, and tells what the flood cost.
package abuse

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/app"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/internal/siotest"
)

// asGateway makes this program the gateway of a configuration file: what it costs is measured from outside.
const asGateway = "SIOGW_ABUSE_CONFIG"

func TestMain(m *testing.M) {
	if path := os.Getenv(asGateway); path != "" {
		os.Exit(serve(path))
	}
	code := m.Run()
	printTable(os.Stdout)
	os.Exit(code)
}

// serve runs until it is killed.
func serve(path string) int {
	cfg, err := config.Load(path, nil, nil)
	if err == nil {
		var a *app.App
		if a, err = app.New(context.Background(), cfg, app.Options{Stdout: io.Discard, Stderr: os.Stderr}); err == nil {
			err = a.Serve(context.Background(), func(clients, admin net.Addr) { fmt.Println(clients, admin) })
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// process is a gateway under attack.
type process struct {
	cmd     *exec.Cmd
	clients string // host:port
	admin   string
	stderr  strings.Builder
}

// start runs a gateway before up; limits is YAML, in addition to the defaults.
func start(t *testing.T, up *siotest.Upstream, limits string) *process {
	t.Helper()
	path := filepath.Join(t.TempDir(), "siogw.yaml")
	text := "listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\ndecision_log: { output: none }\nlog: { level: error }\n" +
		"upstream: { url: '" + up.URL + "' }\n" + limits
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(self)}
	p.cmd.Env = append(os.Environ(), asGateway+"="+path)
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t) })
	if _, err := fmt.Fscan(bufio.NewReader(out), &p.clients, &p.admin); err != nil {
		t.Fatalf("the gateway did not start: %v\n%s", err, p.stderr.String())
	}
	return p
}

// stop ends the gateway, which must still run.
func (p *process) stop(t *testing.T) {
	_ = p.cmd.Process.Kill()
	var exit *exec.ExitError
	if err := p.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() >= 0 { // it ended by itself
		t.Errorf("the gateway ended with %v", err)
	}
	if text := p.stderr.String(); text != "" {
		t.Errorf("the gateway said %s", text)
	}
}

// metrics gives what the gateway counts.
func (p *process) metrics(t *testing.T) string {
	t.Helper()
	resp, err := http.Get("http://" + p.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// counted reports whether a counter with the label is there: they are not before they count.
func (p *process) counted(t *testing.T, label string) bool {
	for line := range strings.Lines(p.metrics(t)) {
		if strings.Contains(line, label) && !strings.HasPrefix(line, "#") {
			return true
		}
	}
	return false
}

// cpu gives the time that the gateway's process has used, to the hundredth of a second (proc(5), stat).
func (p *process) cpu(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// memory gives the resident size now and at its highest, in KiB (proc(5), status).
func (p *process) memory(t *testing.T) (now, most int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		switch name {
		case "VmRSS":
			now = n
		case "VmHWM":
			most = n
		}
	}
	return now, most
}
