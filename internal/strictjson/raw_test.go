package strictjson

import (
	"slices"
	"strings"
	"testing"
)

func TestKindOf(t *testing.T) {
	for raw, want := range map[string]Kind{
		``: 0, `x`: 0, ` 1`: 0, `null`: Null, `true`: Bool, `false`: Bool, `1`: Number, `-1`: Number, `""`: Text, `[]`: Array, `{}`: Object,
	} {
		if got := KindOf([]byte(raw)); got != want {
			t.Errorf("%q: %d", raw, got)
		}
	}
}

func TestString(t *testing.T) {
	for raw, want := range map[string]string{
		`""`: "", `"a"`: "a", `"é"`: "é", `"\u00e9\ud83d\ude00x"`: "é😀x", `"\"\\\/\b\f\n\r\t\u0000"`: "\"\\/\b\f\n\r\t\x00",
		`1`: "", `null`: "", ``: "", `"`: "",
	} {
		if got := String([]byte(raw)); got != want {
			t.Errorf("%s: %q", raw, got)
		}
		if got := string(AppendString([]byte("_"), []byte(raw))); got != "_"+want {
			t.Errorf("%s appended: %q", raw, got)
		}
		if KindOf([]byte(raw)) == Text && len(raw) > 1 {
			if !Is([]byte(raw), want) || Is([]byte(raw), want+"x") || Is([]byte(raw), "x"+want) {
				t.Errorf("Is(%s)", raw)
			}
		}
	}
	if Is([]byte(`1`), "") || Is([]byte(`1`), "1") || Is(nil, "") {
		t.Error("Is of what is no string")
	}
}

func TestAppendQuote(t *testing.T) {
	for s, want := range map[string]string{
		"": `""`, "a<b>&'": `"a<b>&'"`, "\"\\\b\f\n\r\t\x00\x1f\x7f": "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\"",
		"é\u2028😀": "\"é\u2028😀\"", "a\xffb": "\"a\ufffdb\"",
	} {
		if got := string(AppendQuote([]byte("x"), s)); got != "x"+want {
			t.Errorf("%q: %s", s, got)
		}
	}
}

func elements(s string) (out []string) {
	for e := range Elements([]byte(s)) {
		out = append(out, string(e))
	}
	return out
}

func TestElements(t *testing.T) {
	for in, want := range map[string][]string{
		`[]`: nil, `[ ]`: nil, `1`: nil, `{"a":1}`: nil, `"[1]"`: nil, ``: nil, `[`: nil,
		`[1]`: {"1"}, "[ 1 ,\t[2, 3] , {\"a\":[4]},\"]\\\",\" ]": {"1", "[2, 3]", `{"a":[4]}`, `"]\","`},
	} {
		if got := elements(in); !slices.Equal(got, want) {
			t.Errorf("%s: %q", in, got)
		}
	}
	for range Elements([]byte(`[1,2,3]`)) {
		break // must not go on
	}
}

func TestMembers(t *testing.T) {
	in := `{ "a" : 1,"b\"}":{"c":[2]} , "":"," }`
	var got []string
	for k, v := range Members([]byte(in)) {
		got = append(got, string(k), string(v))
	}
	if want := []string{`"a"`, "1", `"b\"}"`, `{"c":[2]}`, `""`, `","`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for range Members([]byte(`[1,2]`)) {
		t.Error("an array has members")
	}
	for range Members([]byte(`{"a":1,"b":2}`)) {
		break
	}
	if v, ok := Member([]byte(in), `b"}`); !ok || string(v) != `{"c":[2]}` {
		t.Errorf("%s %v", v, ok)
	}
	if _, ok := Member([]byte(in), "c"); ok {
		t.Error("a member of a member")
	}
}

func TestSplitFirst(t *testing.T) {
	for in, want := range map[string][2]string{
		`["a"]`: {`"a"`, ``}, `[ "a" ]`: {`"a"`, ``}, `["a",1]`: {`"a"`, `1`}, `[[1,2] , {"a":1},3]`: {`[1,2]`, `{"a":1},3`},
	} {
		first, rest, ok := SplitFirst([]byte(in))
		if !ok || string(first) != want[0] || string(rest) != want[1] {
			t.Errorf("%s: %s | %s | %v", in, first, rest, ok)
		}
	}
	for _, in := range []string{`[]`, `[ ]`, `{"a":1}`, `1`, ``, `"a"`} {
		if _, _, ok := SplitFirst([]byte(in)); ok {
			t.Errorf("%s has a first element", in)
		}
	}
}

// The document and the answers of RFC 6901, section 5, and some that are none.
func TestPointer(t *testing.T) {
	doc := []byte(`{"foo": ["bar", "baz"],"":0,"a/b": 1,"c%d": 2,"e^f": 3,"g|h": 4,"i\\j": 5,"k\"l": 6," ": 7,"m~n": 8,"~1":9}`)
	for ptr, want := range map[string]string{
		"": string(doc), "/foo": `["bar", "baz"]`, "/foo/0": `"bar"`, "/foo/1": `"baz"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3",
		"/g|h": "4", `/i\j`: "5", `/k"l`: "6", "/ ": "7", "/m~0n": "8", "/~01": "9",
	} {
		if raw, ok := Pointer(doc, ptr); !ok || string(raw) != want {
			t.Errorf("%q: %s %v", ptr, raw, ok)
		}
	}
	for _, ptr := range []string{"foo", "/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/+1", "/foo/-1", "/foo/", "/foo/0/x", "/nope", "/a/b", "//"} {
		if raw, ok := Pointer(doc, ptr); ok {
			t.Errorf("%q: %s", ptr, raw)
		}
	}
	if _, ok := Pointer(nil, ""); ok {
		t.Error("something in nothing")
	}
}

func TestStrings(t *testing.T) {
	in := []byte(`[ "a",{"k" : "v","k2":["x\"y",{"z":1}]},"",2]`)
	var got []string
	for s := range Strings(in) {
		got = append(got, string(s))
	}
	if want := []string{`"a"`, `"v"`, `"x\"y"`, `""`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for range Strings(in) {
		break
	}
	out := ReplaceStrings([]byte(">"), in, func(i int, s string) (string, bool) {
		return strings.ToUpper(s) + "\n", i > 0
	})
	if want := `>[ "a",{"k" : "V\n","k2":["X\"Y\n",{"z":1}]},"\n",2]`; string(out) != want {
		t.Errorf("%s", out)
	}
	if out := ReplaceStrings(nil, in, func(int, string) (string, bool) { return "", false }); string(out) != string(in) {
		t.Errorf("%s", out)
	}
}
