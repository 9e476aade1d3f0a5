// Package interop runs real Socket.IO clients against a real Socket.IO server, directly and through the
// gateway. Scenarios are data, in scenarios/; README.md describes them.
package interop

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/proctest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	proctest.Clean()
	os.Exit(code)
}

// python is Debian's, whose packages are tested.
const python = "/usr/bin/python3"

// require skips the test where node or its packages are absent, unless SIOGW_REQUIRE_INTEROP=1 says that
// they must be there.
func require(t *testing.T) {
	t.Helper()
	missing := ""
	if _, err := exec.LookPath("node"); err != nil {
		missing = "node is not installed"
	} else if _, err := os.Stat("node_modules/socket.io-client/package.json"); err != nil {
		missing = "node_modules is absent"
	} else if exec.Command(python, "-c", "import socketio, requests, websocket").Run() != nil {
		missing = "python3-socketio is absent"
	}
	switch {
	case missing == "":
	case os.Getenv("SIOGW_REQUIRE_INTEROP") == "1":
		t.Fatalf("%s: run scripts/setup.sh", missing)
	default:
		t.Skipf("%s: run scripts/setup.sh (make test does)", missing)
	}
}

// TestScenarios runs every scenario with each of its clients over each of its transports.
func TestScenarios(t *testing.T) {
	require(t)
	paths, err := filepath.Glob("scenarios/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, path := range paths {
		s, err := loadScenario(path)
		if err != nil {
			t.Error(err)
			continue
		}
		again := func(t *testing.T) *scenario { // a copy for each: a run fills in tokens
			t.Parallel()
			s, err := loadScenario(path)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		for _, parser := range s.Parsers {
			name := name
			if parser != "json" {
				name += "-" + parser
			}
			if s.Parity {
				t.Run("bare/"+name, func(t *testing.T) { again(t).with(parser).runBare(t) })
			}
			t.Run("gateway/"+name, func(t *testing.T) { again(t).with(parser).runGateway(t) })
		}
	}
}

// runBare runs s against the server itself, which proves that the scenario expects what the reference does.
func (s *scenario) runBare(t *testing.T) {
	up := startServer(t, s.Server)
	s.without = s.NotBare
	s.each(t, up, up.url, func(*testing.T) {})
}

func (s *scenario) runGateway(t *testing.T) {
	up := startServer(t, s.Server)
	s.serveBundles(t)
	gw := startGateway(t, s, up)
	s.running = gw.running
	s.running.Bundles = s.control
	log := &decisionLog{path: filepath.Join(gw.dir, "decisions.jsonl")}
	s.each(t, up, gw.url, func(t *testing.T) {
		if err := log.check(s.Decisions, s.Undecided); err != nil {
			t.Error(err)
		}
		if err := log.next(); err != nil {
			t.Error(err)
		}
	})
}

// job is one run, as driver.cjs reads it.
type job struct {
	Version   string `json:"version"`
	Transport string `json:"transport"`
	Parser    string `json:"parser,omitempty"`
	URL       string `json:"url"`
	Control   string `json:"control"`
	Steps     any    `json:"steps"`

	Gateway *running `json:"gateway,omitempty"`
}

// running is what steps know of a gateway that they change.
type running struct {
	Dir   string `json:"dir"`
	PID   int    `json:"pid"`
	Admin string `json:"admin"` // URL; nobody answers there where the scenario has no admin.listen

	Bundles string `json:"bundles"` // URL; nobody answers there where the scenario has none
}

// result is what driver.cjs says of a run.
type result struct {
	OK    bool   `json:"ok"`
	Step  int    `json:"step"`
	Error string `json:"error"`
}

// each runs the steps with each client and transport, one after the other, and then after.
func (s *scenario) each(t *testing.T, up server, url string, after func(*testing.T)) {
	for _, version := range s.Clients {
		driver := startDriver(t, version)
		in := json.NewEncoder(driver.stdin)
		for _, transport := range s.Transports {
			if slices.Contains(s.without, version+"/"+transport) {
				continue
			}
			t.Run(version+"/"+transport, func(t *testing.T) {
				steps := make([]any, len(s.Steps)) // their tokens may be short-lived
				for i := range s.Steps {
					steps[i] = tokens(s.Steps[i])
				}
				if err := in.Encode(job{version, transport, s.parser, url, up.control, steps, s.running}); err != nil {
					t.Fatal(err)
				}
				var r result
				if err := driver.readJSON(&r); err != nil {
					t.Fatal(err)
				}
				if !r.OK {
					t.Errorf("step %d %s: %s", r.Step, stepText(s.Steps, r.Step), r.Error)
				}
				after(t)
			})
		}
	}
}

// startDriver starts what plays the clients of a version.
func startDriver(t *testing.T, version string) *process {
	t.Helper()
	if version == "python" {
		return start(t, ".", python, "driver.py")
	}
	return start(t, ".", "node", "driver.cjs")
}

func stepText(steps []map[string]any, i int) string {
	if i < 0 || i >= len(steps) {
		return ""
	}
	text, _ := json.Marshal(steps[i])
	return string(text)
}
