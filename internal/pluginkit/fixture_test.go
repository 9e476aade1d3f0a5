package pluginkit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/internal/wasmtest"
)

func cases(t *testing.T, text string) []Case {
	t.Helper()
	list, err := parseFixture("f.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return list
}

func TestFixtureErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "EOF",
		"cases: []":                         "no cases",
		"case: []":                          "line 1: field case not found",
		"cases:\n- strings: [a]":            "cases.0: want is missing",
		"cases:\n- want: {effect: allow}":   "cases.0: one of input, args, json, strings and attachments is needed",
		"cases: [{strings: [a], want: {}}]": "want.effect is missing",
		"cases: [{strings: [a], want: {effect: maybe}}]":                    `want.effect: "maybe"`,
		"cases: [{strings: [a], args: [a], want: {effect: allow}}]":         "one of input, args",
		"cases: [{args: [a], json: '[1]', want: {effect: allow}}]":          "one of input, args",
		"cases: [{json: '[1', want: {effect: allow}}]":                      "input: unexpected character",
		"cases: [{input: {kind: evnt}, want: {effect: allow}}]":             `input.kind: there is no kind "evnt"`,
		"cases: [{args: [{1: x}], want: {effect: allow}}]":                  "args: ",
		"cases:\n- strings: [a]\n  want: {effect: allow, efect: deny}":      "line 3: field efect not found",
		"cases: [{strings: [a], config: {a: .inf}, want: {effect: allow}}]": "config: ",
	} {
		if _, err := parseFixture("f.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestReadFixtures(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadFixtures(dir); err == nil || !strings.Contains(err.Error(), "no fixtures") {
		t.Errorf("an empty folder: %v", err)
	}
	for name, text := range map[string]string{
		"b.yml": "cases: [{strings: [a], want: {effect: allow}}]", "notes.txt": "not read",
		"a.json": `{"config":{"x":1},"cases":[{"name":"one","args":[1],"want":{"effect":"deny"}},{"config":{"x":2},"args":[],"want":{"error":"no"}}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := ReadFixtures(dir)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d cases, %v", len(list), err)
	}
	if c := list[0]; c.Name != "one" || string(c.Config) != `{"x":1}` || string(c.Input.Args) != "[1]" || c.Input.Event != "message" {
		t.Errorf("%+v", c)
	}
	if c := list[1]; c.Name != "cases.1" || string(c.Config) != `{"x":2}` || string(c.Input.Args) != "[]" {
		t.Errorf("%+v", c)
	}
	if c := list[2]; c.Config != nil || filepath.Base(c.File) != "b.yml" {
		t.Errorf("%+v", c)
	}
}

// TestTest: each difference is told with its place, and what a fixture does not name is not compared.
func TestTest(t *testing.T) {
	const deny = `{"effect":"deny","code":"spam","reason":"too much","data":{"n":2}}`
	const change = `{"effect":"allow","args":["x",{"y":1.0}],"labels":{"a":1,"b":[2]}}`
	for _, c := range []struct {
		verdict, want string
		diff          []string
	}{
		{deny, "{effect: deny}", nil},
		{deny, "{effect: deny, code: spam, reason: too much, data: {n: 2}}", nil},
		{deny, "{effect: deny, code: 3, data: {n: 2, m: 1}}", []string{`/code: want 3, got "spam"`, `/data/m: want 1, got nothing`}},
		{deny, "{effect: allow}", []string{`/effect: want "allow", got "deny"`, `it was denied with code "spam": too much`}},
		{deny, "{error: trapped}", []string{`/error: want "trapped", got nothing`}},
		{change, "{effect: allow, args: [x, {y: 1}]}", nil},
		{change, "{effect: allow, args: [x, {y: 1}], labels: {b: [2]}}", nil},
		{change, "{effect: allow}", []string{`/args: want nothing, got ["x",{"y":1.0}]`}},
		{change, "{effect: allow, args: [x, {y: <}, 3], labels: {c: 1}}",
			[]string{`/args/1/y: want "<", got 1.0`, `/args/2: want 3, got nothing`, `/labels/c: want 1, got nothing`}},
		{`{"effect":"allow","args":["` + strings.Repeat("x", 600) + `"]}`, "{effect: allow, args: [y]}", []string{`/args/0: want "y", got "` + strings.Repeat("x", 499) + "…"}},
		{`{"effect":"no"}`, "{error: verdict}", nil},
		{`{"effect":"no"}`, "{effect: deny}", []string{"/error: want nothing, got"}},
	} {
		list := cases(t, "cases: [{args: [a, b], want: "+c.want+"}]")
		got, err := Test(context.Background(), module(answering(c.verdict)), list, Options{Timeout: time.Second})
		if err != nil || len(got) != 1 || got[0].OK != (c.diff == nil) {
			t.Errorf("%s, %s: %+v %v", c.verdict, c.want, got, err)
			continue
		}
		if !slices.EqualFunc(got[0].Diff, c.diff, strings.HasPrefix) {
			t.Errorf("%s, %s: %q", c.verdict, c.want, got[0].Diff)
		}
	}
}

