package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/siogw/siogw/internal/siotest"
)

// row is one thing to measure.
type row struct {
	name, title string
	start       func(s *settings, row *row, upstream string) (*process, error)
	config      string // of siogw, beside base
	varied      bool   // every event has a text of its own, of one length
}

var rows = []row{
	{name: "relay", title: "bare relay (gorilla)", start: self},
	{name: "nginx", title: "nginx", start: nginx},
	{name: "nginxes", title: "nginx, a process for each core", start: nginxes},
	{name: "haproxy", title: "HAProxy", start: haproxy},
	{name: "node", title: "node socket.io itself, with the checks", start: node},
	{name: "sessions", title: "its Engine.IO alone, no event loop", start: self},
	{name: "loops", title: "its Engine.IO alone", start: self},
	{name: "portable", title: "siogw, no policy, no event loop", start: gateway, config: "event_loop: off\n"},
	{name: "plain", title: "siogw, no policy", start: gateway},
	{name: "rego", title: "siogw, JWT, Rego", start: gateway, config: jwt + rego},
	{name: "full", title: "siogw, JWT, Rego, contract, Wasm", start: gateway, config: jwt + rego + contract + wasm},
	{name: "miss", title: "the same, each text another", start: gateway, config: jwt + rego + contract + wasm, varied: true},
}

func names() (all []string) {
	for _, row := range rows {
		all = append(all, row.name)
	}
	return all
}

// secret signs the clients' tokens.
const secret = "the secret of the benchmarks, 32 bytes or more"

const base = `
listen: %s
upstream: { url: "%s" }
admin: { listen: "" }
limits:
  acks: 1000000 # of an open loop on a machine that is busy
  connections: { total: 100000, rate: 0, per_ip: 100000, rate_per_ip: 100000/s, per_identity: 0, rate_per_identity: 0, sockets_per_ip: 0 }
  events: { per_session: 10000000/s, per_identity: 0, bytes: 0, decision_time: 0s }
  traffic: { frames: 0, bytes: 0 }
decision_log: { output: none }
log: { level: error }
`

const jwt = `
identity:
  required: true
  jwt: { from: [auth.token], secret: "` + secret + `", algorithms: [HS256] }
`

const rego = `
policy: { paths: [policy.rego], timeout: 10s } # a busy machine is slow
`

const contract = `
contract: { files: [contract.yaml] }
`

const wasm = `
plugins: [{ name: sanitize, source: "std:html-sanitizer", match: { kinds: [event], events: [message] }, timeout: 10s }]
`

//go:embed policy.rego
var policy []byte

//go:embed contract.yaml
var contractFile []byte

// token is what every client connects with.
var token = siotest.Token(secret, `{"sub":"u1","roles":["member"],"exp":4102444800}`)

// self is the start of a row that this program is itself.
func self(s *settings, row *row, upstream string) (*process, error) {
	if s.profile == "" {
		return startSelf(row.name, upstream)
	}
	return startSelf("profiled", filepath.Join(s.profile, row.name), row.name, upstream)
}

// gateway starts siogw with the base configuration and the row's.
func gateway(s *settings, row *row, upstream string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.dir, row.name)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "siogw.yaml")
	for path, text := range map[string][]byte{
		config:                              fmt.Appendf(nil, base+row.config, address, upstream),
		filepath.Join(dir, "policy.rego"):   policy,
		filepath.Join(dir, "contract.yaml"): contractFile,
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return nil, err
		}
	}
	if s.profile == "" {
		return startProcess(address, exec.Command(s.binary, "run", "-c", config))
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return startProcess(address, exec.Command(program, "profiled", address, filepath.Join(s.profile, row.name), "siogw", "run", "-c", config))
}

// build makes the siogw to measure, unless one was given.
func (s *settings) build() error {
	if s.binary != "" {
		_, err := os.Stat(s.binary)
		return err
	}
	s.binary = filepath.Join(s.dir, "siogw")
	out, err := exec.Command("go", "build", "-trimpath", "-o", s.binary, "github.com/siogw/siogw/cmd/siogw").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build siogw: %w\n%s", err, out)
	}
	return nil
}

// program finds a program of the system, also where a daemon's is and a user's PATH does not look.
func program(name string) (string, error) {
	for _, path := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return filepath.Abs(found)
		}
	}
	return "", fmt.Errorf("%s is %w", name, errAbsent)
}

// root finds the folder of the module, from the current one up.
func root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		text, _ := os.ReadFile(filepath.Join(dir, "go.mod"))
		if strings.HasPrefix(string(text), "module github.com/siogw/siogw\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			err = errors.New("run it within the repository")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
