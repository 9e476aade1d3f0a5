package rego

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/siogw/siogw/engine"
)

// What cannot be loaded is said with its place.
func TestLoadErrors(t *testing.T) {
	for text, want := range map[string][]string{
		`allow if {`:                                           {"p.rego:2: rego_parse_error"},
		`allow { true }`:                                       {"p.rego:2: rego_parse_error", "`if` keyword is required"},
		"allow if x\nallow if y":                               {"p.rego:2: rego_unsafe_var_error: var x", "p.rego:3: rego_unsafe_var_error: var y"},
		`allow if nosuch(1)`:                                   {"p.rego:2: rego_type_error: undefined function nosuch"},
		`allow if count(true) == 1`:                            {"p.rego:2: rego_type_error"},
		"default allow := false\ndefault allow := true":        {"multiple default rules"},
		`allow if allow`:                                       {"p.rego:2: rego_recursion_error"},
		`permit if input.kind`:                                 {"no rule of package siogw.authz is named allow or deny"},
		`transform := []`:                                      {"no rule of package siogw.authz is named allow or deny"},
		`allow(x) if x`:                                        {"p.rego:2: allow must not be a function"},
		`allow contains "x"`:                                   {"p.rego:2: allow must not be a set but a boolean"},
		`allow.event if input.kind`:                            {"p.rego:2: allow must be one rule"},
		`allow := "yes"`:                                       {`p.rego:2: allow must be a boolean, this is "yes"`},
		"allow if true\ndeny if input.kind":                    {"p.rego:3: deny must be a set or an array, this is true"},
		"allow if true\ndeny := {\"a\": 1}":                    {"p.rego:3: deny must be a set or an array"},
		"allow if true\ntransform contains {}":                 {"p.rego:3: transform must not be a set but an array of operations"},
		"allow if true\ntransform := {}":                       {"p.rego:3: transform must be an array of operations"},
		"allow := true if input.kind\nelse := 3":               {"p.rego:3: allow must be a boolean, this is 3"},
		`allow if http.send({"method": "GET", "url": "x"})`:    {"p.rego:2: ", "http.send", "unless the options permit them"},
		`allow if net.lookup_ip_addr("x")`:                     {"p.rego:2: ", "net.lookup_ip_addr"},
		`allow if opa.runtime().env`:                           {"p.rego:2: ", "opa.runtime"},
		`allow if input.sesion.ip == "1"`:                      {"p.rego:2: rego_type_error: undefined ref: input.sesion.ip", `"session"`},
		"allow if true\nhelper if input.identity.role == \"\"": {"p.rego:3: rego_type_error: undefined ref: input.identity.role"},
		`allow if input.args.text`:                             {"p.rego:2: rego_type_error"},
		`allow if input.kind == 3`:                             {"p.rego:2: rego_type_error: match error"},
		`allow if input.attachments[0].size > 1`:               {"p.rego:2: rego_type_error"},
		`allow if { some a in input.attachments; a.size }`:     {"p.rego:2: rego_type_error"},
	} {
		_, err := load(text)
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s\n\tgives %v\n\twant %q", text, err, w)
			}
		}
	}
}

