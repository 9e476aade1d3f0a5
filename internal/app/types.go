package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/rego"
)

// argsTypes gives what the contract says of args, for the check of policies; nil without a contract.
func (j *Judge) argsTypes(cfg *config.Config) *rego.ArgsTypes {
	if j.Contract == nil {
		return nil
	}
	t := &rego.ArgsTypes{Closed: cfg.Contract.UnknownEvents == "deny"}
	// A plugin between the contract and the policy may make args what the contract does not say.
	t.Certain = t.Closed && engine.Mode(cfg.Contract.Mode) == engine.Enforce && !slices.ContainsFunc(cfg.Plugins, func(p config.Plugin) bool {
		return p.Phase == "before_policy" && engine.Mode(p.Mode) == engine.Enforce
	})
	t.Find = func(namespace string) string {
		name, _ := j.Contract.Find(namespace)
		return name
	}
	for _, e := range j.Contract.Events() {
		t.Events = append(t.Events, rego.ArgsType{Kind: e.Kind, Direction: e.Direction, Namespace: e.Namespace, Event: e.Name,
			At: e.Place, Possible: e.Schema(false), Listed: e.Schema(true)})
	}
	return t
}

// checkNames holds the names that p asks for against those of the contract: what asks for another never holds. Where
// unknown events are denied, one that is nearly the same is an error; all else is a warning.
func (j *Judge) checkNames(p *rego.Policy, t *rego.ArgsTypes) (warnings []string, err error) {
	if t == nil {
		return nil, nil
	}
	var events, spaces []string
	for _, n := range j.Contract.Coverage() {
		spaces = append(spaces, n.Namespace)
		events = append(append(events, n.In...), n.Out...)
	}
	slices.Sort(events)
	events = slices.Compact(events)
	var errs []error
	for _, n := range p.Names() {
		known, all := slices.Contains(events, n.Name), events
		if n.Key == "namespace" {
			_, known = j.Contract.Find(n.Name)
			all = spaces
		}
		if known {
			continue
		}
		meant := config.Nearest(n.Name, all)
		text := fmt.Sprintf("%s: the contract has no %s %q", n.At, n.Key, n.Name)
		switch {
		case meant == "":
			warnings = append(warnings, text+"; there are "+few(all))
		case t.Certain:
			errs = append(errs, fmt.Errorf("%s, did you mean %q?", text, meant))
		default:
			warnings = append(warnings, fmt.Sprintf("%s, did you mean %q?", text, meant))
		}
	}
	return warnings, errors.Join(errs...)
}

// few lists names, and of many the first.
func few(names []string) string {
	const most = 10
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
