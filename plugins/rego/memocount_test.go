package rego

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Rules about the length of a text, and whether two messages of one length have one decision.
var countRules = []struct {
	rules string
	one   bool
}{
	{`allow if count(input.args[0].text) > 2`, true},
	{`allow if { t := input.args[0].text; count(t) > 2 }`, true},
	{`allow if { t = input.args[0].text; count(t) > 2; count(t) < 4 }`, true},
	{`allow if not count(input.args[0].text) > 5`, true},
	{"allow if count(input.args[0].text) > 5\nelse if count(input.args[0].text) > 2", true},
	{`allow if count([1 | count(input.args[0].text) > 2]) == 1`, true},
	{"allow if n > 2\nn := count(input.args[0].text)", true},
	{"allow if n == 3\nn := count(t) if { t := input.args[0].text }", true},
	{`allow if { count(input.args[0].text) > 2; input.args[0].text != "xyz" }`, false},
	{`allow if { t := input.args[0].text; count(t) > 2; t != "xyz" }`, false},
	{`allow if { t = input.args[0].text; t = input.args[1]; count(t) > 2 }`, false},
	{`allow if { t := input.args[0].text; count(t) > 2; count([t, "xyz"]) == 2; {t, "xyz"} != {"xyz"} }`, false},
	{"allow := true\ndeny contains t if { t := input.args[0].text; count(t) > 2 }", false},
	{"allow if n.abc\nn[t] := true if { t := input.args[0].text; count(t) > 2 }", false},
	{"allow if n.abc.x\nn[t].x := true if { t := input.args[0].text; count(t) > 2 }", false},
	{"allow if f(input.args[0].text)\nf(t) if { count(t) > 2; t != \"xyz\" }", false},
	{`allow if { count(input.args[0]) == 1; input.args[0].text != "xyz" }`, false},
	{`allow if { count(input.args) == 1; input.args[0].text != "xyz" }`, false},
	{`allow if { count(input.args[0].text) > 2 } else := input.args[0].text != "xyz"`, false},
	{`allow if { some i; count(input.args[i].text) > 2 }`, false},
	{`allow if { count(input.args[0].text) > 2 with input.args as [{"text": "abcd"}] }`, false},
	{`allow if { t = input.args[0].text with input.args as [{"text": input.args[1]}]; count(t) > 3 }`, false},
	{`allow if { t = input.args[0].text with input.args as [{"text": input.args[0].text}]; count(t) > 2; t != "xyz" }`, false},
	{"allow if { t = input.args[0].text; count(t) == 3 with count as f }\nf(x) := 3 if x != \"xyz\"", false},
	{`allow if { h with count as 3 }` + "\n" + `h if count(input.args[0].text) == 3`, false},
	{`allow if count(input.args[0].a.b.c.d.e.f) > 2`, true},
}

// Where nothing but the length of a text is asked, another text of this length has the decision of the first.
func TestMemoCount(t *testing.T) {
	for _, c := range countRules {
		p := policy(t, c.rules, withMemo, anyInput)
		decide(t, p, message(`[{"text":"abc"}]`))
		decide(t, p, message(`[{"text":"xyz"}]`))
		decide(t, p, message(`[{"text":"äöü"}]`))
		want := map[bool]uint64{true: 2}[c.one]
		if st := p.MemoStats(); st.Hits != want {
			t.Errorf("%s: %d hits, want %d", c.rules, st.Hits, want)
		}
	}
}

// With the memo each of these rules says of each args what it says without, whatever it was asked before.
func TestMemoCountSound(t *testing.T) {
	var all []string
	for _, v := range []string{`""`, `"a"`, `"abc"`, `"xyz"`, `"äöü"`, `"\u0061bc"`, `"😀bc"`, `"\ud83d\ude00bc"`, `"\"bc"`, `"abcdef"`, `"tuvxyz"`,
		"1", "123", "null", "true", "[]", "[1,2,3]", `["abc"]`, "{}", `{"a":1,"b":2,"c":3}`, "1e5"} {
		all = append(all, `[{"text":`+v+`}]`, `[ {"text" : `+v+` } ,"abc"]`, `[`+v+`]`, `[{"text":"abc"},`+v+`]`, `[{"a":{"b":{"c":{"d":{"e":{"f":`+v+`}}}}}}]`)
	}
	for _, c := range countRules {
		with, without := policy(t, c.rules, withMemo, anyInput), policy(t, c.rules, anyInput)
		for _, order := range []int{1, len(all) - 1, 7} { // forward, backward, across
			for i := range all {
				in := message(all[i*order%len(all)])
				got, want := decide(t, with, in), decide(t, without, in)
				got.Err, want.Err = reason(got.Err), reason(want.Err)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("%s\n%s\nwith memo    %+v\nwithout memo %+v", c.rules, in.Args, got, want)
				}
			}
		}
	}
}

