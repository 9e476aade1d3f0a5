package contract

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every mistake names its place and what to change.
func TestMistakes(t *testing.T) {
	const head = "namespaces:\n  /:\n    in:\n      a: "
	for name, tt := range map[string]struct{ text, want string }{
		"not YAML":          {"a: [", "c.yaml: not YAML: line 1: did not find expected node content"},
		"empty":             {"", "c.yaml: not YAML: EOF"},
		"no contract":       {"a: 1", "c.yaml:1:1: no contract: want asyncapi: 3.0.0 (or 2.6.0), or namespaces:"},
		"two documents":     {"a: 1\n---\nb: 1", "c.yaml: more than one document; a contract is one"},
		"old":               {"asyncapi: 1.2.0", "c.yaml:1:11: asyncapi: AsyncAPI 1.2.0 is not supported: want 2.x or 3.x"},
		"no operations":     {"asyncapi: 3.0.0", "c.yaml:1:1: describes no events: an AsyncAPI 3 document needs operations, an AsyncAPI 2 document publish or subscribe"},
		"side":              {"asyncapi: 3.0.0\nx-side: both", "c.yaml:2:9: x-side: want server or client: whose document this is"},
		"duplicate key":     {"namespaces:\n  /: {}\n  /: {}", "c.yaml:3:3: / is given twice"},
		"merge key":         {"namespaces:\n  /: { <<: {} }", "c.yaml:2:8: merge keys (<<) are not supported: use $ref"},
		"number":            {head + "[{ const: .inf }]", "c.yaml:4:20: no JSON has the number .inf"},
		"namespace":         {"namespaces: { chat: { in: { a: } } }", `c.yaml:1:21: namespaces.chat: want a namespace, which begins with a slash, found "chat" (in AsyncAPI 3 the channel's address)`},
		"unknown key":       {head + "{ arg: [] }", "c.yaml:4:17: namespaces./.in.a.arg: unknown key: want args, min_args, rest, ack, ack_args, description"},
		"not a list":        {head + "{ args: string }", "c.yaml:4:18: namespaces./.in.a.args: want a list: one schema for each argument"},
		"not an event":      {head + "string", "c.yaml:4:10: namespaces./.in.a: want args, or a list of them"},
		"word":              {head + "[text]", "c.yaml:4:11: namespaces./.in.a.0: want a schema or one of string, integer, number, boolean, object, array, null, any, binary"},
		"min_args":          {head + "{ args: [any], min_args: 2 }", "c.yaml:4:35: namespaces./.in.a.min_args: want a number from 0 to 1, the number of args"},
		"ack":               {head + "{ ack: maybe }", "c.yaml:4:17: namespaces./.in.a.ack: want required, optional or forbidden"},
		"ack forbidden":     {head + "{ ack: forbidden, ack_args: [any] }", "c.yaml:4:38: namespaces./.in.a.ack_args: ack is forbidden, so there is no answer"},
		"type":              {head + "[{ type: text }]", `c.yaml:4:19: namespaces./.in.a.0.type: no JSON Schema: found "text"`},
		"negative":          {head + "[{ maxLength: -1 }]", "c.yaml:4:24: namespaces./.in.a.0.maxLength: no JSON Schema: less than 0"},
		"pattern":           {head + "[{ pattern: '^(?=a)' }]", `c.yaml:4:22: namespaces./.in.a.0.pattern: the pattern "^(?=a)" is none of RE2, which has no look-around and no back-references`},
		"back-reference":    {head + `[{ pattern: '(a)\1' }]`, `c.yaml:4:22: namespaces./.in.a.0.pattern: the pattern "(a)\\1" is none of RE2, which has no look-around and no back-references`},
		"key pattern":       {head + `[{ patternProperties: { '(?!a)': {} } }]`, `c.yaml:4:11: namespaces./.in.a.0: the pattern "(?!a)" is none of RE2, which has no look-around and no back-references`},
		"binary of another": {head + "[{ type: [string, 'null'], format: binary }]", "c.yaml:4:11: format: binary goes with type: string alone; write anyOf for more"},
		"schema ref":        {head + `[{ $ref: "#/schemas/None" }]`, "c.yaml:4:19: namespaces./.in.a.0.$ref: nothing is there"},
		"file ref":          {head + `[{ $ref: "none.yaml" }]`, "c.yaml:4:19: namespaces./.in.a.0.$ref: no such file or directory"},
		"network":           {head + `[{ $ref: "https://example.com/s.json" }]`, "c.yaml:4:19: namespaces./.in.a.0.$ref: references lead to files beside this one, not to the network"},
		"file scheme":       {head + `[{ $ref: "file:///etc/passwd" }]`, "c.yaml:4:19: namespaces./.in.a.0.$ref: references lead to files beside this one, not to the network"},
		"message ref":       {"asyncapi: 2.6.0\nchannels:\n  /: { publish: { message: { $ref: '#/components/messages/A' } } }", "c.yaml:3:36: channels./.publish.message.$ref: #/components/messages/A: nothing is there"},
		"message network":   {"asyncapi: 2.6.0\nchannels:\n  /: { publish: { message: { $ref: '//example.com/a' } } }", "c.yaml:3:36: channels./.publish.message.$ref: //example.com/a: references lead to files beside this one, not to the network"},
		"message outside":   {"asyncapi: 2.6.0\nchannels:\n  /: { publish: { message: { $ref: '../a.yaml' } } }", "c.yaml:3:36: channels./.publish.message.$ref: ../a.yaml: path escapes from parent"},
		"circle":            {"asyncapi: 2.6.0\nchannels:\n  /: { $ref: '#/channels/~1' }", "c.yaml:3:6: channels./: references without an end"},
		"no name":           {"asyncapi: 2.6.0\nchannels:\n  /: { publish: { message: { payload: {} } } }", "c.yaml:3:28: channels./.publish.message: a message without a name: name is that of the event"},
		"format":            {"asyncapi: 2.6.0\nchannels:\n  /: { publish: { message: { name: a, schemaFormat: avro } } }", "c.yaml:3:53: channels./.publish.message.schemaFormat: want JSON Schema, found avro"},
		"action":            {"asyncapi: 3.0.0\noperations:\n  a: { action: publish }", "c.yaml:3:16: operations.a.action: action: want send or receive"},
		"no channel":        {"asyncapi: 3.0.0\noperations:\n  a: { action: send }", "c.yaml:3:6: operations.a: names no channel"},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, map[string]string{"c.yaml": tt.text})
			_, err := Load(Options{Files: []string{file}})
			if err == nil {
				t.Fatal("accepted")
			}
			if got := strings.ReplaceAll(err.Error(), filepath.Dir(file)+"/", ""); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestAllMistakesAreTold(t *testing.T) {
	a := write(t, map[string]string{"c.yaml": "namespaces: { /: { in: { a: 1, b: { ack: x } } } }"})
	b := write(t, map[string]string{"c.yaml": "namespaces: { /: { in: { a: [], b: [{ type: x }] } } }"})
	_, err := Load(Options{Files: []string{a, b, filepath.Join(filepath.Dir(a), "none.yaml")}})
	if n := strings.Count(err.Error(), "\n") + 1; n != 4 {
		t.Errorf("%d mistakes:\n%v", n, err)
	}
	var e *Error
	if !errors.As(err, &e) || e.Line != 1 || e.File != a {
		t.Errorf("the first: %+v", e)
	}
}

func TestTwoFiles(t *testing.T) {
	a := write(t, map[string]string{"c.yaml": "namespaces: { /: { in: { a: [] } } }"})
	b := write(t, map[string]string{"c.yaml": "namespaces: { /: { in: { b: [] }, out: { a: [] } } }"})
	c := load(t, Options{Files: []string{a, b}})
	if len(c.order) != 1 || len(c.exact["/"].in) != 2 {
		t.Errorf("read as %+v", c.exact["/"])
	}
	_, err := Load(Options{Files: []string{a, a}})
	if err == nil || !strings.HasSuffix(err.Error(), "c.yaml:1:29: namespaces./.in.a: / a is described in "+a+":1 already") {
		t.Errorf("twice: %v", err)
	}
}

// References stay in the folder, by name and by link.
func TestReferencesStayInTheFolder(t *testing.T) {
	file := write(t, map[string]string{"c.yaml": `namespaces: { /: { in: { a: [{ $ref: "sub/link.yaml" }] } } }`, "sub/x": ""})
	outside := write(t, map[string]string{"c.yaml": "type: string"})
	if err := os.Symlink(outside, filepath.Join(filepath.Dir(file), "sub", "link.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(Options{Files: []string{file}}); err == nil || !strings.Contains(err.Error(), "path escapes from parent") {
		t.Errorf("a link out of the folder: %v", err)
	}
	file = write(t, map[string]string{"c.yaml": `namespaces: { /: { in: { a: [{ $ref: "../x/c.yaml" }] } } }`})
	if _, err := Load(Options{Files: []string{file}}); err == nil {
		t.Error("a path out of the folder is read")
	}
}

func TestLimits(t *testing.T) {
	const head = "namespaces: { /: { in: { a: [] } } }\n"
	for name, tt := range map[string]struct {
		text string
		fits bool
	}{
		"size":     {head + strings.Repeat("#", maxFile-len(head)), true},
		"too big":  {head + strings.Repeat("#", maxFile-len(head)+1), false},
		"deep":     {head + "$defs: { a: { const: " + strings.Repeat("[", 190) + strings.Repeat("]", 190) + " } }", true},
		"too deep": {head + "$defs: { a: { const: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + " } }", false},
		"laughs": {head + `$defs: { a: &a [1,1,1,1,1,1,1,1,1,1], b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a], c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b],
  d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c], e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d], f: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e] }`, false},
	} {
		_, err := Load(Options{Files: []string{write(t, map[string]string{"c.yaml": tt.text})}})
		if (err == nil) != tt.fits {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCoverage(t *testing.T) {
	c := load(t, Options{Files: []string{"testdata/asyncapi3.yaml"}})
	got := fmt.Sprint(c.Coverage())
	if got != "[{/ [chat file pang ping pung] [time]} {/room-{id} [hello] []}]" {
		t.Errorf("got %s", got)
	}
}
