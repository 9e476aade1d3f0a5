package contract

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/siogw/siogw/internal/strictjson"
)

// schemas writes schemas and values that meet often.
type schemas struct{ *rand.Rand }

func (g schemas) of(list ...string) string { return list[g.IntN(len(list))] }

func (g schemas) text() string {
	return g.of(`""`, `"a"`, `"ab"`, `"é"`, `"éé"`, `"\u0061"`, `"abcd"`, `"1"`)
}

func (g schemas) number() string {
	return g.of("0", "1", "-1", "2", "1.0", "1.5", "1e2", "-0", "999999999999999999", "9999999999999999999", "9007199254740993")
}

func (g schemas) key() string { return g.of(`"a"`, `"b"`, `"c"`, `"_placeholder"`, `"\u0062"`) }

func (g schemas) value(deep int) string {
	n := g.IntN(6)
	if deep > 0 {
		n = g.IntN(11)
	}
	switch n {
	case 0, 1:
		return g.text()
	case 2, 3:
		return g.number()
	case 4, 5:
		return g.of("null", "true", "false")
	case 6, 7:
		var list []string
		for range g.IntN(4) {
			list = append(list, g.value(deep-1))
		}
		return "[" + strings.Join(list, g.of(",", " , ")) + "]"
	}
	var list []string
	for range g.IntN(4) {
		list = append(list, g.key()+g.of(":", " : ")+g.value(deep-1))
	}
	return "{" + strings.Join(list, ",") + "}"
}

// word is one word of a schema with its value.
func (g schemas) word(deep int) string {
	if g.IntN(12) == 0 { // one that is not followed
		return g.of(`"pattern":"^a"`, `"format":"date"`, `"not":`+g.schema(deep), `"uniqueItems":true`, `"oneOf":[`+g.schema(deep)+`,true]`,
			`"propertyNames":{"maxLength":1}`, `"multipleOf":1`, `"contains":{"type":"number"}`, `"unevaluatedProperties":false`,
			`"if":`+g.schema(deep)+`,"then":false`, `"dependentRequired":{"a":["b"]}`, `"unevaluatedItems":false`)
	}
	switch g.IntN(18) {
	case 0, 1, 2:
		return `"type":` + g.of(`"object"`, `"array"`, `"string"`, `"integer"`, `"number"`, `"boolean"`, `"null"`, `["string","integer"]`, `["object","array"]`)
	case 3:
		return `"properties":{"a":` + g.schema(deep) + `,"b":` + g.schema(deep) + `}`
	case 4:
		return `"required":` + g.of(`["a"]`, `["a","b"]`, `["c"]`)
	case 5:
		return `"additionalProperties":` + g.of("true", "false", g.schema(deep))
	case 6:
		return g.of(`"minProperties":1`, `"maxProperties":1`)
	case 7:
		return `"prefixItems":[` + g.schema(deep) + `,` + g.schema(deep) + `]`
	case 8:
		return `"items":` + g.of("false", g.schema(deep))
	case 9:
		return g.of(`"minItems":1`, `"maxItems":1`, `"maxItems":2`)
	case 10:
		return g.of(`"minLength":1`, `"maxLength":1`, `"minLength":2`, `"maxLength":2`)
	case 11:
		return g.of(`"minimum":0`, `"maximum":1`, `"exclusiveMinimum":0`, `"exclusiveMaximum":1`, `"minimum":0.5`, `"maximum":9007199254740992`)
	case 12:
		return g.of(`"enum":["a","ab"]`, `"enum":["a",1]`, `"const":"a"`, `"const":1`, `"enum":[]`)
	case 13:
		return `"anyOf":[` + g.schema(deep) + `,` + g.schema(deep) + `]`
	case 14:
		return `"allOf":[` + g.schema(deep) + `,` + g.schema(deep) + `]`
	case 15:
		return g.of(`"$ref":"#/$defs/one"`, `"$ref":"#"`)
	}
	return `"title":"x"`
}

func (g schemas) schema(deep int) string {
	if deep == 0 || g.IntN(8) == 0 {
		return g.of("true", "true", "false", `{"type":"string"}`, `{"type":"integer"}`, "{}")
	}
	words := map[string]string{}
	for range 1 + g.IntN(4) {
		w := g.word(deep - 1)
		words[w[:strings.IndexByte(w, ':')]] = w
	}
	return "{" + strings.Join(slices.Sorted(maps.Values(words)), ",") + "}"
}

// whole is a schema with others that it may refer to.
func (g schemas) whole() string {
	return `{"$defs":{"one":` + g.schema(2) + `},` + g.word(2) + `,"allOf":[` + g.schema(2) + `]}`
}

// compiled gives the validator and the quick form of a schema's text; nil where it is none.
func compiledQuick(t *testing.T, text string) (*jsonschema.Schema, *quick) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, nil
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if c.AddResource("x://a", doc) != nil {
		return nil, nil
	}
	s, err := c.Compile("x://a")
	if err != nil {
		return nil, nil
	}
	return s, quicker{}.make(s)
}