// What is in the key where a part is counted, at the edges of being within another.
func TestMemoCountSources(t *testing.T) {
	for rules, want := range map[string][]string{
		`allow if count(input.args[0].text) > 2`:                                              {"count(input.args[0].text)"},
		`allow if { count(input.args[0].text) > 2; count(input.args[0].text) < 9 }`:           {"count(input.args[0].text)"},
		`allow if { count(input.args[0].text) > 2; input.args[0].text != "x" }`:               {"input.args[0].text"},
		`allow if { count(input.args[0].text) > 2; input.args[0].room != "x" }`:               {"input.args[0].room", "count(input.args[0].text)"},
		`allow if { count(input.args[0].text) > 2; input.args[0].text.a != "x" }`:             {"input.args[0].text"},
		`allow if { count(input.args[0].text) > 2; count(input.args[0].text.a) > 2 }`:         {"input.args[0].text"},
		`allow if { count(input.args[0].text) > 2; input.args[0] != "x" }`:                    {"input.args[0]"},
		`allow if { count(input.args[0].text) > 2; count(input.args[0]) > 2 }`:                {"input.args[0]"},
		`allow if { count(input.args[0].text) > 2; count(input.args) > 2 }`:                   {"input.args"},
		`allow if count(input.args[0].a.b.c.d.e) > 2`:                                         {"count(input.args[0].a.b.c.d.e)"},
		`allow if count(input.args[0].a.b.c.d.e.f) > 2`:                                       {"input.args[0].a.b.c.d.e"},
		`allow if count(input.args) > 2`:                                                      {"input.args"},
		`allow if { t = input.args[0].text with input.room as input.auth.a; count(t) > 2 }`:   {"input.room", "input.args[0].text", "input.auth.a"},
		`allow if { count(input.auth.a) > 2 }`:                                                {"input.auth.a"},
		`allow if { count(input.identity.roles) > 2 }`:                                        {"input.identity.roles"},
		`allow if { x := input.args[0]; count(x.text) > 2 }`:                                  {"input.args[0]"},
		`allow if { count(input.args[0].text) > 2; lower(input.args[0].text) != "x" }`:        {"input.args[0].text"},
		`allow if { some k in ["text"]; count(input.args[0][k]) > 2 }`:                        {"input.args[0]"},
		`allow if { count(input.args[0].text, n); n > 2; n != input.args[1] }`:                {"count(input.args[0].text)", "input.args[1]"},
		`allow if every x in [1] { count(input.args[0].text) > x; x != input.args[0].a }`:     {"input.args[0].a", "count(input.args[0].text)"},
		`allow if { count(input.args[0].text) > 2 } else := true if { input.args[0].text.a }`: {"input.args[0].text"},
	} {
		got := policy(t, rules, anyInput).readsOf(t)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", rules, got, want)
		}
	}
}

func (p *Policy) readsOf(t *testing.T) (out []string) {
	t.Helper()
	for _, s := range p.plans.of(message(`[]`)).sources {
		out = append(out, s.String())
	}
	return out
}

// More parts than are told apart count as all args, and so do counted ones.
func TestMemoCountManyPaths(t *testing.T) {
	rules := ""
	for i := range maxPaths + 1 {
		pl := policy(t, "allow := true\n"+rules, anyInput).plans.of(message(`[]`))
		if n := len(pl.sources); n != i {
			t.Fatalf("%d sources of %d", n, i)
		}
		rules += fmt.Sprintf("deny contains \"x\" if count(input.args[%d]) > 2\n", i)
	}
	pl := policy(t, "allow := true\n"+rules, anyInput).plans.of(message(`[]`))
	if len(pl.sources) != 1 || pl.sources[0].String() != "input.args" || pl.args != nil {
		t.Errorf("%v", pl.sources)
	}
}

// A text that is in a key by its count alone is one that the evaluator counts so, and other values are there as they are.
func FuzzCountKey(f *testing.F) {
	for _, s := range []string{"", "a", "äöü", `\u0061`, "\xff", "\xe4\xb8", "\xf0\x9f\x98", `\ud83d\ude00`, "\u2028", "x\x00y"} {
		f.Add([]byte(`"` + s + `"`))
	}
	f.Add([]byte(`["a"]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = bytes.Trim(raw, " \t\r\n") // as picks have it
		term, err := parse(raw, nil)
		if err != nil || len(raw) == 0 {
			return
		}
		key := appendCount(nil, raw)
		if key[0] == asText {
			if n, size := binary.Uvarint(key[1:]); int(n) != len(raw)+1 || string(key[1+size:]) != string(raw) {
				t.Fatalf("%q of %q", key, raw)
			}
			return
		}
		text, isText := term.Value.(ast.String)
		n, size := binary.Uvarint(key[1:])
		if !isText || int(n) != utf8.RuneCountInString(string(text))+2 || 1+size != len(key) {
			t.Fatalf("%q of %q", key, raw)
		}
	})
}
