package app

import (
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/siogw/siogw/internal/config"
)

// maxTold bounds what is told of one reload by name.
const maxTold = 50

// tell names what next has that differs: keys, files, and plugins with the checksum of what they are now.
func (gen *generation) tell(next *generation) []string {
	var out []string
	for _, key := range config.Changed(gen.cfg, next.cfg) {
		if key != "plugins" { // told by name
			out = append(out, key)
		}
	}
	sections := maps.Clone(next.sums)
	maps.Copy(sections, gen.sums)
	for _, section := range slices.Sorted(maps.Keys(sections)) {
		if section != "plugins" {
			out = append(out, next.files(section, gen.sums[section], next.sums[section])...)
		}
	}
	out = append(out, gen.plugins(next)...)
	if more := len(out) - maxTold; more > 0 {
		out = append(out[:maxTold], fmt.Sprintf("and %d more", more))
	}
	return out
}

// files names those that are others than before, as what they are to their section.
func (gen *generation) files(section string, before, now fileSums) (out []string) {
	all := maps.Clone(now)
	if all == nil {
		all = fileSums{}
	}
	maps.Copy(all, before)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		was, had := before[path]
		is, has := now[path]
		if had == has && was == is {
			continue
		}
		what := section
		if section == "policy" && filepath.Ext(path) != ".rego" {
			what = "data"
		}
		out = append(out, what+" "+gen.short(path)+fate(had, has))
	}
	return out
}

// short gives a path as it may stand in the configuration.
func (gen *generation) short(path string) string {
	if rel, err := filepath.Rel(filepath.Dir(gen.cfg.File), path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}

func fate(had, has bool) string {
	switch {
	case !had:
		return " (new)"
	case !has:
		return " (gone)"
	}
	return ""
}

// plugins names those that next has otherwise.
func (gen *generation) plugins(next *generation) (out []string) {
	before, now := gen.named(), next.named()
	all := maps.Clone(now)
	maps.Copy(all, before)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		was, had := before[name]
		is, has := now[name]
		if had && has && gen.digest(was) == next.digest(is) && reflect.DeepEqual(was, is) {
			continue
		}
		text := "plugin " + name + fate(had, has)
		if d := next.digest(is); has && d != "" {
			text += " sha256:" + d
		}
		out = append(out, text)
	}
	return out
}

func (gen *generation) named() map[string]*config.Plugin {
	out := map[string]*config.Plugin{}
	for i := range gen.cfg.Plugins {
		out[gen.cfg.Plugins[i].Name] = &gen.cfg.Plugins[i]
	}
	return out
}

// digest gives the beginning of the checksum of a plugin's file, "" where it has none.
func (gen *generation) digest(p *config.Plugin) string {
	if p == nil {
		return ""
	}
	path := string(p.Source)
	if native, ok := p.Source.Native(); ok {
		path = native
	}
	sum, ok := gen.sums["plugins"][path]
	if !ok {
		return ""
	}
	return hex.EncodeToString(sum[:6])
}
