package archtest

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

// TestRepository holds the repository to its own rules.
func TestRepository(t *testing.T) {
	problems, err := rules{packages, heavy, testTools}.check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// TestChecker gives the checker bad trees, one fault each, and a good one.
func TestChecker(t *testing.T) {
	r := rules{
		packages: map[string]pkg{
			"low": {layer: 0}, "low2": {layer: 0}, "mid": {layer: 1, heavy: []string{"big"}, tests: []string{"huge"}},
			"top": {layer: 2}, "e2e": {layer: 0, above: true}, "tool": {layer: 2}, "user": {layer: 0},
		},
		heavy: map[string]string{"big": "example.com/big", "huge": "example.com/huge"},
		tools: map[string][]string{"tool": {"user"}},
	}
	imports := func(paths ...string) string {
		return "package x\n\nimport (\n\t_ \"" + strings.Join(paths, "\"\n\t_ \"") + "\"\n)\n"
	}
	long := func(n int) string { return strings.Repeat("\n", n) }
	const m = module + "/"
	for name, c := range map[string]struct{ file, text, want string }{
		"down":                    {"top/a.go", imports(m+"mid", m+"low", "fmt", "example.com/bigger"), ""},
		"up":                      {"low/a.go", imports(m + "mid"), "low/a.go:4:2: an arrow that runs up: low (layer 0) imports mid (layer 1)"},
		"up in a test":            {"low/a_test.go", imports(m + "top"), "low/a_test.go:4:2: an arrow that runs up: low (layer 0) imports top (layer 2)"},
		"up in a test that may":   {"e2e/a_test.go", imports(m + "top"), ""},
		"but not where it ships":  {"e2e/a.go", imports(m + "top"), "e2e/a.go:4:2: an arrow that runs up: e2e (layer 0) imports top (layer 2)"},
		"sideways":                {"low/a.go", imports(m + "low2"), "low/a.go:4:2: an arrow that runs up: low (layer 0) imports low2 (layer 0)"},
		"itself, from its tests":  {"low/a_test.go", imports(m + "low"), ""},
		"unknown package":         {"new/a.go", imports("fmt"), "new: a package without a layer: add it to internal/archtest"},
		"unknown import":          {"top/a.go", imports(m + "gone"), "top/a.go:4:2: gone is a package without a layer"},
		"heavy at home":           {"mid/a.go", imports("example.com/big/v2"), ""},
		"heavy in any other":      {"top/a.go", imports("example.com/big"), "top/a.go:4:2: example.com/big is not at home here"},
		"heavy for tests":         {"mid/a_test.go", imports("example.com/huge/sub"), ""},
		"heavy for tests, ships":  {"mid/a.go", imports("example.com/huge/sub"), "mid/a.go:4:2: example.com/huge/sub is not at home here"},
		"test tool":               {"low/a_test.go", imports(m + "tool"), ""},
		"test tool, its user":     {"user/a.go", imports(m + "tool"), ""},
		"test tool that ships":    {"low/a.go", imports(m + "tool"), "low/a.go:4:2: tool is for tests"},
		"no Go":                   {"low/a.go", "package", "low/a.go:1:8: expected 'IDENT', found 'EOF'"},
		"long file":               {"low/a.go", "package x\n" + long(499), ""},
		"longer file":             {"low/a.go", "package x\n" + long(500), "low/a.go: 501 lines, at most 500"},
		"long test file":          {"low/a_test.go", "package x\n" + long(800), ""},
		"long function":           {"low/a.go", "package x\n\nfunc f() {" + long(79) + "}\n", ""},
		"longer function":         {"low/a.go", "package x\n\nfunc f() {" + long(80) + "}\n", "low/a.go:3:1: a function of 81 lines, at most 80"},
		"longer function literal": {"low/a.go", "package x\n\nvar f = func() {" + long(80) + "}\n", "low/a.go:3:9: a function of 81 lines, at most 80"},
		"inner module":            {"low/inner/a.go", imports(m + "top"), ""},
		"testdata":                {"low/testdata/a.go", "no Go", ""},
	} {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{"go.mod": {}, "low/inner/go.mod": {}, c.file: {Data: []byte(c.text)}}
			got, err := r.check(tree)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}
