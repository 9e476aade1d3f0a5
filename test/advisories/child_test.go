package advisories

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/proctest"
)

// effectWait bounds the wait for a child: its start, its crash, its end.
const effectWait = 60 * time.Second

// child is a process that lives as long as its test, or until it crashes.
type child struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	lines  chan string   // of stdout
	exited chan struct{} // closed at its end

	stderr proctest.Output
}

func startChild(t *testing.T, dir, name string, args ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(name, args...), lines: make(chan string, 1024), exited: make(chan struct{})}
	c.cmd.Dir, c.cmd.Stderr, c.cmd.Env = dir, &c.stderr, proctest.Environment()
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	c.stdin = stdin
	go func() {
		defer close(c.exited)
		defer close(c.lines)
		for in := bufio.NewScanner(stdout); in.Scan(); {
			select {
			case c.lines <- in.Text():
			default:
			}
		}
		c.cmd.Wait()
	}()
	t.Cleanup(c.stop)
	return c
}

func (c *child) said() string { return c.stderr.String() }

func (c *child) stop() {
	c.stdin.Close()
	c.cmd.Process.Signal(os.Interrupt)
	kill := time.AfterFunc(5*time.Second, func() { c.cmd.Process.Kill() }) // it may be in a loop
	defer kill.Stop()
	<-c.exited
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak gives the most memory that the process ever had, 0 where the system does not tell.
func (c *child) peak(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(c.cmd.Process.Pid), "status"))
	if err != nil {
		return 0
	}
	kb := 0
	if m := highWater.FindSubmatch(status); m != nil {
		kb, _ = strconv.Atoi(string(m[1]))
	}
	t.Logf("peak: %d MB", kb>>10)
	return kb << 10
}

func (c *child) alive() bool {
	select {
	case <-c.exited:
		return false
	default:
		return true
	}
}

// ended waits for the end of the process.
func (c *child) ended() bool {
	select {
	case <-c.exited:
		return true
	case <-time.After(effectWait):
		return false
	}
}

// waitLine waits until a line of stdout holds text; "" when the process ended or nothing came.
func (c *child) waitLine(text string) string {
	late := time.After(effectWait)
	for {
		select {
		case line, open := <-c.lines:
			if !open {
				return ""
			}
			if strings.Contains(line, text) {
				return line
			}
		case <-late:
			return ""
		}
	}
}

// versions say what a vulnerable server is made of; README.md.
type versions struct {
	SocketIO string         `json:"socket.io,omitempty"`
	EngineIO string         `json:"engine.io,omitempty"`
	Parser   string         `json:"parser,omitempty"`
	WS       string         `json:"ws,omitempty"`
	File     bool           `json:"file,omitempty"`    // socket.io-file
	AdminUI  bool           `json:"adminUI,omitempty"` // @socket.io/admin-ui, without auth
	Options  map[string]any `json:"options,omitempty"`
}

// serve starts a server with a heap of 64 MB, and gives host:port.
func (v versions) serve(t *testing.T) (*child, string) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	c := startChild(t, ".", "node", "--max-old-space-size=64", "server.cjs", string(text))
	var ready struct{ Port json.Number }
	if err := json.Unmarshal([]byte(c.waitLine(`"port"`)), &ready); err != nil {
		t.Fatalf("the server did not start: %v\n%s", err, c.said())
	}
	return c, net.JoinHostPort("127.0.0.1", ready.Port.String())
}

// siogw is a running gateway.
type siogw struct {
	*child
	host, admin string
}

// startGateway runs siogw with its defaults, and what more says, in front of an upstream of that revision.
func startGateway(t *testing.T, upstream, eio, more string) *siogw {
	t.Helper()
	binary, dir := proctest.Gateway(t), t.TempDir()
	g := &siogw{host: proctest.FreeAddress(t), admin: proctest.FreeAddress(t)}
	config := strings.Join([]string{
		"listen: " + g.host, "admin: { listen: " + g.admin + " }",
		"upstream: { url: http://" + upstream + ", eio: " + eio + " }",
		"eio3: " + map[string]string{"3": "true", "4": "false"}[eio],
		"decision_log: { output: none }", "deny: { max_per_minute: 0 }", more, ""}, "\n")
	file := filepath.Join(dir, "siogw.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	g.child = startChild(t, dir, binary, "run", "-c", file)
	for _, address := range []string{g.host, g.admin} {
		for !proctest.Listens(address) {
			select {
			case <-g.exited:
				t.Fatalf("the gateway ended at once:\n%s", g.said())
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return g
}

// require skips where node or its packages are absent, unless SIOGW_REQUIRE_INTEROP=1 says that they must be there.
func require(t *testing.T) {
	t.Helper()
	var missing []string
	if _, err := exec.LookPath("node"); err != nil {
		missing = append(missing, "node is not installed")
	}
	if _, err := os.Stat("node_modules/socket.io-4.8.4/package.json"); err != nil {
		missing = append(missing, "node_modules is absent")
	}
	switch {
	case len(missing) == 0:
	case slices.Contains(os.Environ(), "SIOGW_REQUIRE_INTEROP=1"):
		t.Fatalf("%s: run scripts/setup.sh", strings.Join(missing, ", "))
	default:
		t.Skipf("%s: run scripts/setup.sh (make test does)", strings.Join(missing, ", "))
	}
}
