package scenario

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func sign(token string) string {
	h := hmac.New(sha256.New, []byte("0123456789abcdef0123456789abcdef"))
	h.Write([]byte(strings.TrimSuffix(token, ".")))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

const good = `given: { namespace: /chat, identity: { sub: ada, claims: { n: [1, 0x10, 1.50, true, null] } } }
cases:
  - name: one
    when: { kind: event, event: say, args: [hi], attachments: [{ bytes: 3 }] }
    then: { effect: allow }
  - name: two
    steps:
      - when: { kind: handshake }
        then: { effect: deny, code: E1, rooms: [] }
`

func TestParse(t *testing.T) {
	f, err := Parse("x", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Cases) != 2 || f.Cases[0].Name != "one" || f.Cases[0].Line != 3 || len(f.Cases[1].Steps) != 1 || f.Cases[1].Steps[0].Line != 8 {
		t.Fatalf("%+v", f)
	}
	in, err := f.Cases[0].input("x", &f.Cases[0].Steps[0])
	if err != nil {
		t.Fatal(err)
	}
	if string(in.Identity.Claims) != `{"n":[1,16,1.50,true,null]}` || string(in.Args) != `["hi"]` || len(in.Attachments) != 1 || in.Attachments[0].Type == "" {
		t.Errorf("%+v %s", in, in.Identity.Claims)
	}
	if in, err = f.Cases[1].input("x", &f.Cases[1].Steps[0]); err != nil || in.Namespace != "" || in.Args != nil {
		t.Errorf("%+v, %v", in, err)
	}
}

// Each mistake is told with its line.
func TestMistakes(t *testing.T) {
	then := ", then: { effect: allow } }]"
	for text, want := range map[string]string{
		"":                                       "x:1: the file is empty",
		"# nothing":                              "x:1: the file is empty",
		"a: [":                                   "x:1: not YAML: ",
		"cases: []":                              "x:1: cases must be a list of one case or more",
		"[]":                                     "x:1: file must be an object",
		"\ncase: []":                             "x:2: file.case: there is no such key; there are given, cases",
		good + "---\ncases: []\n":                "x:10: more than one document",
		"cases: [1]":                             "x:1: case must be an object",
		"given: 1\ncases: [1]":                   "x:1: given must be an object",
		"given:\n  identity: x\ncases: [1]":      "x:2: given.identity must be an object",
		"cases: [{ when: { kind: event }" + then: "x:1: case.name is missing",
		"cases: [{ name: [1], when: { kind: event }" + then:                                     "x:1: case.name must be a string",
		"cases: [{ name: x, then: { effect: allow } }]":                                         "x:1: when is missing: the packet",
		"cases: [{ name: x, when: { kind: event } }]":                                           "x:1: then is missing: what is to be decided",
		"cases: [{ name: x, when: { kind: event }, then: {} }]":                                 "x:1: then.effect must be allow or deny",
		"cases: [{ name: x, when: { kind: event }, then: { effect: abstain } }]":                "x:1: then.effect must be allow or deny",
		"cases: [{ name: x, when: { kind: event },\n then: { effect: allow, by: } }]":           "x:2: then.by has no value",
		"cases: [{ name: x, when: { kind: event },\n then: { effect: allow, by: 1 } }]":         "x:2: then.by must be a string",
		"cases: [{ name: x, when: { kind: event },\n then: { effect: allow, rooms: a } }]":      "x:2: then.rooms must be a list",
		"cases: [{ name: x, steps: []" + then:                                                   "x:1: a case has either steps, or when and then",
		"cases: [{ name: x, steps: [] }]":                                                       "x:1: steps must be a list of one step or more",
		"cases: [{ name: x, steps: [{ a: 1 }] }]":                                               "x:1: step.a: there is no such key",
		"cases: [{ name: x, when: { kind: evnt }" + then:                                        `x:1: when.kind: there is no kind "evnt"`,
		"cases: [{ name: x, when: { kind: disconnect }" + then:                                  "x:1: when.kind: a disconnect is not decided",
		"cases: [{ name: x, when: { event: a }" + then:                                          "x:1: when.kind is missing",
		"cases: [{ name: x, when: { kind: event, room: a }" + then:                              "x:1: when.room: there is no such key",
		"cases:\n- name: x\n  when:\n    kind: event\n    args: a\n  then: { effect: allow }":   "x:5: when.args must be an array",
		"given: { session: {\n rooms: [1] } }\ncases: [{ name: x, when: { kind: event }" + then: "x:2: given.session.rooms[0] must be a string",
		"cases: [{ name: x, name: y }]":                                                         "x:1: name is given twice",
		"cases: [{ name: x, when: { kind: event, args: [.inf] }" + then:                         "x:1: .inf has no form in JSON",
		"cases: [{ name: x, when: { kind: event, args: [{ [a]: 1 }] }" + then:                   "x:1: a key must be a plain word",
		"cases: [{ name: x, when: { kind: event, args: [!!binary aGk=] }" + then:                "x:1: aGk= has no form in JSON",
	} {
		_, err := Parse("x", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q\n\tgot  %v\n\twant %s", text, err, want)
		}
	}
}

// TestBounds are those on what a file may unfold to.
func TestBounds(t *testing.T) {
	nested := func(n int) string {
		return "cases: [{ name: x, when: { kind: event, args: " + strings.Repeat("[", n) + strings.Repeat("]", n) + " }, then: { effect: allow } }]"
	}
	const above = 4 // file, cases, case, when
	if _, err := Parse("x", []byte(nested(maxDepth+1-above))); err != nil {
		t.Error(err)
	}
	if _, err := Parse("x", []byte(nested(maxDepth+2-above))); err == nil || !strings.Contains(err.Error(), "nested deeper than") {
		t.Error(err)
	}
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'h'; c++ {
		prev := "*" + string(c-1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat(prev+", ", 10), ", ") + "]\n"
	}
	if _, err := Parse("x", []byte(bomb)); err == nil {
		t.Error("a million values from aliases are read")
	}
	dir := t.TempDir()
	for size, fits := range map[int]bool{maxFile: true, maxFile + 1: false} {
		name := filepath.Join(dir, "big.test.yaml")
		if err := os.WriteFile(name, []byte(good+"#"+strings.Repeat("x", size-len(good)-1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(name); (err == nil) != fits {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := Load(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestTruncated files are read or refused, and never more than that.
func TestTruncated(t *testing.T) {
	for i := range len(good) {
		_, _ = Parse("x", []byte(good[:i]))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("x", data)
		if (file == nil) == (err == nil) {
			t.Fatalf("%v and %v", file, err)
		}
		if file == nil {
			return
		}
		for i := range file.Cases {
			for j := range file.Cases[i].Steps {
				if _, err := file.Cases[i].input("x", &file.Cases[i].Steps[j]); err != nil {
					t.Fatalf("what was read gives no input: %v", err)
				}
			}
		}
	})
}
