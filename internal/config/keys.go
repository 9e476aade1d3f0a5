package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

func join(section, key string) string {
	if section == "" {
		return key
	}
	return section + "." + key
}

// field gives the field of a struct that has the key name.
func field(v reflect.Value, name string) (reflect.Value, reflect.StructTag, bool) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if key := f.Tag.Get("yaml"); key == name && key != "-" && key != "" {
			return v.Field(i), f.Tag, true
		}
	}
	return reflect.Value{}, "", false
}

// names gives the keys of a struct.
func names(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" && key != "-" {
			out = append(out, key)
		}
	}
	return out
}

// keys gives every key that is not a section, as section.key.
func keys() []string {
	var out []string
	var walk func(v reflect.Value, key string)
	walk = func(v reflect.Value, key string) {
		if v.Kind() != reflect.Struct || isScalar(v) {
			out = append(out, key)
			return
		}
		for _, n := range names(v.Type()) {
			f, _, _ := field(v, n)
			walk(f, join(key, n))
		}
	}
	walk(reflect.ValueOf(Default()).Elem(), "")
	return out
}

// unknown tells of a key that the section v does not have, and which was probably meant: a key of the
// section, or the same name elsewhere.
func (d *decoder) unknown(k *yaml.Node, v reflect.Value, section string) {
	key := join(section, k.Value)
	if meant := Nearest(k.Value, names(v.Type())); meant != "" {
		d.failAt(k, key, "unknown key, did you mean %s?", join(section, meant))
		return
	}
	for _, other := range keys() {
		if other == k.Value || strings.HasSuffix(other, "."+k.Value) {
			if section == "" {
				d.failAt(k, key, "unknown key, did you mean %s?", other)
			} else {
				d.failAt(k, key, "unknown key; there are %s, and elsewhere %s", strings.Join(names(v.Type()), ", "), other)
			}
			return
		}
	}
	d.failAt(k, key, "unknown key; there are %s", strings.Join(names(v.Type()), ", "))
}

// inRange holds a value against the min, max and enum of its field.
func inRange(v reflect.Value, tag reflect.StructTag) error {
	if list := tag.Get("enum"); list != "" && v.Kind() == reflect.String {
		if options := strings.Split(list, ","); !slices.Contains(options, v.String()) {
			return fmt.Errorf("want %s", strings.Join(options, " or "))
		}
	}
	lo, hi := tag.Get("min"), tag.Get("max")
	switch {
	case lo != "" && number(v) < bound(v, lo):
		return fmt.Errorf("want at least %s", lo)
	case hi != "" && number(v) > bound(v, hi):
		return fmt.Errorf("want at most %s", hi)
	}
	return nil
}

func number(v reflect.Value) int64 {
	if v.CanInt() {
		return v.Int()
	}
	return 0
}

// bound reads the min or max of a field's tag, which has the form of the field.
func bound(v reflect.Value, text string) int64 {
	b := reflect.New(v.Type()).Elem()
	if err := setScalar(b, text, ""); err != nil {
		panic("config: bad bound " + text) // a tag in this package, which a test walks
	}
	return number(b)
}

func parseDuration(p *time.Duration, text string) error {
	v, err := time.ParseDuration(text)
	if err != nil || v < 0 {
		return fmt.Errorf("want a duration such as 30s")
	}
	*p = v
	return nil
}
