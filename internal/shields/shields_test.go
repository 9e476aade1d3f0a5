package shields

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/siogw/siogw/engine"
)

var update = flag.Bool("update", false, "write docs/shields.md")

// TestRegistry holds the table to its own rules.
func TestRegistry(t *testing.T) {
	names := map[string]bool{}
	numbered := regexp.MustCompile(`^(CVE-\d{4}-\d{4,}|GHSA(-[2-9cfghjmpqrvwx]{4}){3}|[a-z][a-z-]*(-\d+)?)$`)
	for _, s := range All() {
		for _, name := range append([]string{s.ID}, s.Aliases...) {
			if names[name] || !numbered.MatchString(name) {
				t.Errorf("%s: given twice, or no name", name)
			}
			names[name] = true
			if Find(name) != s {
				t.Errorf("Find(%s) gives another", name)
			}
		}
		switch {
		case s.Stops == "" || s.Affects == "" || s.How == "" || strings.ContainsAny(s.Stops+s.Affects+s.How, "\n|"):
			t.Errorf("%s: a text is missing, or does not fit in a table", s.ID)
		case (s.By == Rule) != (s.match != nil):
			t.Errorf("%s: a rule has a match, and nothing else has", s.ID)
		case s.Default != engine.Enforce && !s.Switchable():
			t.Errorf("%s: off, and nobody can switch it on", s.ID)
		case s.CountedAs != "" && s.CountedAs != "-" && (Find(s.CountedAs) == nil || Find(s.CountedAs).CountedAs != ""):
			t.Errorf("%s: counted as %s, which does not count", s.ID, s.CountedAs)
		case !strings.HasPrefix(s.Trigger(), "# "):
			t.Errorf("%s: no trigger", s.ID)
		}
	}
	files, err := filepath.Glob("triggers/*.txt")
	if err != nil || len(files) != len(All()) {
		t.Errorf("%d triggers for %d shields: %v", len(files), len(All()), err)
	}
	if Find("CVE-1999-1") != nil || (&Shield{ID: "none"}).Trigger() != "" {
		t.Error("a shield that is none")
	}
}

// TestDocs keeps docs/shields.md equal to the registry; go test ./internal/shields -update writes it.
func TestDocs(t *testing.T) {
	const file = "../../docs/shields.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(text), tableHead)
	if !ok {
		t.Fatalf("%s has no table", file)
	}
	var b strings.Builder
	b.WriteString(head + tableHead)
	for _, s := range All() {
		state := "fixed"
		if s.Switchable() {
			state = s.Default.String()
		}
		row := fmt.Sprintf("| %s | %s | %s | %s | %s: %s |\n", strings.Join(append([]string{s.ID}, s.Aliases...), "<br>"),
			s.Affects, s.Stops, state, s.By, s.How)
		b.WriteString(strings.ReplaceAll(row, "__proto__", "`__proto__`"))
	}
	switch {
	case b.String() == string(text):
	case *update:
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what the registry says: go test ./internal/shields -update", file)
	}
}

const tableHead = "| shield | affects | stops | state | how |\n|---|---|---|---|---|\n"

// With changes states and keeps counts, which both sets go on with.
func TestWith(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	id := registry[s.rules[0]].ID
	s.Count(id)
	other, err := s.With(Options{Overrides: map[string]engine.Mode{id: engine.Off}})
	if err != nil {
		t.Fatal(err)
	}
	s.Count(id)
	for i, st := range other.List(true) {
		if st.ID == id && (*st.Count != 2 || st.State != "off" || s.List(false)[i].State != "enforce") {
			t.Errorf("%+v, before %s", st, s.List(false)[i].State)
		}
	}
	if _, err := s.With(Options{Overrides: map[string]engine.Mode{"none": engine.Off}}); err == nil {
		t.Error("an unknown shield is taken")
	}
}
