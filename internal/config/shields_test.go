package config

import (
	"strings"
	"testing"
)

func TestShields(t *testing.T) {
	const head = "upstream: { url: http://127.0.0.1:3000 }\nshields:\n"
	for name, c := range map[string]struct{ text, want string }{
		"monitor":          {"  default: monitor\n  overrides: { CVE-2024-38355: off, admin-ui: enforce }", ""},
		"alias":            {"  overrides: { GHSA-25hc-qcg6-38wj: monitor }", ""},
		"near":             {"  overrides: { CVE-2024-38356: off }", "siogw.yaml:3:32: shields.overrides.CVE-2024-38356: no such shield, did you mean CVE-2024-38355?"},
		"another case":     {"  overrides: { cve-2024-38355: off }", "did you mean CVE-2024-38355?"},
		"unknown":          {"  overrides: { logjam: off }", "shields.overrides.logjam: no such shield; siogw shields list has them"},
		"cannot be off":    {"  overrides: { CVE-2023-32695: off }", "CVE-2023-32695 cannot be switched off: it is stopped by the canonical form"},
		"cannot be noted":  {"  overrides: { CVE-2023-32695: monitor }", "cannot be switched off"},
		"enforced already": {"  overrides: { CVE-2023-32695: enforce }", ""},
		"no mode":          {"  overrides: { CVE-2024-38355: maybe }", "shields.overrides.CVE-2024-38355: want"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("siogw.yaml", ".", []byte(head+c.text+"\n"))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}
