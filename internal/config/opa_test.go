package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const opaServices = "upstream: { url: 'http://127.0.0.1:3000' }\nopa:\n  services: { control: { url: 'http://127.0.0.1:1' } }\n"

func TestOPA(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"  bundles: { authz: { service: control } }\n", ""},
		{"  bundles: { authz: { service: other } }\n", "x:4:3: opa.bundles: "},
		{"  bundles: { authz: { service: control, polling: { min_delay: 1 } } }\n", "x:4:52: opa.bundles.authz.polling.min_delay: unknown key"},
		{"  bundles: { authz: { signing: { keyid: none } } }\n", "x:4:3: opa.bundles: "},
		{"  decision_logs: { service: other }\n", "x:4:3: opa.decision_logs: "},
		{"  decision_logs: { reporting: { min_delay_seconds: 5 } }\n", "x:4:3: opa.decision_logs: "},
		{"  decision_logs: { reporting: 5 }\n", "x:4:3: opa.decision_logs: "},
		{"  status: { service: other }\n", "x:4:3: opa.status: "},
		{"  discovery: { service: other, resource: a }\n", "x:4:3: opa.discovery: "},
		{"  plugins: { a: {} }\n", "x:4:3: opa.plugins: not supported"},
		{"  config_file: a.yaml\n", "opa.config_file: stands alone"},
		{"  bundles: { authz: { service: control } }\npolicy: { paths: [a.rego] }\n", "x:5:18: policy.paths: policies come from opa.bundles"},
	} {
		cfg, err := Parse("x", "", []byte(opaServices+c.yaml))
		switch {
		case c.want == "" && (err != nil || !cfg.Bundled()):
			t.Errorf("%s: %v", c.yaml, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", c.yaml, err, c.want)
		}
	}
}

func TestOPAFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SIOGW_TEST_SERVICE", "http://127.0.0.1:1")
	if err := os.WriteFile(filepath.Join(dir, "opa.yaml"), []byte("services: { control: { url: '${SIOGW_TEST_SERVICE}' } }\nlabels: { a: '${NOT_THERE_AT_ALL}' }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "siogw.yaml")
	for yaml, want := range map[string]string{
		"opa: { config_file: opa.yaml }\n":  `"labels":{"a":"${NOT_THERE_AT_ALL}"},"services":{"control":{"url":"http://127.0.0.1:1"}}`,
		"opa: { config_file: none.yaml }\n": "",
	} {
		if err := os.WriteFile(file, []byte("upstream: { url: 'http://127.0.0.1:3000' }\n"+yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(file, nil, nil)
		if want == "" && (err == nil || !strings.Contains(err.Error(), "opa.config_file: ")) || want != "" && (err != nil || !strings.Contains(string(cfg.OPA), want)) {
			t.Errorf("%s: %v, %s", yaml, err, cfg.OPA)
		}
	}
}
