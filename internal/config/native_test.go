package config

import (
	"strings"
	"testing"
	"time"
)

func native(keys string) (*Plugin, error) {
	sum := strings.Repeat("ab", 32)
	cfg, err := Parse("f", "/etc", []byte("upstream: { url: http://127.0.0.1:3000 }\nplugins: [{ name: a, "+strings.ReplaceAll(keys, "SUM", sum)+" }]\n"))
	if err != nil {
		return nil, err
	}
	return &cfg.Plugins[0], nil
}

func TestNativeDefaults(t *testing.T) {
	p, err := native("source: native:./revocation, sha256: SUM")
	if err != nil {
		t.Fatal(err)
	}
	path, ok := p.Source.Native()
	if !ok || path != "/etc/revocation" || p.Timeout != 100*time.Millisecond || p.Memory != 256<<20 || p.MaxInFlight != 256 || p.StartTimeout != 10*time.Second || p.Dir != "" {
		t.Errorf("%+v", p)
	}
	p, err = native(`source: native:/bin/x, sha256: SUM, timeout: 5ms, memory: 1GiB, args: [-v], env: { A: b }, dir: sub, max_in_flight: 7, start_timeout: 1s`)
	if err != nil {
		t.Fatal(err)
	}
	if p.Timeout != 5*time.Millisecond || p.Memory != 1<<30 || p.Args[0] != "-v" || p.Env["A"] != "b" || p.Dir != "/etc/sub" || p.MaxInFlight != 7 || p.StartTimeout != time.Second {
		t.Errorf("%+v", p)
	}
}

func TestNativeKeys(t *testing.T) {
	for keys, want := range map[string]string{
		"source: native:x":                                       "plugins.0.sha256: required",
		"source: 'native:', sha256: SUM":                         "plugins.0.source: want native:PATH",
		"source: native:x, sha256: SUM, grant: [kv]":             "plugins.0.grant: is for WebAssembly plugins only",
		"source: native:x, sha256: SUM, lifetime: call":          "plugins.0.lifetime: is for",
		"source: native:x, sha256: SUM, sessions: 2":             "plugins.0.sessions: is for",
		"source: native:x, sha256: SUM, memo: 1MiB":              "plugins.0.memo: is for",
		"source: native:x, sha256: SUM, kv: { entries: 2 }":      "plugins.0.kv: is for",
		"source: std:x, args: [x]":                               "plugins.0.args: is for native plugins only",
		"source: std:x, env: { A: b }":                           "plugins.0.env: is for",
		"source: x.wasm, dir: x":                                 "plugins.0.dir: is for",
		"source: x.js, max_in_flight: 2":                         "plugins.0.max_in_flight: is for",
		"source: x.js, start_timeout: 2s":                        "plugins.0.start_timeout: is for",
		"source: native:x, sha256: SUM, max_in_flight: 0":        "plugins.0.max_in_flight: ",
		"source: native:x, sha256: SUM, max_in_flight: 65536":    "",
		"source: native:x, sha256: SUM, max_in_flight: 65537":    "plugins.0.max_in_flight: ",
		"source: native:x, sha256: SUM, start_timeout: 99ms":     "plugins.0.start_timeout: ",
		"source: native:x, sha256: SUM, start_timeout: 10m":      "",
		"source: native:x, sha256: SUM, start_timeout: 11m":      "plugins.0.start_timeout: ",
		"source: native:x, sha256: SUM, env: { 'A-B': x }":       "plugins.0.env: want names",
		"source: native:x, sha256: SUM, env: { _a1: '' }":        "",
		"source: native:x, sha256: SUM, env: { A: \"a\\0b\" }":   "plugins.0.env: want names",
		"source: native:x, sha256: SUM, backoff: {failures: 0 }": "",
	} {
		_, err := native(keys)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", keys, err, want)
		}
	}
}

// TestNativeFiles: a reload sees a change of the program and of its manifest.
func TestNativeFiles(t *testing.T) {
	cfg, err := Parse("f", "/etc", []byte("upstream: { url: http://127.0.0.1:3000 }\nplugins: [{ name: a, source: native:p, dir: d, sha256: "+strings.Repeat("ab", 32)+" }]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(cfg.LiveFiles()["plugins"], " "); got != "/etc/p /etc/p.manifest.json" {
		t.Error(got)
	}
}
