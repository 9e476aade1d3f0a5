package main

import (
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/siogw/siogw/internal/siotest"
)

// row is one thing to measure.
type row struct {
	name, title string
	start       func(s settings, upstream string) (*process, error)
}

var rows = []row{
	{"relay", "bare relay (gorilla)", func(_ settings, up string) (*process, error) { return startSelf("relay", up) }},
	{"sessions", "its Engine.IO alone, goroutines", func(_ settings, up string) (*process, error) { return startSelf("sessions", up) }},
	{"loops", "its Engine.IO alone, event loop", func(_ settings, up string) (*process, error) { return startSelf("loops", up) }},
	{"portable", "siogw, no policy, no event loop", gateway("event_loop: off\n")},
	{"plain", "siogw, no policy", gateway("")},
	{"rego", "siogw, JWT and Rego", gateway(jwt + rego)},
	{"wasm", "siogw, JWT, Rego and Wasm", gateway(jwt + rego + wasm)},
}

// secret signs the clients' tokens.
const secret = "the secret of the benchmarks, 32 bytes or more"

const base = `
listen: %s
upstream: { url: "%s" }
admin: { listen: "" }
limits:
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

const wasm = `
plugins: [{ name: sanitize, source: "std:html-sanitizer", match: { kinds: [event], events: [message] }, timeout: 10s }]
`

//go:embed policy.rego
var policy []byte

// token is what every client connects with.
var token = siotest.Token(secret, `{"sub":"u1","roles":["member"],"exp":4102444800}`)

// gateway starts siogw with the base configuration and more.
func gateway(more string) func(settings, string) (*process, error) {
	return func(s settings, upstream string) (*process, error) {
		binary := filepath.Join(s.dir, "siogw")
		if _, err := os.Stat(binary); err != nil {
			if out, err := exec.Command("go", "build", "-trimpath", "-o", binary, "./cmd/siogw").CombinedOutput(); err != nil {
				return nil, fmt.Errorf("build siogw: %w\n%s", err, out)
			}
		}
		address, err := freeAddress()
		if err != nil {
			return nil, err
		}
		config := filepath.Join(s.dir, "siogw.yaml")
		text := fmt.Sprintf(base, address, upstream) + more
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(s.dir, "policy.rego"), policy, 0o600); err != nil {
			return nil, err
		}
		return startProcess(address, exec.Command(binary, "run", "-c", config))
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