// All paths of the contract are in the schema, and free-form parts are free.
func TestSchemaPaths(t *testing.T) {
	for _, path := range []string{"version", "kind", "direction", "time", "namespace", "event", "args[0].any.thing", "room", "ack", "bytes",
		"attachments[0].bytes", "attachments[0].type", "auth.token", "identity.authenticated", "identity.sub", "identity.roles[0]",
		"identity.claims.tenant.id", "identity.expires_at", "session.id", "session.eio", "session.transport", "session.ip",
		"session.secure", "session.age_ms", "session.rooms[0]", "session.namespaces[0]", "session.origin",
		`session.headers["user-agent"]`, "session.query.x", "plugins.injection.score"} {
		if _, err := load("allow if input." + path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestOptionsUnsafe(t *testing.T) {
	text := `allow if net.lookup_ip_addr(input.session.ip)`
	if _, err := load(text, func(o *Options) { o.Unsafe = []string{"net.lookup_ip_addr"} }); err != nil {
		t.Error(err)
	}
	if _, err := load(text, func(o *Options) { o.Unsafe = []string{"http.send"} }); err == nil {
		t.Error("permitting one permits another")
	}
}

func TestOptionsStrict(t *testing.T) {
	text := "allow if { x := 1 }"
	if _, err := load(text); err != nil {
		t.Error(err)
	}
	if _, err := load(text, func(o *Options) { o.Strict = true }); err == nil {
		t.Error("an unused variable passes")
	}
}

func TestOptionsSchema(t *testing.T) {
	mine := func(o *Options) { o.Schema = []byte(`{"properties":{"x":{"type":"string"}}}`) }
	if _, err := load(`allow if input.x == "1"`, mine); err != nil {
		t.Error(err)
	}
	if _, err := load(`allow if input.kind == "1"`, mine); err == nil {
		t.Error("the contract's schema is used")
	}
	for _, bad := range []string{`{"$ref":"http://127.0.0.1:1/x"}`, ``, `[`, `{"type":"nonsense"}`} {
		if _, err := load(`allow if input.x`, func(o *Options) { o.Schema = []byte(bad) }); err == nil || !strings.Contains(err.Error(), "schema") {
			t.Errorf("schema %q: %v", bad, err)
		}
	}
}

// tree writes files below a new directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func loadPaths(paths ...string) (*Policy, error) {
	return Load(context.Background(), Options{Paths: paths, Timeout: -1})
}

func TestPaths(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.rego":             "package siogw.authz\nimport data.lib\nallow if lib.known",
		"sub/lib.rego":       "package lib\nknown if input.room in data.rooms.list\nknown if input.room in data.sub.more",
		"rooms.yaml":         "rooms:\n  list: [general]\n",
		"sub/more.json":      `{"more":["random"]}`,
		"a_test.rego":        "package siogw.authz_test\nbroken if {",
		".git/x.rego":        "package siogw.authz\nbroken if {",
		"..data/a.rego":      "package siogw.authz\ndefault allow := true",
		"README.md":          "not loaded",
		"sub/deep/.x/n.json": "{",
	})
	p, err := loadPaths(dir)
	if err != nil {
		t.Fatal(err)
	}
	for room, want := range map[string]engine.Effect{"general": engine.Allow, "random": engine.Allow, "x": engine.Deny} {
		in := message(`[]`)
		in.Room = room
		if v := decide(t, p, in); v.Effect != want {
			t.Errorf("%s: %+v", room, v)
		}
	}
	file := []string{filepath.Join(dir, "a.rego"), filepath.Join(dir, "sub", "lib.rego")}
	if _, err := loadPaths(file...); err != nil {
		t.Error("files one by one:", err)
	}
	if _, err := loadPaths(append(file, file...)...); err != nil {
		t.Error("files given twice:", err)
	}
}

func TestPathErrors(t *testing.T) {
	dir := tree(t, map[string]string{
		"ok.rego": "package siogw.authz\nallow if input.kind", "a.json": `{"x":1}`, "b.yaml": "x: 2", "broken.json": `{"x":`,
		"clash.json": `{"siogw":{"authz":{"allow":true}}}`, "other/o.rego": "package chat\nallow if true", "empty/x.txt": "",
		"two/a.rego": "package siogw.authz\ndefault allow := false", "two/b.rego": "package siogw.authz\ndefault allow := true",
		"list.json": `[1]`,
	})
	at := func(names ...string) (out []string) {
		for _, n := range names {
			out = append(out, filepath.Join(dir, n))
		}
		return out
	}
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{nil, "no policy files are given"},
		{at("none.rego"), "none.rego"},
		{at("ok.rego", "none"), "none"},
		{at("ok.rego", "a.json", "b.yaml"), "b.yaml: merge error"},
		{at("ok.rego", "broken.json"), "broken.json"},
		{at("ok.rego", "list.json"), "list.json"},
		{at("ok.rego", "clash.json"), "conflict"},
		{at("other"), "the files are of package chat"},
		{at("empty"), "there is no .rego file"},
		{at("a.json"), "there is no .rego file"},
		{at("two"), "multiple default rules"},
	} {
		if _, err := loadPaths(c.paths...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v\n\tgives %v, want %q", c.paths, err, c.want)
		}
	}
}

// Files from memory and from disk make one policy; they must not speak of the same data twice.
func TestFilesAndPaths(t *testing.T) {
	dir := tree(t, map[string]string{"x.json": `{"a":{"b":1}}`})
	mem := fstest.MapFS{"p.rego": {Data: []byte("package siogw.authz\nallow if data.a.b + data.a.c == 3")}, "d.json": {Data: []byte(`{"a":{"c":2}}`)}}
	p, err := Load(context.Background(), Options{Paths: []string{dir}, Files: mem, Timeout: -1})
	if err != nil {
		t.Fatal(err)
	}
	if v := decide(t, p, message(`[]`)); v.Effect != engine.Allow {
		t.Errorf("%+v", v)
	}
	mem["d.json"] = &fstest.MapFile{Data: []byte(`{"a":{"b":2}}`)}
	if _, err = Load(context.Background(), Options{Paths: []string{dir}, Files: mem, Timeout: -1}); err == nil || !strings.Contains(err.Error(), "data.a.b") {
		t.Error(err)
	}
}

// The Rego tests beside the first-party policies pass.
func TestPolicies(t *testing.T) {
	results, err := tester.Run(context.Background(), "../../policies")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for r := range results {
		count++
		if !results[r].Pass() {
			t.Errorf("%s: %s", results[r].Location, results[r])
		}
	}
	if count < 4 {
		t.Errorf("only %d tests were found", count)
	}
}
