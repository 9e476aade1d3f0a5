package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startWait bounds the start and the end of a process; compiling a guest takes a second or two.
const startWait = 60 * time.Second

// process is a child with lines in and out. What it says on stderr is shown when the test fails.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr *output
}

// output keeps the first 64 KiB of what is written.
type output struct {
	mu   sync.Mutex
	text []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p[:min(len(p), 64<<10-len(o.text))]...)
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// start runs a program until the end of the test.
func start(t *testing.T, dir, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), stderr: &output{}}
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

// environment leaves out what begins with SIOGW_: the gateway takes it for its own, and refuses ours.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SIOGW_") })
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
	binary := buildGateway(t)
	dir := t.TempDir()
	address := freeAddress(t)
	if s.admin = freeAddress(t); s.admin == address {
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
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			conn.Close()
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

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

var build struct {
	sync.Once
	dir, out string
	err      error
}

// buildGateway compiles cmd/siogw once; TestMain removes it. SIOGW_BINARY names another one to test.
func buildGateway(t *testing.T) string {
	t.Helper()
	build.Do(func() {
		if build.dir, build.err = os.MkdirTemp("", "siogw-interop-"); build.err != nil {
			return
		}
		if binary := os.Getenv("SIOGW_BINARY"); binary != "" {
			build.err = os.Symlink(binary, build.dir+"/siogw")
			return
		}
		var out []byte
		out, build.err = exec.Command("go", "build", "-o", build.dir+"/siogw", "../../cmd/siogw").CombinedOutput()
		build.out = string(out)
	})
	if build.err != nil {
		t.Fatalf("build the gateway: %v\n%s", build.err, build.out)
	}
	return build.dir + "/siogw"
}

var guests sync.Map // by folder: func() (output string, err error)

// buildGuest compiles a Go guest below guests/ to WebAssembly, once, and gives the file. One with a manifest.json is built
// as its author would.
func buildGuest(t *testing.T, folder string) string {
	t.Helper()
	out := filepath.Join(filepath.Dir(buildGateway(t)), folder+".wasm")
	once, _ := guests.LoadOrStore(folder, sync.OnceValues(func() (string, error) {
		cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, ".")
		if _, err := os.Stat(filepath.Join("guests", folder, "manifest.json")); err == nil {
			text, err := exec.Command(buildGateway(t), "plugin", "build", filepath.Join("guests", folder), "-o", out).CombinedOutput()
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