// judge holds the two against each other: what is quickly found to fit does fit.
func (g schemas) judge(t *testing.T, rounds int) (fit, found int) {
	t.Helper()
	text := g.whole()
	s, q := compiledQuick(t, text)
	if s == nil {
		return 0, 0
	}
	for range rounds {
		raw := "[" + g.value(2) + g.of("", ","+g.value(2)) + "]"
		if strictjson.Scan([]byte(raw), strictjson.Limits{}) != nil {
			continue
		}
		args, err := decode([]byte(raw), nil)
		if err != nil {
			t.Fatal(err)
		}
		wrong := s.Validate(args)
		if wrong == nil {
			fit++
		}
		if q.fits([]byte(raw)) {
			if found++; wrong != nil {
				t.Fatalf("%s is said to fit\n%s\n%v", raw, text, wrong)
			}
		}
	}
	return fit, found
}

func FuzzQuick(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed, uint64(3))
	}
	f.Fuzz(func(t *testing.T, a, b uint64) { schemas{rand.New(rand.NewPCG(a, b))}.judge(t, 60) })
}

// The comparison is not an idle one: most of what fits is found.
func TestQuickGrammar(t *testing.T) {
	fit, found := 0, 0
	for seed := range uint64(3000) {
		a, b := schemas{rand.New(rand.NewPCG(seed, 1))}.judge(t, 40)
		fit, found = fit+a, found+b
	}
	t.Logf("%d values fit, %d are found to", fit, found)
	if fit < 10000 || found < fit/4 {
		t.Errorf("%d values fit, %d are found to", fit, found)
	}
}

// What the quick form has to tell of, and what it must leave to the validator.
func TestQuick(t *testing.T) {
	const chat = `{"type":"array","minItems":1,"maxItems":1,"items":false,"prefixItems":[{"type":"object","required":["room","text"],
		"additionalProperties":false,"properties":{"room":{"type":"string","maxLength":3},"text":{"type":"string","minLength":1},"n":{"type":"integer","minimum":0}}}]}`
	for _, c := range []struct {
		schema, args string
		fits         bool
	}{
		{chat, `[{"room":"a","text":"b"}]`, true},
		{chat, `[ { "text" : "\u0062\n" , "room" : "ééé" , "n" : 7 } ]`, false}, // an escape where the length counts
		{chat, `[{"text":"b","room":"ééé","n":7}]`, true},
		{chat, `[{"room":"abcd","text":"b"}]`, false},
		{chat, `[{"room":"a","text":""}]`, false},
		{chat, `[{"room":"a"}]`, false},
		{chat, `[{"room":"a","text":"b","x":1}]`, false},
		{chat, `[{"room":"a","text":"b","n":-1}]`, false},
		{chat, `[{"room":"a","text":"b","n":1.0}]`, false},
		{chat, `[]`, false},
		{chat, `[{"room":"a","text":"b"},1]`, false},
		{chat, `{}`, false},
		{`{"items":{"enum":["a","b"]}}`, `["a","b"]`, true},
		{`{"items":{"enum":["a","b"]}}`, `["c"]`, false},
		{`{"items":{"anyOf":[{"type":"string"},{"type":"null"}]}}`, `["a",null]`, true},
		{`{"items":{"pattern":"a"}}`, `["a"]`, false},
		{`{"items":{"$ref":"#/$defs/t"},"$defs":{"t":{"properties":{"next":{"$ref":"#/$defs/t"}},"additionalProperties":false}}}`, `[{"next":{"next":{}}}]`, true},
		{`{"allOf":[{"$ref":"#"}]}`, `[]`, false},
		{`true`, `[{"_placeholder":true,"num":0}]`, true},
		{`{"items":{"type":"object"}}`, `[{"_placeholder":true,"num":0}]`, false},
	} {
		s, q := compiledQuick(t, c.schema)
		if s == nil {
			t.Fatalf("%s is no schema", c.schema)
		}
		if got := q.fits([]byte(c.args)); got != c.fits {
			t.Errorf("%s: %v\n%s", c.args, got, c.schema)
		}
	}
	var none *quick
	if none.fits([]byte(`[]`)) {
		t.Error("no form tells something")
	}
}

// A text cut anywhere fits nothing, and ends the look at it.
func TestQuickTruncated(t *testing.T) {
	_, q := compiledQuick(t, `{"items":{"properties":{"a":{"type":"string","maxLength":9},"b":{"items":{"type":"number"}}}}}`)
	whole := `[{"a":"x\"y","b":[1,2.5,{}]},{"a":"z","c":{"d":[null,true]}}]`
	for i := range len(whole) {
		if q.fits([]byte(whole[:i])) {
			t.Errorf("%s fits", whole[:i])
		}
	}
}

// What fits costs no allocation.
func TestQuickAllocatesNothing(t *testing.T) {
	c := load(t, Options{Files: []string{"testdata/plain.yaml"}})
	in := ask("event+ack", "/chat", "message", `[{"room":"general","text":"hello"}]`)
	if n := testing.AllocsPerRun(100, func() { c.Decide(t.Context(), in) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
