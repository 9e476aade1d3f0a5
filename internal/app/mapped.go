package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/siogw/siogw/internal/config"
	"github.com/siogw/siogw/plugins/contract"
)

// checkRooms tells of rooms' events that the contract refuses before anybody asks about a room. Patterns are not looked at.
func (j *Judge) checkRooms(cfg *config.Config) (warnings []string) {
	if j.Contract == nil || cfg.Contract.UnknownEvents != "deny" {
		return nil
	}
	in := func(c contract.Coverage) []string { return c.In }
	out := func(c contract.Coverage) []string { return c.Out }
	either := func(c contract.Coverage) []string { return slices.Concat(c.In, c.Out) }
	for _, list := range []struct {
		name   string
		rules  []config.RoomRule
		events func(contract.Coverage) []string
	}{
		{"join", cfg.Rooms.Join, in}, {"leave", cfg.Rooms.Leave, in}, {"target", cfg.Rooms.Target, either},
		{"joined", cfg.Rooms.Joined, out}, {"left", cfg.Rooms.Left, out},
	} {
		for i, r := range list.rules {
			if text := j.unknown(r, list.events); text != "" {
				warnings = append(warnings, cfg.Error(fmt.Sprintf("rooms.%s.%d", list.name, i), fmt.Errorf("%s, which refuses it before it means a room", text)).Error())
			}
		}
	}
	return warnings
}

// unknown says what of r the contract does not have; "" when it has it, or r is a pattern.
func (j *Judge) unknown(r config.RoomRule, events func(contract.Coverage) []string) string {
	if strings.ContainsAny(r.Event+r.Namespace, `*{\`) {
		return ""
	}
	name, ok := j.Contract.Find(r.Namespace)
	if !ok {
		return fmt.Sprintf("namespace %q is not in the contract", r.Namespace)
	}
	for _, c := range j.Contract.Coverage() {
		if all := events(c); c.Namespace == name && !slices.Contains(all, r.Event) {
			return fmt.Sprintf("event %q of %s is not in the contract%s", r.Event, name, meant(r.Event, all))
		}
	}
	return ""
}

// meant asks whether the nearest of all was meant.
func meant(name string, all []string) string {
	if near := config.Nearest(name, all); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}
