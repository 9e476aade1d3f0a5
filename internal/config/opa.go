package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/siogw/siogw/plugins/rego/manage"
)

// OPAConfig gives OPA's own configuration, checked; nil for none.
func (c *Config) OPAConfig() *manage.Config { return c.opa }

// Bundled reports whether policies come from OPA's bundles.
func (c *Config) Bundled() bool { return c.opa != nil && c.opa.Policies }

// openPolicyAgent checks the section opa.
func (d *decoder) openPolicyAgent() {
	c := d.cfg
	if len(d.errsOf("opa")) > 0 || len(c.OPA) == 0 || string(c.OPA) == "null" || string(c.OPA) == "{}" {
		return
	}
	var only struct {
		ConfigFile string `json:"config_file"`
	}
	_ = json.Unmarshal(c.OPA, &only) // what is no object is told below
	if only.ConfigFile != "" && !d.opaFile(only.ConfigFile) {
		return
	}
	parsed, err := manage.ParseConfig(c.OPA)
	if err != nil {
		d.opaErrors(err)
		return
	}
	if c.opa = parsed; parsed.Policies && len(c.Policy.Paths) > 0 {
		d.fail("policy.paths", "policies come from opa.bundles or opa.discovery: choose one of them")
	}
}

// opaFile puts the content of a file of OPA's in the place of its name.
func (d *decoder) opaFile(name string) bool {
	const key = "opa.config_file"
	var all map[string]json.RawMessage
	if err := json.Unmarshal(d.cfg.OPA, &all); err != nil || len(all) > 1 {
		d.fail(key, "stands alone: what else is in opa belongs into the file")
		return false
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(d.cfg.File), name)
	}
	text, err := readFile(name)
	if err != nil {
		d.fail(key, "%s: %v", name, plain(err))
		return false
	}
	var doc map[string]any
	if err := yaml.Unmarshal(substitute(text), &doc); err != nil {
		d.fail(key, "%s: %v", name, err)
		return false
	}
	if d.cfg.OPA, err = json.Marshal(doc); err != nil {
		d.fail(key, "%s: %v", name, err)
	}
	return err == nil
}

// variable is what OPA replaces in its file.
var variable = regexp.MustCompile(`\$\{[^}\n]+\}`)

// substitute replaces ${NAME} as OPA does: what the environment has not stays as it is.
func substitute(text []byte) []byte {
	return variable.ReplaceAllFunc(text, func(m []byte) []byte {
		if v, ok := os.LookupEnv(string(m[2 : len(m)-1])); ok {
			return []byte(v)
		}
		return m
	})
}

func (d *decoder) opaErrors(err error) {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range list.Unwrap() {
			d.opaErrors(e)
		}
		return
	}
	var e *manage.Error
	if !errors.As(err, &e) {
		e = &manage.Error{Err: fmt.Errorf("opa: %w", err)}
	}
	key := "opa"
	if e.Key != "" {
		key += "." + e.Key
	}
	d.fail(key, "%v", e.Err)
}
