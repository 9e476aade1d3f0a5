package config

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/siogw/siogw/internal/shields"
)

// shields checks that each override names a shield, and one that can be in that state.
func (d *decoder) shields() {
	for _, id := range slices.Sorted(maps.Keys(d.cfg.Shields.Overrides)) {
		one := Shields{Overrides: map[string]Mode{id: d.cfg.Shields.Overrides[id]}}
		_, err := shields.New(one.Options())
		var no *shields.UnknownError
		if !errors.As(err, &no) {
			continue
		}
		key := join("shields.overrides", id)
		if meant := nearestShield(id); no.Shield == nil && meant != "" {
			d.fail(key, "no such shield, did you mean %s?", meant)
		} else if no.Shield == nil {
			d.fail(key, "no such shield; siogw shields list has them")
		} else {
			d.fail(key, "%v", err)
		}
	}
}

// nearestShield gives the ID that was probably meant, "" for none near.
func nearestShield(name string) string {
	ids := map[string]string{} // by what nearest compares, lower-case text
	for _, s := range shields.All() {
		ids[strings.ToLower(s.ID)] = s.ID
	}
	return ids[Nearest(name, slices.Sorted(maps.Keys(ids)))]
}
