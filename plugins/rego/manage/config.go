package manage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/config"
	"github.com/open-policy-agent/opa/v1/logging"
	"github.com/open-policy-agent/opa/v1/plugins"
	"github.com/open-policy-agent/opa/v1/plugins/bundle"
	"github.com/open-policy-agent/opa/v1/plugins/discovery"
	"github.com/open-policy-agent/opa/v1/plugins/logs"
	"github.com/open-policy-agent/opa/v1/plugins/status"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// Config is OPA's configuration, checked.
type Config struct {
	Policies bool     // policies come from bundles, at once or by discovery
	Logs     bool     // there are decision logs; discovery may bring them as well
	Unsigned bool     // a bundle, or the discovery, is taken without a signature
	LogRules []string // mask_decision and drop_decision: /system/log/mask

	raw []byte
}

// Error is a mistake in OPA's configuration.
type Error struct {
	Key string // services, decision_logs.reporting, …; "" for the whole
	Err error
}

// Error gives key: message.
func (e *Error) Error() string {
	if e.Key == "" {
		return e.Err.Error()
	}
	return e.Key + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// supported are the sections of OPA's configuration that mean something here.
var supported = []string{"services", "labels", "keys", "discovery", "bundles", "decision_logs", "status", "persistence_directory"}

// DefaultBuffer bounds the decision logs that wait for their service, in bytes, where the configuration has no bound
// of its own: OPA's default has none.
const DefaultBuffer = 16 << 20

// ParseConfig checks raw, OPA's configuration as JSON. Its error is a joined one of *[Error].
func ParseConfig(raw []byte) (*Config, error) {
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(raw, &sections); err != nil {
		return nil, &Error{"", errors.New("want OPA's configuration, a section (key: value)")}
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(sections)) {
		if !slices.Contains(supported, key) {
			errs = append(errs, &Error{key, fmt.Errorf("not supported: of OPA's configuration there are %s", strings.Join(supported, ", "))})
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	c := &Config{Policies: sections["bundles"] != nil || sections["discovery"] != nil, Logs: sections["decision_logs"] != nil}
	var err error
	if sections["decision_logs"], err = bounded(sections["decision_logs"]); err != nil {
		return nil, &Error{"decision_logs", err}
	}
	if sections["decision_logs"] == nil {
		delete(sections, "decision_logs")
	}
	if c.raw, err = json.Marshal(sections); err != nil {
		return nil, &Error{"", err}
	}
	return c, c.check(sections)
}

// check has OPA look at each section.
func (c *Config) check(sections map[string]json.RawMessage) error {
	parsed, err := config.ParseConfig(c.raw, "siogw")
	if err != nil {
		return &Error{"", err}
	}
	if err := warnings(parsed); err != nil {
		return err
	}
	m, err := plugins.New(c.raw, "siogw", inmem.New(), plugins.Logger(logging.NewNoOpLogger()))
	if err != nil {
		key := "services"
		if strings.Contains(err.Error(), "key") && sections["keys"] != nil {
			key = "keys"
		}
		return &Error{key, err}
	}
	defer m.Stop(context.Background())
	var errs []error
	note := func(key string, err error) {
		if err != nil {
			errs = append(errs, &Error{key, err})
		}
	}
	b, err := bundle.NewConfigBuilder().WithBytes(parsed.Bundles).WithServices(m.Services()).WithKeyConfigs(m.PublicKeys()).Parse()
	note("bundles", err)
	c.unsigned(b)
	l, err := logs.NewConfigBuilder().WithBytes(parsed.DecisionLogs).WithServices(m.Services()).Parse()
	note("decision_logs", err)
	if l != nil {
		c.LogRules = []string{*l.MaskDecision, *l.DropDecision} // OPA's own places where they are not given
	}
	_, err = status.NewConfigBuilder().WithBytes(parsed.Status).WithServices(m.Services()).Parse()
	note("status", err)
	d, err := discovery.NewConfigBuilder().WithBytes(parsed.Discovery).WithServices(m.Services()).WithKeyConfigs(m.PublicKeys()).Parse()
	note("discovery", err)
	c.Unsigned = c.Unsigned || d != nil && (d.Signing == nil || !d.Signing.SignatureRequired())
	return errors.Join(errs...)
}

func (c *Config) unsigned(b *bundle.Config) {
	if b == nil {
		return
	}
	for _, s := range b.Bundles {
		c.Unsigned = c.Unsigned || s.Signing == nil || !s.Signing.SignatureRequired()
	}
}

// warnings makes errors of what OPA only warns of: keys that it does not know.
func warnings(c *config.Config) error {
	var errs []error
	for _, w := range c.Warnings {
		key := ""
		if _, rest, ok := strings.Cut(w, `unknown configuration option "`); ok {
			key, _, _ = strings.Cut(rest, `"`)
			w = "unknown key"
		}
		errs = append(errs, &Error{key, errors.New(w)})
	}
	return errors.Join(errs...)
}

// bounded gives the section decision_logs with a bound on what waits for the service.
func bounded(raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	var section, reporting map[string]json.RawMessage
	if err := json.Unmarshal(raw, &section); err != nil || section == nil {
		return raw, err
	}
	if r := section["reporting"]; r != nil {
		if err := json.Unmarshal(r, &reporting); err != nil {
			return nil, err
		}
	}
	kind := string(reporting["buffer_type"])
	if reporting["buffer_size_limit_bytes"] != nil || reporting["max_decisions_per_second"] != nil || kind != "" && kind != `"size"` {
		return raw, nil
	}
	if reporting == nil {
		reporting = map[string]json.RawMessage{}
	}
	reporting["buffer_size_limit_bytes"] = fmt.Appendf(nil, "%d", DefaultBuffer)
	var err error
	if section["reporting"], err = json.Marshal(reporting); err != nil {
		return nil, err
	}
	return json.Marshal(section)
}

// discovered looks at what discovery brings as ParseConfig does at what is configured.
type discovered struct{}

// OnConfigDiscovery is described by hooks.ConfigDiscoveryHook.
func (discovered) OnConfigDiscovery(_ context.Context, c *config.Config) (*config.Config, error) {
	if err := warnings(c); err != nil {
		return nil, err
	}
	if c.Bundle != nil || c.Plugins != nil || c.Server != nil || c.Storage != nil || c.DistributedTracing != nil || c.Caching != nil { //nolint:staticcheck // refused
		return nil, fmt.Errorf("of OPA's configuration there are %s", strings.Join(supported, ", "))
	}
	logs, err := bounded(c.DecisionLogs)
	if err != nil {
		return nil, err
	}
	c.DecisionLogs = logs
	return c, nil
}
