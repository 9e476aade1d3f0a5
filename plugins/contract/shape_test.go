package contract

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func contractOf(t testing.TB, text string, o Options) *Contract {
	t.Helper()
	name := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Files = []string{name}
	c, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSchema: what an argument can be, and what it can be by the members that are listed.
func TestSchema(t *testing.T) {
	const object = `{"type":"object"}`
	a := func(items string) string { return `{"items":[` + items + `],"type":"array"}` }
	props := func(p string) string { return `{"properties":{` + p + `},"type":"object"}` }
	text := `"a":{"type":"string"}`
	for _, c := range []struct{ schema, possible, listed string }{
		{`string`, a(`{"type":"string"}`), ""},
		{`{ type: integer }`, a(`{"type":"number"}`), ""},
		{`any`, a(`{}`), ""},
		{`binary`, a(`{}`), ""},
		{`{ type: [string, "null"] }`, a(`{"anyOf":[{"type":"null"},{"type":"string"}]}`), ""},
		{`object`, a(object), ""},
		{`{ type: object, properties: { a: { type: string } } }`, a(object), a(props(text))},
		{`{ properties: { a: { type: string } } }`, a(`{}`), a(props(text))},
		{`{ type: object, properties: { a: { type: string } }, additionalProperties: true }`, a(object), ""},
		{`{ type: object, properties: { a: { type: string } }, patternProperties: { "^x": {} } }`, a(object), ""},
		{`{ type: object, properties: { a: { type: string } }, additionalProperties: false }`, a(props(text)), ""},
		{`{ type: object, properties: { a: { type: string } }, unevaluatedProperties: false }`, a(props(text)), ""},
		{`{ type: object, anyOf: [{ properties: { b: {} } }], properties: { a: { type: string } }, unevaluatedProperties: false }`, a(object), a(props(text + `,"b":{}`))},
		{`{ allOf: [{ type: object, properties: { a: { type: string } } }, { type: object, properties: { b: {} } }] }`, a(object), a(props(text + `,"b":{}`))},
		{`{ anyOf: [{ type: string }, { type: object, properties: { a: { type: string } }, additionalProperties: false }] }`,
			a(`{"anyOf":[{"type":"string"},` + props(text) + `]}`), ""},
		{`{ oneOf: [{ type: string }, {}] }`, a(`{}`), ""},
		{`{ type: object, properties: { a: {} }, additionalProperties: false, if: {}, then: { properties: { b: {} } } }`, a(`{}`), ""},
		{`{ type: array, prefixItems: [{ type: string }], items: false }`, a(a(`{"type":"string"}`)), ""},
		{`{ type: array, items: { type: string } }`, a(`{"items":{"anyOf":[{"type":"string"}]},"type":"array"}`), ""},
		{`{ type: array, maxItems: 0 }`, a(`{"items":{"properties":{"(no arguments)":{}},"type":"object"},"type":"array"}`), ""},
	} {
		e := contractOf(t, "namespaces: { /: { in: { x: ["+c.schema+"] } } }", Options{}).Events()[0]
		if c.listed == "" {
			c.listed = c.possible
		}
		for listed, want := range map[bool]string{false: c.possible, true: c.listed} {
			if got, err := json.Marshal(e.Schema(listed)); err != nil || string(got) != want {
				t.Errorf("%s, %v: %v\n got %s\nwant %s", c.schema, listed, err, got, want)
			}
		}
	}
}

// TestSchemaBounds: recursion, depth and width end in anything.
func TestSchemaBounds(t *testing.T) {
	tree := "namespaces: { /: { in: { x: [{ $ref: '#/schemas/T' }] } } }\n" +
		"schemas: { T: { type: object, additionalProperties: false, properties: { l: { $ref: '#/schemas/T' }, r: { $ref: '#/schemas/T' } } } }"
	e := contractOf(t, tree, Options{}).Events()[0]
	p := &shaper{left: maxShapes}
	p.shape(e.args, 0)
	if text, err := json.Marshal(e.Schema(false)); err != nil || len(text) > 100*maxShapes || p.left > 0 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	for n, fits := range map[int]bool{maxForms: true, maxForms + 1: false} {
		var forms []string
		for i := range n {
			forms = append(forms, fmt.Sprintf("{ type: object, properties: { p%d: {} }, additionalProperties: false }", i))
		}
		e := contractOf(t, "namespaces: { /: { in: { x: [{ anyOf: ["+strings.Join(forms, ", ")+"] }] } } }", Options{}).Events()[0]
		if text, _ := json.Marshal(e.Schema(false)); strings.Contains(string(text), "anyOf") != fits {
			t.Errorf("%d forms: %s", n, text)
		}
	}
}

// TestEvents: events in both directions, with the answers that they may have.
func TestEvents(t *testing.T) {
	c := contractOf(t, `namespaces:
  /chat: { in: { say: { args: [string], ack_args: [integer] }, typing: [] }, out: { said: [string] } }
  "/room-{id}": { out: { said: { args: [], ack: optional } } }`, Options{Recovery: true})
	var got []string
	for _, e := range c.Events() {
		text, _ := json.Marshal(e.Schema(false))
		got = append(got, fmt.Sprintf("%s %s %s %s %s", e.Namespace, e.Kind, e.Direction, e.Name, text))
	}
	s, n := `{"type":"string"}`, `{"items":{"properties":{"(no arguments)":{}},"type":"object"},"type":"array"}`
	list := func(of string) string { return `{"items":[` + of + `],"type":"array"}` }
	want := []string{"/chat emit out said " + list(s+","+s), "/chat event in say " + list(s), "/chat ack out say " + list(`{"type":"number"}`),
		"/chat event in typing " + n, "/room-{id} ack in said {}", "/room-{id} emit out said " + list(s)}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if name, ok := c.Find("/room-7"); name != "/room-{id}" || !ok {
		t.Error(name, ok)
	}
	if name, ok := c.Find("/x"); name != "" || ok {
		t.Error(name, ok)
	}
}
