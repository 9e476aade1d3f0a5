package rego

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/siogw/siogw/engine"
	"github.com/siogw/siogw/policies"
)

// The library's own tests pass, and reach every line of it.
func TestLibrary(t *testing.T) {
	tests, err := filepath.Glob("../../policies/lib/*_test.rego")
	if err != nil || len(tests) != len(libraryNames()) {
		t.Fatal(tests, err)
	}
	c := NewCoverage()
	results, err := RunUnits(context.Background(), UnitOptions{
		Options: Options{Paths: []string{"../../policies/lib", "../../policies/baseline.rego"}, Strict: true}, Tests: tests, Coverage: c,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Failed || r.Skipped || r.Err != nil {
			t.Errorf("%s:%d: %s: failed %v, skipped %v, %v", r.File, r.Line, r.Name, r.Failed, r.Skipped, r.Err)
		}
	}
	for _, f := range c.Files() {
		if strings.Contains(f.File, "lib/") && len(f.NotLines) > 0 {
			t.Errorf("%s: lines %v are not reached", f.File, f.NotLines)
		}
	}
}

func loadText(t *testing.T, text string, more ...string) (*Policy, error) {
	t.Helper()
	files := fstest.MapFS{"policy.rego": {Data: []byte(text)}}
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	return Load(context.Background(), Options{Files: files})
}

// What is imported comes with the program; what is not costs nothing.
func TestLibraryIsThere(t *testing.T) {
	p, err := loadText(t, "package siogw.authz\nimport data.siogw.lib.rbac\nallow if rbac.allow",
		"data.json", `{"rbac":{"roles":{"member":{"permissions":[{"events":["message"]}]}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.compiler.Modules) != 3 { // the policy, the defaults, rbac
		t.Errorf("%d modules", len(p.compiler.Modules))
	}
	in := &engine.Input{Kind: engine.Event, Direction: engine.In, Event: "message", Identity: &engine.Identity{Authenticated: true, Roles: []string{"member"}}}
	if v := p.Decide(context.Background(), in); v.Effect != engine.Allow {
		t.Error(v)
	}
	in.Event = "kick"
	if v := p.Decide(context.Background(), in); v.Effect == engine.Allow {
		t.Error(v)
	}
}

func TestLibraryByItsFullName(t *testing.T) {
	if _, err := loadText(t, "package siogw.authz\nallow if data.siogw.lib.rooms.may_join"); err != nil {
		t.Error(err)
	}
}

// A module of the user's own in the place of the library's is used alone.
func TestLibraryCopied(t *testing.T) {
	p, err := loadText(t, "package siogw.authz\nimport data.siogw.lib.rbac\nallow if rbac.allow",
		"mine.rego", "package siogw.lib.rbac\nallow if input.event == \"mine\"")
	if err != nil {
		t.Fatal(err)
	}
	if v := p.Decide(context.Background(), &engine.Input{Kind: engine.Event, Direction: engine.In, Event: "mine"}); v.Effect != engine.Allow {
		t.Error(v)
	}
}

func TestLibraryMisspelt(t *testing.T) {
	_, err := loadText(t, "package siogw.authz\nimport data.siogw.lib.rabc\nallow if rabc.allow")
	if err == nil || !strings.Contains(err.Error(), `policy.rego:2: the library has no module "rabc"; it has grants, moderation, network, owners, quota, rbac`) {
		t.Error(err)
	}
}

// Every file of the library is embedded.
func TestLibraryIsWhole(t *testing.T) {
	files, err := filepath.Glob("../../policies/lib/*.rego")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if _, err := fs.Stat(policies.Library(), filepath.Base(name)); err != nil && !strings.HasSuffix(name, "_test.rego") {
			t.Error(err)
		}
	}
}

// Policies that use the library can be remembered, but for grants, which depend on the time.
func TestLibraryMemo(t *testing.T) {
	for name, use := range map[string]string{
		"grants":     `allow if "m" in data.siogw.lib.grants.roles`,
		"moderation": `deny contains d if some d in data.siogw.lib.moderation.deny`,
		"network":    `deny contains d if some d in data.siogw.lib.network.deny`,
		"owners":     `allow if data.siogw.lib.owners.owns("a", input.args[0].id)`,
		"quota":      `deny contains d if some d in data.siogw.lib.quota.deny`,
		"rbac":       `allow if data.siogw.lib.rbac.allow`,
		"redaction":  "allow := true\ntransform := data.siogw.lib.redaction.operations",
		"rooms":      `allow if data.siogw.lib.rooms.may_speak`,
		"tenants":    `allow if data.siogw.lib.tenants.allow`,
	} {
		p, err := loadText(t, "package siogw.authz\n"+use)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, m := range p.MemoPlans() {
			if silent := m.Kind == "ack" && m.Direction == "out" && len(m.Key) == 0; !silent && m.Memoized == (name == "grants") {
				t.Errorf("%s: %s %s: %v %v", name, m.Kind, m.Direction, m.Memoized, m.Obstacles)
			}
		}
	}
}