func TestAttachments(t *testing.T) {
	for _, c := range []struct {
		verdict, text string
		diff          []string
	}{
		{`{"effect":"allow","attachments":{"1":"AAE="}}`, `{attachments: [text, !!binary iVBORw0KGgo=], want: {effect: allow, attachments: [text, !!binary AAE=]}}`, nil},
		{`{"effect":"allow","attachments":{"0":""}}`, `{attachments: [text], want: {effect: allow, attachments: [""]}}`, nil},
		{`{"effect":"allow","attachments":{"0":""}}`, `{attachments: [text], want: {effect: allow}}`, []string{`/attachments: want nothing, got [""]`}},
		{`{"effect":"allow"}`, `{attachments: [text], want: {effect: allow, attachments: [a]}}`, []string{`/attachments: want ["YQ=="], got nothing`}},
		{`{"effect":"allow","attachments":{"0":"YQ=="}}`, `{args: [x, {_placeholder: true, num: 0}], attachments: [text], want: {effect: allow, attachments: [b]}}`,
			[]string{`/attachments/0: want "Yg==", got "YQ=="`}},
	} {
		list := cases(t, "cases: ["+c.text+"]")
		got, err := Test(context.Background(), module(answering(c.verdict)), list, Options{Timeout: time.Second})
		if err != nil || !slices.Equal(got[0].Diff, c.diff) {
			t.Errorf("%s, %s: %+v %v", c.verdict, c.text, got, err)
		}
	}
	in, err := Message(nil, []byte("\x89PNG\r\n\x1a\n"), []byte("a"))
	if err != nil || string(in.Args) != `[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]` || in.Attachments[0].Type != "image/png" {
		t.Errorf("%+v %v", in, err)
	}
}

// TestConfigurations: one that is refused is the outcome of its cases, a guest that does not start is an error.
func TestConfigurations(t *testing.T) {
	m := answering("config no good")
	m.Funcs[1].Code = "i64.const 0"
	m.Funcs = append(m.Funcs, wasmtest.Func{Export: "siogw_configure", Params: "ii", Results: "l",
		Code: "i64.const 0x80000000e i64.const 0 local.get 1 select"}) // refuses every configuration but none
	list := cases(t, `cases:
- { args: [a], want: { effect: allow } }
- { config: { a: 1 }, args: [a], want: { error: no good } }
- { config: { a: 1 }, args: [a], want: { effect: allow } }`)
	got, err := Test(context.Background(), module(m), list, Options{Timeout: time.Second})
	if err != nil || !got[0].OK || !got[1].OK || got[2].OK || !strings.Contains(got[2].Diff[0], "config no good") {
		t.Errorf("%+v %v", got, err)
	}
	m.Funcs[0].Export = ""
	if _, err := Test(context.Background(), module(m), list, Options{}); !errors.Is(err, hostabi.ErrABI) {
		t.Errorf("a guest without siogw_alloc: %v", err)
	}
}

func TestDiffIsBounded(t *testing.T) {
	list := cases(t, "cases: [{args: [a], want: {effect: allow, args: ["+strings.Repeat("1,", 100)+"1]}}]")
	got, err := Test(context.Background(), module(answering(`{"effect":"allow"}`)), list, Options{Timeout: time.Second})
	if err != nil || got[0].OK || len(got[0].Diff) != 1 {
		t.Errorf("%+v %v", got, err)
	}
	got, err = Test(context.Background(), module(answering(`{"effect":"allow","args":[]}`)), list, Options{Timeout: time.Second})
	if err != nil || len(got[0].Diff) != maxDiff+1 || got[0].Diff[maxDiff] != "… and 81 more" {
		t.Errorf("%+v %v", got, err)
	}
}

func FuzzFixture(f *testing.F) {
	f.Add([]byte("config: {a: 1}\ncases: [{name: x, strings: [a], want: {effect: allow}}]"))
	f.Add([]byte(`{"cases":[{"input":{"kind":"emit"},"want":{"error":"x","labels":{"a":[1e3]}}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseFixture("f", b)
		for i := range list {
			if err == nil && list[i].Input == nil {
				t.Fatal("a case without input")
			}
			compare(&list[i].Want, &Answer{Effect: "allow"})
		}
	})
}
