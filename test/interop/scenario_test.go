package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/siogw/siogw/internal/siotest"
)

// scenario is one file of scenarios/; README.md describes it.
type scenario struct {
	About      string            `yaml:"about"`
	Parity     bool              `yaml:"parity"`     // holds against the bare server too
	NotBare    []string          `yaml:"not_bare"`   // client/transport, which the bare server fails
	Clients    []string          `yaml:"clients"`    // versions of socket.io-client; empty means newClients
	Transports []string          `yaml:"transports"` // empty means all
	Parsers    []string          `yaml:"parsers"`    // empty means json alone
	Server     map[string]any    `yaml:"server"`     // options of the node server
	Gateway    map[string]any    `yaml:"gateway"`    // merged over baseConfig
	Rego       string            `yaml:"rego"`       // the policy; empty for the baseline
	Files      map[string]string `yaml:"files"`      // beside the configuration
	Guests     map[string]string `yaml:"guests"`     // file name beside the configuration: folder below guests/
	Bundles    map[string]any    `yaml:"bundles"`    // policy bundles that are served from the start, by name: bundletest.Bundle
	Steps      []map[string]any  `yaml:"steps"`
	Decisions  []map[string]any  `yaml:"decisions"` // in the log, in this order, others between
	Undecided  []map[string]any  `yaml:"undecided"` // not in the log

	parser  string   // the package of another parser; empty for the default one
	without []string // client/transport, not played
	admin   string   // address of the gateway's admin listener
	control string   // URL that serves bundles
	running *running // the gateway; nil without one
}

var (
	oldClients    = []string{"1", "2"} // of Engine.IO 3
	newClients    = []string{"3", "4"}
	allTransports = []string{"polling", "websocket", "upgrade"}
	allParsers    = []string{"json", "msgpack"}
)

// loadScenario reads a file strictly.
func loadScenario(path string) (*scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	s := &scenario{}
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, s.check(path)
}

func (s *scenario) check(path string) error {
	if len(s.Clients) == 0 {
		s.Clients = newClients
	}
	if len(s.Transports) == 0 {
		s.Transports = allTransports
	}
	if len(s.Parsers) == 0 {
		s.Parsers = allParsers[:1]
	}
	for _, v := range s.Parsers {
		if !slices.Contains(allParsers, v) {
			return fmt.Errorf("%s: no parser %q", path, v)
		}
	}
	for _, v := range s.Clients {
		if !slices.Contains(oldClients, v) && !slices.Contains(newClients, v) {
			return fmt.Errorf("%s: no client %q", path, v)
		}
	}
	for _, v := range s.Transports {
		if !slices.Contains(allTransports, v) {
			return fmt.Errorf("%s: no transport %q", path, v)
		}
	}
	switch {
	case s.About == "":
		return fmt.Errorf("%s: about is missing", path)
	case len(s.Steps) == 0:
		return fmt.Errorf("%s: a scenario without steps tests nothing", path)
	}
	for i, step := range s.Steps {
		if len(step) != 1 {
			return fmt.Errorf("%s: step %d has %d verbs", path, i, len(step))
		}
	}
	return nil
}

// with makes everybody in s speak by a parser.
func (s *scenario) with(parser string) *scenario {
	if parser == "msgpack" {
		s.parser = "socket.io-msgpack-parser"
		s.Server = merge(map[string]any{"parser": s.parser}, s.Server)
		s.Gateway = merge(map[string]any{"parser": parser}, s.Gateway)
	}
	return s
}

// secret signs the tokens of scenarios: {$jwt: {sub: u1}}, with exp_in seconds, another `secret`, a
// `prefix` before the token.
const secret = "the secret of the interop scenarios, 32 bytes or more"

// tokens gives v with every {$jwt: claims} replaced by a token that is signed now.
func tokens(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = tokens(v[i])
		}
		return out
	case map[string]any:
		if claims, ok := v["$jwt"].(map[string]any); ok {
			return token(maps.Clone(claims), v)
		}
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = tokens(v[k])
		}
		return out
	}
	return v
}

func token(claims, options map[string]any) string {
	seconds, ok := options["exp_in"].(int)
	if !ok {
		seconds = 600
	}
	claims["exp"] = time.Now().Unix() + int64(seconds)
	key, ok := options["secret"].(string)
	if !ok {
		key = secret
	}
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err) // claims come from YAML
	}
	prefix, _ := options["prefix"].(string)
	return prefix + siotest.Token(key, string(text))
}

// merge lays over on base, map by map.
func merge(base, over map[string]any) map[string]any {
	for k, v := range over {
		inner, isMap := v.(map[string]any)
		old, wasMap := base[k].(map[string]any)
		if isMap && wasMap {
			v = merge(old, inner)
		}
		base[k] = v
	}
	return base
}

// baseConfig is what every scenario's gateway has. decisions.jsonl lies beside the configuration.
func baseConfig(listen, upstream string) map[string]any {
	return map[string]any{
		"listen":   listen,
		"upstream": map[string]any{"url": upstream},
		"admin":    map[string]any{"listen": ""},
		// Every session of a scenario comes from one address.
		"limits": map[string]any{"connections": map[string]any{"per_ip": 1000, "rate_per_ip": "1000/s", "rate_per_identity": "1000/s", "sockets_per_ip": 0},
			"events":  map[string]any{"per_session": "100000/s", "per_identity": "100000/s", "bytes": "1GiB/s", "decision_time": "1s"},
			"traffic": map[string]any{"frames": "100000/s"}},
		"decision_log": map[string]any{"output": "decisions.jsonl", "mask": []any{}},
	}
}

// writeConfig writes siogw.yaml, the policy and the other files into dir.
func (s *scenario) writeConfig(t *testing.T, dir string, config map[string]any) {
	t.Helper()
	files := map[string]string{}
	for name, text := range s.Files {
		files[name] = text
	}
	if s.Rego != "" {
		files["policy.rego"] = s.Rego
		config = merge(config, map[string]any{"policy": map[string]any{"paths": []any{"policy.rego"}}})
	}
	upstream := config["upstream"].(map[string]any)["url"].(string) // of baseConfig
	whole := tokens(merge(config, s.Gateway))
	for name, write := range map[string]func(any) ([]byte, error){"siogw.yaml": yaml.Marshal, "siogw.json": json.Marshal} { // the latter is for the step change
		text, err := write(whole)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = strings.NewReplacer("SCENARIO_SECRET", secret, "SCENARIO_UPSTREAM", upstream, "SCENARIO_ADMIN", s.admin,
			"SCENARIO_BUNDLES", s.control).Replace(string(text))
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
