package rego

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/siogw/siogw/engine"
)

const unitPolicy = `package siogw.authz

allow if input.kind == "connect"

allow if {
	input.kind == "event"
	input.identity.sub in data.members
}
`

func units(t *testing.T, tests string, o UnitOptions) ([]UnitResult, string) {
	t.Helper()
	return unitsOf(t, tests, fstest.MapFS{"p.rego": {Data: []byte(unitPolicy)}, "data.json": {Data: []byte(`{"members":["ada"]}`)}}, o)
}

func unitsOf(t *testing.T, tests string, policy fstest.MapFS, o UnitOptions) ([]UnitResult, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p_test.rego")
	if err := os.WriteFile(file, []byte(tests), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Tests = []string{file}
	o.Files = policy
	got, err := RunUnits(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return got, file
}

func TestUnits(t *testing.T) {
	got, file := units(t, `package siogw.authz_test

import data.siogw.authz

test_connect if authz.allow with input as {"kind": "connect"}

test_wrong if {
	print("kind is", "ack")
	authz.allow with input as {"kind": "ack"}
}

test_conflict if conflict("x") == 1

conflict(_) := 1
conflict(_) := 2

todo_test_later if false

test_member if authz.allow with input as {"kind": "event", "identity": {"sub": "ada"}}

test_mock if authz.allow with input as {"kind": "event", "identity": {"sub": "bob"}} with data.members as ["bob"]
`, UnitOptions{})
	type outcome struct {
		name          string
		line          int
		failed, skips bool
		broken        bool
	}
	var short []outcome
	for _, r := range got {
		if r.File != file {
			t.Errorf("%s is in %s", r.Name, r.File)
		}
		short = append(short, outcome{strings.TrimPrefix(r.Name, "data.siogw.authz_test."), r.Line, r.Failed, r.Skipped, r.Err != nil})
	}
	want := []outcome{{"test_connect", 5, false, false, false}, {"test_wrong", 7, true, false, false}, {"test_conflict", 12, false, false, true},
		{"todo_test_later", 17, false, true, false}, {"test_member", 19, false, false, false}, {"test_mock", 21, false, false, false}}
	if !reflect.DeepEqual(short, want) {
		t.Errorf("got  %v\nwant %v", short, want)
	}
	if got[1].Output != "kind is ack\n" {
		t.Errorf("printed %q", got[1].Output)
	}
}

func TestUnitsRun(t *testing.T) {
	const tests = "package siogw.authz\n\ntest_a if true\n\ntest_b if true\n"
	got, _ := units(t, tests, UnitOptions{Run: regexp.MustCompile(`authz\.test_b$`)})
	if len(got) != 1 || got[0].Name != "data.siogw.authz.test_b" {
		t.Errorf("%v", got)
	}
}

// Mistakes of the tests are those of a policy: file and line, and the types of the input.
func TestUnitsErrors(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"package siogw.authz_test\n\ntest_a if {":                           "a_test.rego:3: rego_parse_error",
		"package siogw.authz_test\n\ntest_a if nothing":                     "a_test.rego:3: rego_unsafe_var_error",
		"package siogw.authz_test\n\ntest_a if input.sesion.ip":             "a_test.rego:3: rego_type_error: undefined ref: input.sesion.ip",
		"package siogw.authz_test\n\ntest_a if http.send({\"url\": \"x\"})": "undefined function http.send",
	} {
		file := filepath.Join(dir, "a_test.rego")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := RunUnits(context.Background(), UnitOptions{Tests: []string{file}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, name := range []string{filepath.Join(dir, "none_test.rego"), filepath.Join(dir, "policy.rego")} {
		if _, err := RunUnits(context.Background(), UnitOptions{Tests: []string{name}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Unit tests and decisions cover together.
func TestCoverage(t *testing.T) {
	c := NewCoverage()
	units(t, "package siogw.authz_test\n\ntest_a if data.siogw.authz.allow with input as {\"kind\": \"connect\"}\n", UnitOptions{Coverage: c})
	files := c.Files()
	if len(files) != 1 || files[0].File != "p.rego" || files[0].Covered == 0 || files[0].Covered == files[0].Lines {
		t.Fatalf("%+v", files)
	}
	if p := Percent(files); p <= 0 || p >= 100 {
		t.Errorf("%v %%", p)
	}
	p, err := Load(context.Background(), Options{Files: fstest.MapFS{"p.rego": {Data: []byte(unitPolicy)}, "data.json": {Data: []byte(`{"members":["ada"]}`)}}})
	if err != nil {
		t.Fatal(err)
	}
	in := of(engine.Event, engine.In)
	in.Identity = &engine.Identity{Sub: "ada"}
	if v := p.Covering(c).Decide(context.Background(), in); v.Effect != engine.Allow {
		t.Errorf("%+v", v)
	}
	if files = c.Files(); len(files) != 1 || Percent(files) != 100 || len(files[0].NotLines) != 0 {
		t.Errorf("%+v", files)
	}
	if Percent(nil) != 100 {
		t.Error("nothing is not covered whole")
	}
}

func TestReadsArgs(t *testing.T) {
	for text, want := range map[string][2]bool{
		`allow if input.kind`:                   {false, false},
		`allow if input.args[0]`:                {true, false},
		`allow if count(input.attachments) > 1`: {true, false},
		`allow if input.auth.token`:             {false, true},
		`allow if count(input) > 1`:             {true, true},
		"allow if input.kind\ntransform := []":  {true, true},
	} {
		p := policy(t, text)
		if got := [2]bool{p.ReadsArgs(), p.ReadsAuth()}; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
