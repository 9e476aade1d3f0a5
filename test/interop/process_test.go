package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/proctest"
)

// startWait bounds the start and the end of a process; compiling a guest takes a second or two.
const startWait = 60 * time.Second

// process is a child with lines in and out. What it says on stderr is shown when the test fails.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr *proctest.Output
}

// start runs a program until the end of the test.
func start(t *testing.T, dir, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), stderr: &proctest.Output{}}
	p.cmd.Dir, p.cmd.Stderr, p.cmd.Env = dir, p.stderr, environment()
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	t.Cleanup(func() { p.stop(t) })
	return p
}

// environment says in addition what transport the gateway is to use.
func environment() []string {
	env := proctest.Environment()
	if loop := os.Getenv("INTEROP_EVENT_LOOP"); loop != "" {
		env = append(env, "SIOGW_EVENT_LOOP="+loop)
	}
	return env
}

// stop asks the process to end, by the end of its stdin and SIGTERM, and insists after startWait.
func (p *process) stop(t *testing.T) {
	p.stdin.Close()
	p.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(startWait, func() { p.cmd.Process.Kill() })
	io.Copy(io.Discard, p.stdout)
	err := p.cmd.Wait()
	if !kill.Stop() {
		t.Errorf("%s did not end by itself in %v", filepath.Base(p.cmd.Path), startWait)
	}
	if t.Failed() && p.stderr.String() != "" {
		t.Logf("%s (%v) said:\n%s", filepath.Base(p.cmd.Path), err, p.stderr)
	}
}

// readJSON reads one line of stdout into v; it fails when none comes in time.
func (p *process) readJSON(v any) error {
	line := make(chan error, 1)
	go func() {
		text, err := p.stdout.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(text, v)
		}
		line <- err
	}()
	select {
	case err := <-line:
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", filepath.Base(p.cmd.Path), err, p.stderr)
		}
		return nil
	case <-time.After(2 * startWait):
		p.cmd.Process.Kill() // ends the read
		<-line
		return fmt.Errorf("%s said nothing in %v", filepath.Base(p.cmd.Path), 2*startWait)
	}
}

// server is the real Socket.IO server.
type server struct{ url, control string }

func startServer(t *testing.T, options map[string]any) server {
	t.Helper()
	if options == nil {
		options = map[string]any{}
	}
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, ".", "node", "server.cjs", string(text))
	var ports struct{ Port, Control int }
	if err := p.readJSON(&ports); err != nil {
		t.Fatal(err)
	}
	return server{fmt.Sprintf("http://127.0.0.1:%d", ports.Port), fmt.Sprintf("http://127.0.0.1:%d", ports.Control)}
}

// gateway is a running siogw.
type gateway struct {
	url, dir string
	*running
}

func startGateway(t *testing.T, s *scenario, up server) gateway {
	t.Helper()
	binary := proctest.Gateway(t)
	dir := t.TempDir()
	address := proctest.FreeAddress(t)
	if s.admin = proctest.FreeAddress(t); s.admin == address {
		t.Fatal("one address twice")
	}
	s.writeConfig(t, dir, baseConfig(address, up.url))
	for name, folder := range s.Guests {
		if err := os.Symlink(buildGuest(t, folder), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, dir, binary, "run", "-c", filepath.Join(dir, "siogw.yaml"))
	ended := make(chan struct{})
	go func() { // its stdout ends with it
		defer close(ended)
		io.Copy(io.Discard, p.stdout)
	}()
	for deadline := time.Now().Add(startWait); ; {
		if proctest.Listens(address) {
			return gateway{"http://" + address, dir, &running{Dir: dir, PID: p.cmd.Process.Pid, Admin: "http://" + s.admin}}
		}
		select {
		case <-ended:
			t.Fatalf("the gateway ended at once:\n%s", p.stderr)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("the gateway does not listen after %v:\n%s", startWait, p.stderr)
		}
	}
}

var guests sync.Map // by folder: func() (output string, err error)

// buildGuest compiles a Go guest below guests/ to WebAssembly, once, and gives the file. One with a manifest.json is built
// as its author would.
func buildGuest(t *testing.T, folder string) string {
	t.Helper()
	out := filepath.Join(filepath.Dir(proctest.Gateway(t)), folder+".wasm")
	once, _ := guests.LoadOrStore(folder, sync.OnceValues(func() (string, error) {
		cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, ".")
		if _, err := os.Stat(filepath.Join("guests", folder, "manifest.json")); err == nil {
			text, err := exec.Command(proctest.Gateway(t), "plugin", "build", filepath.Join("guests", folder), "-o", out).CombinedOutput()
			return string(text), err
		}
		cmd.Dir = filepath.Join("guests", folder)
		cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
		text, err := cmd.CombinedOutput()
		return string(text), err
	}))
	if text, err := once.(func() (string, error))(); err != nil {
		t.Fatalf("build guest %s: %v\n%s", folder, err, text)
	}
	return out
}
