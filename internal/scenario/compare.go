package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/siogw/siogw/engine"
)

// maxDiffs bounds the differences of one step.
const maxDiffs = 20

// differ gathers differences.
type differ struct {
	step *Step
	list []Diff
}

// compare gives the differences between what the step wants and what was decided.
func (s *Step) compare(in *engine.Input, d *engine.Decision, rooms []string) []Diff {
	w, f := &s.want, &differ{step: s}
	f.text("effect", &w.Effect, d.Effect.String())
	if w.Kind != "" {
		f.text("kind", &w.Kind, in.Kind.String())
	}
	f.text("room", w.Room, in.Room)
	f.code(w.Code, d)
	f.text("reason", w.Reason, d.Reason)
	f.value("data", w.Data, d.Data)
	f.text("by", w.By, d.By)
	if w.Transformed != nil && *w.Transformed != d.Transformed() {
		f.add("transformed", strconv.FormatBool(*w.Transformed), strconv.FormatBool(d.Transformed()))
	}
	f.value("args", w.Args, forwarded(d, d.Args, in.Args))
	f.value("auth", w.Auth, forwarded(d, d.Auth, in.Auth))
	if w.Rooms != nil {
		want := slices.Compact(slices.Sorted(slices.Values(*w.Rooms)))
		if !slices.Equal(want, rooms) {
			f.add("rooms", plain(append([]string{}, want...)), plain(append([]string{}, rooms...)))
		}
	}
	return f.list
}

// forwarded gives what the receiver gets, nil where it gets nothing.
func forwarded(d *engine.Decision, changed, came []byte) []byte {
	switch {
	case d.Effect != engine.Allow:
		return nil
	case changed != nil:
		return changed
	}
	return came
}

// plain is v as JSON, for people.
func plain(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// add notes a difference at the line of the longest part of path that then has.
func (f *differ) add(path, want, got string) {
	if len(f.list) == maxDiffs {
		return
	}
	line := f.step.then.line
	if n := f.step.then.get(path); n != nil {
		line = n.line
	} else {
		lines := map[string]int{}
		f.step.then.json(nil, "then", lines)
		line = lineOf("then."+path+" ", lines, line)
	}
	f.list = append(f.list, Diff{Line: line, Path: path, Want: want, Got: got})
}

func (f *differ) text(path string, want *string, got string) {
	if want != nil && *want != got {
		f.add(path, plain(*want), plain(got))
	}
}

// code holds the code that a client sees against what is wanted, and the gateway's own too, where the policy has
// one of its own.
func (f *differ) code(want json.RawMessage, d *engine.Decision) {
	if want == nil || d.Effect == engine.Deny && (same(want, d.Shown()) || string(want) == strconv.Itoa(int(d.Code))) {
		return
	}
	got := ""
	if d.Effect == engine.Deny {
		got = string(d.Shown())
	}
	f.add("code", string(want), got)
}

func (f *differ) value(path string, want json.RawMessage, got []byte) {
	if want != nil {
		f.values(path, decode(want), decode(got))
	}
}

func same(a, b []byte) bool {
	f := &differ{step: &Step{then: &node{}}}
	f.values("", decode(a), decode(b))
	return len(f.list) == 0
}

// absent is the value of what is not there, which is not null.
type absent struct{}

// decode reads JSON with numbers as they are written; nil and what is no JSON is absent.
func decode(raw []byte) any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if len(raw) == 0 || d.Decode(&v) != nil {
		return absent{}
	}
	return v
}

func show(v any) string {
	if v == (absent{}) {
		return ""
	}
	return plain(v)
}

// values walks two values down to where they differ.
func (f *differ) values(path string, want, got any) {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			f.objects(path, w, g)
			return
		}
	case []any:
		if g, ok := got.([]any); ok {
			for i := range max(len(w), len(g)) {
				f.values(fmt.Sprintf("%s[%d]", path, i), element(w, i), element(g, i))
			}
			return
		}
	case json.Number:
		if g, ok := got.(json.Number); ok && equalNumbers(string(w), string(g)) {
			return
		}
	default:
		switch got.(type) {
		case map[string]any, []any:
		default:
			if want == got {
				return
			}
		}
	}
	f.add(path, show(want), show(got))
}

func (f *differ) objects(path string, want, got map[string]any) {
	all := maps.Clone(got)
	maps.Copy(all, want)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		f.values(path+"."+k, member(want, k), member(got, k))
	}
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return absent{}
}

func member(m map[string]any, k string) any {
	if v, ok := m[k]; ok {
		return v
	}
	return absent{}
}

// equalNumbers compares whole numbers by their digits, and others as a JavaScript client does.
func equalNumbers(a, b string) bool {
	if a == b {
		return true
	}
	if !strings.ContainsAny(a+b, ".eE") {
		return false
	}
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err1 == nil && err2 == nil && x == y
}
