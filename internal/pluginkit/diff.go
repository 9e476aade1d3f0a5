package pluginkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// What is told of one case.
const (
	maxDiff  = 20  // lines
	maxShown = 500 // bytes of a value
)

// missing stands for a value that is not there.
type missing struct{}

// diff gives what differs between two decoded JSON values, a line each: place, want, got.
func diff(at string, want, got any) []string {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			return diffObjects(at, w, g)
		}
	case []any:
		if g, ok := got.([]any); ok {
			return diffArrays(at, w, g)
		}
	}
	w, g := show(want), show(got)
	if w == g || sameNumber(want, got) {
		return nil
	}
	return []string{fmt.Sprintf("%s: want %s, got %s", at, short(w), short(g))}
}

// sameNumber reports whether two numbers differ in their writing only: 1 and 1.0. Long ones do not fit in a float.
func sameNumber(want, got any) bool {
	w, ok1 := want.(json.Number)
	g, ok2 := got.(json.Number)
	if !ok1 || !ok2 || len(w) > 15 || len(g) > 15 {
		return false
	}
	a, err1 := w.Float64()
	b, err2 := g.Float64()
	return err1 == nil && err2 == nil && a == b
}

func diffObjects(at string, want, got map[string]any) (out []string) {
	keys := maps.Clone(want)
	maps.Copy(keys, got)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		out = append(out, diff(at+"/"+k, member(want, k), member(got, k))...)
	}
	return out
}

func member(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return missing{}
}

func diffArrays(at string, want, got []any) (out []string) {
	for i := range max(len(want), len(got)) {
		out = append(out, diff(at+"/"+strconv.Itoa(i), element(want, i), element(got, i))...)
	}
	return out
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return missing{}
}

func show(v any) string {
	if _, ok := v.(missing); ok {
		return "nothing"
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}

// short bounds what is shown of one value.
func short(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "…"
}

// decoded gives JSON text as Go values, numbers as they are written; what is not there is missing.
func decoded(raw []byte) any {
	if raw == nil {
		return missing{}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return err.Error()
	}
	return v
}

// wanted gives a value of a fixture as decoded does.
func wanted(v any) any {
	if v == nil {
		return missing{}
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return decoded(raw)
}
